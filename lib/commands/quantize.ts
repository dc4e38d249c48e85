/**
 * `intnic quantize`: the integer network, and how well it follows the float one.
 *
 * @module
 */
import Table from "cli-table3";
import { join } from "node:path";
import { type LayerQuality, measureQuality } from "../quantize/quality.ts";
import { serialize } from "../quantize/serialize.ts";
import { UNKNOWN } from "../record/format.ts";
import { largest } from "../quantize/linear.ts";
import type { LabelledSamples } from "../run/evaluate.ts";
import type { QuantizedGraph } from "../types.ts";
import { makeOutput } from "./output.ts";
import { allInputs, prepare, type QuantizationOptions } from "./prepare.ts";

/** What `quantize` takes from the command line. */
export interface QuantizeCommandOptions extends QuantizationOptions {
  /** Folder for `quantized.json`. */
  readonly out?: string;
  /** Print the report as JSON and nothing else. */
  readonly json?: boolean;
}

/** Calibration samples that the comparison with float runs over. */
const QUALITY_SAMPLES = 200;

/**
 * Quantizes a model and prints, for every layer, its range, scale, saturation and signal-to-noise
 * ratio against float, measured on the samples it was calibrated on. A model that came quantized has
 * such figures only if there are --calibration-inputs.
 *
 * @throws {UserError} for bad input of any kind; nothing is then written
 */
export async function quantize(name: string, options: QuantizeCommandOptions): Promise<void> {
  const { graph, quantized, calibration } = await prepare(name, options);
  const samples = calibration === null ? [] : allInputs(calibration, QUALITY_SAMPLES);
  const quality = measureQuality(graph, quantized, samples);
  if (options.out !== undefined) {
    using output = await makeOutput(options.out);
    await Deno.writeTextFile(join(output.path, "quantized.json"), serialize(quantized));
    await output.keep();
  }
  if (options.json) {
    const { calibration, rounding } = quantized;
    console.log(
      JSON.stringify({ name: quantized.name, rounding, calibration, layers: quality }, null, 2),
    );
    return;
  }
  console.log(qualityTable(quality));
  console.log(rangesLine(quantized, calibration));
  console.log(boundLine(quantized));
  for (const note of quantized.notes) console.log(note);
  if (options.out !== undefined) console.log(`Saved to ${join(options.out, "quantized.json")}.`);
}

function qualityTable(layers: readonly LayerQuality[]): string {
  const table = new Table({
    head: ["layer", "op", "range", "scale", "zero point", "saturated", "SNR"],
    colAligns: ["left", "left", "right", "right", "right", "right", "right"],
    style: { head: [], border: [], compact: true },
  });
  for (const { name, op, low, high, scale, zeroPoint, saturation, snr } of layers) {
    table.push([
      name,
      op,
      `${low.toPrecision(4)} … ${high.toPrecision(4)}`,
      scale.toPrecision(5),
      String(zeroPoint),
      Number.isNaN(saturation) ? UNKNOWN : `${(100 * saturation).toFixed(3)} %`,
      Number.isNaN(saturation) ? UNKNOWN : `${snr.toFixed(1)} dB`,
    ]);
  }
  return table.toString();
}

function rangesLine(
  { calibration: { calibrator, percentile, samples } }: QuantizedGraph,
  calibration: LabelledSamples | null,
): string {
  const looked = Math.min(calibration?.count ?? 0, QUALITY_SAMPLES);
  if (samples === 0) {
    return `Ranges as the model brought them; saturation and SNR over ${looked} samples.`;
  }
  const by = calibrator === "percentile" ? `${calibrator} ${percentile}` : calibrator;
  return `Ranges by ${by} over ${samples} training samples; saturation and SNR over ${looked} of ` +
    `them.`;
}

/** How close the accumulators come to overflowing. */
function boundLine({ nodes }: QuantizedGraph): string {
  const bounds = nodes.flatMap(({ name, linear }) =>
    linear === undefined ? [] : [{ name, bound: largest(linear.bound) }]
  );
  if (bounds.length === 0) return "No layer accumulates anything.";
  const widest = bounds.reduce((a, b) => b.bound > a.bound ? b : a);
  return `No accumulator exceeds ${widest.bound} (layer ${widest.name}); int32 holds ${
    2 ** 31 - 1
  }.`;
}
