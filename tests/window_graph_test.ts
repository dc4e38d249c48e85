import { loadKernels } from "../lib/build/kernels.ts";
import { generateC } from "../lib/codegen/c.ts";
import { quantize } from "../lib/quantize/quantize.ts";
import { loadTarget } from "../lib/targets.ts";
import { randomInputs } from "./random_graph.ts";
import { sameAsReference } from "./same_as_reference.ts";
import { windowGraph } from "./window_graph.ts";

const SAMPLES = 6;

for (const name of ["host", "cortex-m0plus", "cortex-m4", "rv32imc", "nic-dpa"]) {
  Deno.test(`windows and reductions one after the other mean the same on ${name}`, async () => {
    const target = await loadTarget(name);
    for (const rounding of ["single", "tflite"] as const) {
      const graph = windowGraph(rounding);
      const quantized = quantize(graph, randomInputs(graph, SAMPLES, 1), { calibrator: "max" });
      const program = generateC(quantized, await loadKernels(target));
      await sameAsReference(quantized, program, target, { samples: SAMPLES, what: rounding });
    }
  });
}
