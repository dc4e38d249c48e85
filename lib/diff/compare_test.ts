import assert from "node:assert/strict";
import { loadKernels } from "../build/kernels.ts";
import { loadModel } from "../import/load.ts";
import { importModel } from "../import/mod.ts";
import { quantizeForSize } from "../inspect/figures.ts";
import { loadTarget } from "../targets.ts";
import { compareLayers } from "./compare.ts";

const graph = quantizeForSize(importModel(await loadModel("convnet")));
const inputs = [1, 2].map((seed) =>
  Int8Array.from({ length: 784 }, (_, i) => (i * 73 * seed + seed) % 251 - 125)
);

async function compare(name: string, fault?: (source: string) => string) {
  const target = await loadTarget(name);
  const kernels = new Map(await loadKernels(target));
  if (fault !== undefined) kernels.set("max_pool", fault(kernels.get("max_pool")!));
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
    const layers = await compare(target, fault);
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
