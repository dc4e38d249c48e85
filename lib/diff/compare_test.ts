import assert from "node:assert/strict";
import { loadKernels } from "../build/kernels.ts";
import { loadModel } from "../import/load.ts";
import { importModel } from "../import/mod.ts";
import { quantizeForSize } from "../inspect/figures.ts";
import { elements } from "../ops/op.ts";
import { loadTarget } from "../targets.ts";
import type { QuantizedGraph } from "../types.ts";
import { verify } from "../graph/verify.ts";
import { compareLayers } from "./compare.ts";

const convnet = quantizeForSize(importModel(await loadModel("convnet")));
async function compare(
  name: string,
  { graph = convnet, fault }: {
    readonly graph?: QuantizedGraph;
    readonly fault?: (source: string) => string;
  } = {},
) {
  const target = await loadTarget(name);
  const kernels = new Map(await loadKernels(target));
  if (fault !== undefined) kernels.set("max_pool", fault(kernels.get("max_pool")!));
  const size = elements(graph.tensors.get(graph.input)!.shape);
  const inputs = Array.from(
    { length: graph === convnet ? 2 : 7 },
    (_, n) => Int8Array.from({ length: size }, (_, i) => (i * 73 * (n + 1) + n) % 251 - 125),
  );
  const directory = await Deno.makeTempDir();
  try {
    return await compareLayers(graph, target, inputs, { kernels, directory });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("every layer's bytes on a target are those of the reference", async () => {
  for (const target of ["host", "cortex-m4", "rv32imc"]) {
    const layers = await compare(target);
    assert.deepEqual(layers.map(({ op }) => op), [
      "conv2d",
      "max_pool",
      "conv2d",
      "max_pool",
      "dense",
    ]);
    assert.deepEqual(layers.map(({ bytes }) => bytes), [0, 0, 0, 0, 0]);
    assert.deepEqual(layers.map(({ of }) => of), [10816, 2704, 1936, 400, 10].map((n) => 2 * n));
  }
});

Deno.test("the first layer with a fault is named, with the byte where it shows", async () => {
  const line = "intnic_max4(&window, first, y);";
  const fault = (source: string) => {
    assert.ok(source.includes(line));
    return source.replace(line, `${line}\n y[3] = (int8_t)(y[3] ^ 1);`);
  };
  for (const target of ["host", "cortex-m4"]) {
    const layers = await compare(target, { fault });
    const first = layers.find(({ bytes }) => bytes > 0)!;
    assert.equal(first.name, "pool1");
    assert.equal(first.samples, 2);
    // Every fourth channel of every pixel.
    assert.equal(first.bytes, first.of / 4);
    assert.equal(first.first!.sample, 0);
    assert.equal(first.first!.index, 3);
    assert.equal(first.first!.actual ^ 1, first.first!.expected);
  }
});

Deno.test("state goes on from sample to sample on a core as it does in the reference", async () => {
  const hidden = 4;
  const values = (...shape: number[]) => ({
    shape,
    data: Float32Array.from({ length: elements(shape) }, (_, i) => Math.sin(5 * i)),
  });
  const node = {
    name: "memory",
    op: "lstm",
    inputs: ["x"],
    output: "y",
    attributes: { hidden, returnSequences: true, reverse: false, stateful: true },
    parameters: new Map([
      ["kernel", values(4 * hidden, 3)],
      ["recurrent", values(4 * hidden, hidden)],
      ["bias", values(4 * hidden)],
    ]),
    activation: "none" as const,
  };
  const step = verify({ name: "step", nodes: [node], input: "x", output: "y", notes: [] }, [1, 3]);
  for (const target of ["host", "cortex-m4"]) {
    const [layer] = await compare(target, { graph: quantizeForSize(step) });
    assert.equal(layer!.bytes, 0, target);
    assert.equal(layer!.of, 7 * hidden);
  }
});
