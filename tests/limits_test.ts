import assert from "node:assert/strict";
import { loadKernels } from "../lib/build/kernels.ts";
import { generateC } from "../lib/codegen/c.ts";
import { loadModel } from "../lib/import/load.ts";
import { importModel } from "../lib/import/mod.ts";
import { quantize } from "../lib/quantize/quantize.ts";
import { loadTarget } from "../lib/targets.ts";
import type { CProgram, Optimize } from "../lib/types.ts";
import { randomInputs } from "./random_graph.ts";

const graph = importModel(await loadModel("convnet"));
const quantized = quantize(graph, randomInputs(graph, 1, 1), { calibrator: "max" });
const kernels = await loadKernels(await loadTarget("cortex-m4"));
const roomy = { flash: 1 << 20, ram: 1 << 20 };
const ample = generateC(quantized, kernels, { optimize: "speed" });

function weights(flash: number): number {
  const limits = { ...roomy, flash };
  const { layers } = generateC(quantized, kernels, { optimize: "speed", limits });
  return layers.reduce((sum, { weightBytes }) => sum + weightBytes, 0);
}

Deno.test("with room enough, limits change nothing", () => {
  const limited = generateC(quantized, kernels, { optimize: "speed", limits: roomy });
  assert.equal(limited.files.get("model.c"), ample.files.get("model.c"));
});

Deno.test("what does not fit the flash is degraded, and the layer says why", () => {
  const conv2 = ({ layers }: CProgram) => layers.find(({ name }) => name === "conv2")!;
  assert.equal(conv2(ample).kernel, "winograd");
  const limits = { ...roomy, flash: 24 * 1024 };
  const degraded = conv2(generateC(quantized, kernels, { optimize: "speed", limits }));
  assert.notEqual(degraded.kernel, "winograd");
  assert.match(degraded.why, /; instead of winograd: \d+ KB too much flash/);
  const sizes = [64, 32, 24, 20, 16, 12].map((kilobytes) => weights(kilobytes * 1024));
  sizes.slice(1).forEach((size, i) => assert.ok(size <= sizes[i]!, String(sizes)));
});

Deno.test("what does not fit the RAM is degraded, then computed in strips", () => {
  const free = ample.arena.bytes;
  const limits = { ...roomy, ram: 6 * 1024 };
  const { arena } = generateC(quantized, kernels, { optimize: "speed", limits });
  assert.ok(arena.bytes < free && arena.bytes < 5 * 1024, String(arena.bytes));
});

Deno.test("at the level ram the ConvNet's arena is smaller than at balanced, on any core", async () => {
  for (const target of ["cortex-m4", "cortex-m0plus", "rv32imc", "nic-dpa"]) {
    const kernels = await loadKernels(await loadTarget(target));
    const bytes = (optimize: Optimize) => generateC(quantized, kernels, { optimize }).arena.bytes;
    assert.ok(bytes("ram") < bytes("balanced"), target);
  }
});
