/**
 * Which calibrator keeps most of the float network: for each shipped model, the integer reference
 * against the float graph on training images that were not calibrated on. The test set has no part
 * in it, so that a choice made here does not flatter the accuracy reported there.
 *
 *     deno run -A bench/calibrators.ts
 */
import Table from "cli-table3";
import { allInputs, loadSamples, type QuantizationOptions } from "../lib/commands/prepare.ts";
import { loadModel } from "../lib/import/load.ts";
import { importModel } from "../lib/import/mod.ts";
import { measureQuality } from "../lib/quantize/quality.ts";
import { quantize } from "../lib/quantize/quantize.ts";
import type { LabelledSamples } from "../lib/run/evaluate.ts";
import { evaluate } from "../lib/run/evaluate.ts";
import { argmax } from "../lib/run/evaluate.ts";
import type { CalibratorName } from "../lib/types.ts";

const CALIBRATION = 1000;
const JUDGED = 20_000;

const options: QuantizationOptions = {
  data: "mnist",
  calibration: "max",
  percentile: 99.99,
  calibrationSamples: CALIBRATION,
  inputMean: 0,
  inputStd: 1,
};

const table = new Table({
  head: [
    "model",
    "calibrator",
    "float errors",
    "integer errors",
    "changed decisions",
    "output SNR",
  ],
  colAligns: ["left", "left", "right", "right", "right", "right"],
  style: { head: [], border: [], compact: true },
});

for (const name of ["mlp", "convnet"]) {
  const graph = importModel(await loadModel(name));
  const all = await loadSamples(graph, options, "train", 60_000);
  const part = (first: number, count: number): LabelledSamples => ({
    ...all,
    count,
    labels: all.labels!.subarray(first, first + count),
    input: (index) => all.input(first + index),
  });
  const judged = part(60_000 - JUDGED, JUDGED);
  for (const calibrator of ["max", "percentile", "mse", "entropy"] satisfies CalibratorName[]) {
    const quantized = quantize(graph, allInputs(part(0, CALIBRATION)), { calibrator });
    const evaluation = evaluate(graph, quantized, judged);
    const classes = quantized.tensors.get(quantized.output)!.shape[0]!;
    let wrong = 0;
    for (let i = 0; i < JUDGED; i++) {
      const output = evaluation.expected.subarray(i * classes, (i + 1) * classes);
      if (argmax(output) !== judged.labels![i]) wrong++;
    }
    const quality = measureQuality(graph, quantized, allInputs(judged, 1000));
    table.push([
      name,
      calibrator,
      String(Math.round((1 - evaluation.floatAccuracy!) * JUDGED)),
      String(wrong),
      String(evaluation.changed),
      `${quality.at(-1)!.snr.toFixed(1)} dB`,
    ]);
  }
}
console.log(table.toString());
