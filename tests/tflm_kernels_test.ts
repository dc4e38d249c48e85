import assert from "node:assert/strict";
import { quantize } from "../lib/quantize/quantize.ts";
import { referenceRunner } from "../lib/run/reference.ts";
import { type KernelCase, kernelGraph, numbers } from "./tflm_kernels.ts";
import vectors from "./vectors/tflm_kernels.json" with { type: "json" };

for (const op of new Set(vectors.cases.map(({ op }) => op))) {
  Deno.test(`${op} gives the bytes of TensorFlow Lite Micro's reference kernel`, () => {
    for (const one of vectors.cases as unknown as KernelCase[]) {
      if (one.op !== op) continue;
      const run = referenceRunner(quantize(kernelGraph(one), []));
      assert.deepEqual(
        [...run(Int8Array.from(numbers(one.x)))],
        numbers(one.y),
        JSON.stringify(one.attributes),
      );
    }
  });
}
