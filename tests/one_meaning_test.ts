import assert from "node:assert/strict";
import { build } from "../lib/build/build.ts";
import { loadKernels } from "../lib/build/kernels.ts";
import { generateC } from "../lib/codegen/c.ts";
import { loadSamples, prepare } from "../lib/commands/prepare.ts";
import { deployTo } from "../lib/deploy.ts";
import { quantize } from "../lib/quantize/quantize.ts";
import { quantizeValues } from "../lib/quantize/range.ts";
import { runEmulated } from "../lib/run/emulated.ts";
import { evaluate } from "../lib/run/evaluate.ts";
import { runOnHost } from "../lib/run/host.ts";
import { referenceRunner } from "../lib/run/reference.ts";
import { listTargets, loadTarget } from "../lib/targets.ts";
import type { CalibratorName, Target } from "../lib/types.ts";
import { randomGraph, randomInputs } from "./random_graph.ts";

const calibrators: CalibratorName[] = ["max", "entropy", "percentile", "mse"];

for (const name of ["mlp", "convnet"]) {
  Deno.test(`${name}: reference = host = every core, byte for byte, in constant time`, async () => {
    const options = {
      data: "mnist",
      calibration: "entropy",
      percentile: 99.99,
      calibrationSamples: 200,
      inputMean: 0,
      inputStd: 1,
    } as const;
    const { model, graph, quantized } = await prepare(name, options);
    const samples = await loadSamples(graph, options, "test", 24);
    const evaluation = evaluate(graph, quantized, samples);
    for (const target of await listTargets()) {
      const directory = await Deno.makeTempDir();
      const record = await deployTo(target, model, quantized, evaluation, { directory });
      await Deno.remove(directory, { recursive: true });
      assert.equal(record.mismatches, 0, target.name);
      assert.equal(record.samples, 24);
      if (target.runner === "ffi") continue;
      const { instructions, cycles, layers } = record;
      assert.equal(instructions!.min, instructions!.max, `${target.name} is not constant-time`);
      assert.equal(cycles!.min, cycles!.max, `${target.name} is not constant-time`);
      const inLayers = layers.reduce((sum, layer) => sum + layer.cycles!, 0);
      assert.ok(inLayers <= cycles!.mean && inLayers > 0.99 * cycles!.mean, target.name);
    }
  });
}

/** Outputs of the built program, one sample after the other. */
async function outputsOf(target: Target, seed: number) {
  const graph = randomGraph(seed);
  const inputs = randomInputs(graph, 12, seed);
  const quantized = quantize(graph, inputs.slice(0, 6), { calibrator: calibrators[seed % 4]! });
  const program = generateC(quantized, await loadKernels(target));
  const tensor = quantized.tensors.get(quantized.input)!;
  const reference = referenceRunner(quantized);
  const codes = new Int8Array(inputs.length * program.inputBytes);
  const expected = new Int8Array(inputs.length * program.outputBytes);
  inputs.forEach((input, i) => {
    codes.set(quantizeValues(input, tensor), i * program.inputBytes);
    expected.set(reference(quantizeValues(input, tensor)), i * program.outputBytes);
  });
  const directory = await Deno.makeTempDir();
  const binary = await build(program, target, { directory });
  const result = target.runner === "ffi"
    ? runOnHost(binary, program, codes)
    : await runEmulated(binary, program, codes, { jobs: 1 });
  await Deno.remove(directory, { recursive: true });
  return { result, expected, program, ram: binary.ram };
}

for (
  const [name, count] of [["host", 40], ["cortex-m4", 24], ["cortex-m0plus", 24], [
    "rv32imc",
    24,
  ]] as const
) {
  Deno.test(`random networks mean the same on ${name}, and take constant time`, async () => {
    const target = await loadTarget(name);
    for (let seed = 1; seed <= count; seed++) {
      const { result, expected } = await outputsOf(target, seed);
      assert.deepEqual(result.outputs, expected, `seed ${seed}`);
      assert.equal(result.cycles?.min, result.cycles?.max, `seed ${seed}`);
    }
  });
}

for (const name of ["cortex-m4", "rv32imc"]) {
  Deno.test(`a program runs on ${name} in exactly the RAM that its record says`, async () => {
    const target = await loadTarget(name);
    for (const seed of [2, 3]) {
      const { program, ram } = await outputsOf(target, seed);
      // The stack's top is aligned down to 16 bytes, as the link script does.
      const size = Math.ceil(ram.total / 16) * 16;
      const memory = { ...target.memory!, ram: { ...target.memory!.ram, size } };
      const { result, expected } = await outputsOf({ ...target, memory }, seed);
      assert.deepEqual(result.outputs, expected, program.name);
    }
  });
}

/** What generated C may include: `arm_acle.h` has the intrinsics of cores with DSP instructions. */
const allowed = new Set(["<stdint.h>", '"model.h"', "<arm_acle.h>"]);

Deno.test("generated C names no float type and no library function", async () => {
  const kernels = await loadKernels(await loadTarget("cortex-m4"));
  for (let seed = 1; seed <= 20; seed++) {
    const graph = randomGraph(seed);
    const quantized = quantize(graph, randomInputs(graph, 2, seed));
    for (const text of generateC(quantized, kernels).files.values()) {
      const code = text.replace(/\/\*[\s\S]*?\*\//g, "");
      assert.doesNotMatch(code, /\b(float|double|malloc|free|memcpy|memset|printf)\b/);
      assert.doesNotMatch(code, /\d\.\d|\d[eE][+-]?\d+\b/);
      assert.match(code, /^#include (<stdint.h>|"model.h")$/m);
      const headers = [...code.matchAll(/#include (.*)/g)].map(([, header]) => header!);
      assert.ok(headers.every((header) => allowed.has(header)), `${headers}`);
    }
  }
});
