import assert from "node:assert/strict";
import { randomGraph, randomInputs } from "../../tests/random_graph.ts";
import { opOf } from "../ops/mod.ts";
import { elements } from "../ops/op.ts";
import { quantize } from "../quantize/quantize.ts";
import type { QuantizedNode } from "../types.ts";
import { planArena } from "./arena.ts";

Deno.test("no two slots that are alive at once share a byte", () => {
  for (let seed = 1; seed <= 200; seed++) {
    const graph = randomGraph(seed);
    const quantized = quantize(graph, randomInputs(graph, 1, seed));
    const scratch = new Map(
      graph.nodes.map(({ name }, i) => [name, { scratch: (i * 37 + seed) % 50, state: i % 3 }]),
    );
    const { slots, bytes } = planArena(quantized, scratch);
    for (const a of slots) {
      assert.ok(a.offset % 4 === 0 && a.offset + a.bytes <= bytes);
      for (const b of slots) {
        if (a === b || a.to < b.from || b.to < a.from) continue;
        const apart = a.offset + a.bytes <= b.offset || b.offset + b.bytes <= a.offset;
        assert.ok(apart, `seed ${seed}: ${a.name} and ${b.name} overlap`);
      }
    }
  }
});

Deno.test("every tensor read has a place large enough, alive while it is read", () => {
  for (let seed = 1; seed <= 200; seed++) {
    const graph = randomGraph(seed);
    const quantized = quantize(graph, randomInputs(graph, 1, seed));
    const { slots, places } = planArena(quantized, new Map());
    quantized.nodes.forEach((node, step) => {
      for (const tensor of [...node.inputs, node.output]) {
        const place = places.get(tensor)!;
        if (typeof place === "string") continue;
        const size = elements(quantized.tensors.get(tensor)!.shape);
        const home = slots.some((slot) =>
          slot.offset === place.offset && slot.bytes >= size && slot.from <= step && step <= slot.to
        );
        assert.ok(home, `seed ${seed}: ${tensor} has no slot at step ${step}`);
      }
    });
    assert.equal(places.get(quantized.input), "input");
    const computed = quantized.nodes.some(({ op }) => opOf(op).emit !== undefined);
    if (computed) assert.equal(places.get(quantized.output), "output");
  }
});

Deno.test("a tensor may be called like another layer's scratch", () => {
  const chain = ["p", "c", "c.scratch", "z"];
  const nodes = chain.map((name, i): QuantizedNode => ({
    name,
    op: "conv2d",
    inputs: [i === 0 ? "input" : chain[i - 1]!],
    output: name,
    attributes: {},
    macs: 0,
    activation: "none",
    clamp: [-128, 127],
  }));
  const tensor = (size: number) => ({ shape: [size], scale: 1, zeroPoint: 0 });
  const tensors = new Map([["input", tensor(10)], ...chain.map((n) => [n, tensor(500)] as const)]);
  const { places, scratch, slots, bytes } = planArena(
    {
      name: "clash",
      nodes,
      tensors,
      constants: new Map(),
      input: "input",
      output: "z",
      rounding: "single",
      calibration: { calibrator: "max", percentile: 100, samples: 1 },
      notes: [],
    },
    new Map([["c", { scratch: 30, state: 0 }]]),
  );
  const place = places.get("c.scratch") as { offset: number };
  assert.ok(place.offset + 500 <= bytes);
  assert.notEqual(place.offset, scratch.get("c"));
  assert.equal(slots.filter(({ name }) => name === "c.scratch").length, 2);
});
