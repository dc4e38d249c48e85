import assert from "node:assert/strict";
import { build } from "../lib/build/build.ts";
import { loadKernels } from "../lib/build/kernels.ts";
import { generateC } from "../lib/codegen/c.ts";
import { quantize } from "../lib/quantize/quantize.ts";
import { runEmulated } from "../lib/run/emulated.ts";
import { runOnHost } from "../lib/run/host.ts";
import { referenceRunner } from "../lib/run/reference.ts";
import { loadTarget } from "../lib/targets.ts";
import { randomInputs } from "./random_graph.ts";
import { windowGraph } from "./window_graph.ts";

const SAMPLES = 6;

for (const name of ["host", "cortex-m0plus", "cortex-m4", "rv32imc", "nic-dpa"]) {
  Deno.test(`windows and reductions one after the other mean the same on ${name}`, async () => {
    const target = await loadTarget(name);
    for (const rounding of ["single", "tflite"] as const) {
      const graph = windowGraph(rounding);
      const quantized = quantize(graph, randomInputs(graph, SAMPLES, 1), { calibrator: "max" });
      const program = generateC(quantized, await loadKernels(target));
      const run = referenceRunner(quantized);
      const inputs = new Int8Array(SAMPLES * program.inputBytes);
      inputs.forEach((_, i) => inputs[i] = (i * i * 7 + i * 31) % 256 - 128);
      const expected = new Int8Array(SAMPLES * program.outputBytes);
      for (let i = 0; i < SAMPLES; i++) {
        const sample = inputs.slice(i * program.inputBytes, (i + 1) * program.inputBytes);
        expected.set(run(sample), i * program.outputBytes);
      }
      const directory = await Deno.makeTempDir();
      const binary = await build(program, target, { directory });
      const result = target.runner === "ffi"
        ? runOnHost(binary, program, inputs)
        : await runEmulated(binary, program, inputs, { jobs: 1 });
      await Deno.remove(directory, { recursive: true });
      assert.deepEqual(result.outputs, expected);
      assert.equal(result.cycles?.min, result.cycles?.max);
    }
  });
}
