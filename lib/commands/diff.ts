/**
 * `intnic diff`: which layer's bytes differ on a target, and which layers stray from float.
 *
 * @module
 */
import Table from "cli-table3";
import { join } from "node:path";
import { loadKernels } from "../build/kernels.ts";
import { findCompiler } from "../build/toolchain.ts";
import { loadInputs } from "../data/inputs.ts";
import { compareLayers, type LayerDifference } from "../diff/compare.ts";
import { diagnose, type LayerDiagnosis } from "../diff/diagnose.ts";
import { UserError } from "../errors.ts";
import { quantizeValues } from "../quantize/range.ts";
import { formatCount } from "../record/format.ts";
import { loadTargets } from "../targets.ts";
import { makeOutput } from "./output.ts";
import { loadSamples, prepare, type QuantizationOptions } from "./prepare.ts";

/** What `diff` takes from the command line. */
export interface DiffOptions extends QuantizationOptions {
  /** Comma-separated names or paths. */
  readonly target: string;
  /** Samples of the user's own, instead of the data set's test set. */
  readonly inputs?: string;
  /** Samples to run; the first 16, or all, unless told. */
  readonly samples?: number;
  /** Print one JSON object and nothing else. */
  readonly json?: boolean;
}

/** Samples run unless told how many: every byte of every layer is compared. */
const USUAL_SAMPLES = 16;

/**
 * Compares every layer's bytes on each target with the reference's, and the reference with float.
 *
 * @throws {UserError} for bad input of any kind, and, after the report, if any byte differs
 */
export async function diff(name: string, options: DiffOptions): Promise<void> {
  const targets = await loadTargets(options.target);
  for (const target of targets) await findCompiler(target);
  const { model, graph, quantized } = await prepare(name, options);
  const found = options.inputs === undefined
    ? await loadSamples(graph, options, "test", options.samples ?? USUAL_SAMPLES)
    : await loadInputs(options.inputs, graph, options.samples);
  const count = options.samples ?? Math.min(found.count, USUAL_SAMPLES);
  const tensor = quantized.tensors.get(quantized.input)!;
  const samples = Array.from({ length: count }, (_, i) => {
    const real = found.input(i);
    return { real, codes: found.codes?.(i) ?? quantizeValues(real, tensor) };
  });
  const inputs = samples.map(({ codes }) => codes);
  using output = await makeOutput();
  const bytes: { readonly target: string; readonly layers: readonly LayerDifference[] }[] = [];
  for (const target of targets) {
    const directory = join(output.path, target.name);
    await Deno.mkdir(directory, { recursive: true });
    const kernels = await loadKernels(target);
    const layers = await compareLayers(quantized, target, inputs, { kernels, directory });
    bytes.push({ target: target.name, layers });
  }
  const quality = diagnose(graph, quantized, samples)
    .toSorted((a, b) => a.snr - b.snr || a.name.localeCompare(b.name));
  if (options.json) {
    const shown = { name: model.name, samples: count, targets: bytes, layers: quality };
    console.log(JSON.stringify(shown, finite, 2));
  } else {
    for (const { target, layers } of bytes) console.log(bytesLine(target, layers, count));
    console.log(`\nInteger against float, over ${count} samples, worst first:`);
    console.log(qualityTable(quality));
    console.log(
      `"Own SNR" compares with float on the inputs the integer layer had: what it adds itself.`,
    );
    for (const note of quantized.notes) console.log(note);
  }
  const differing = bytes.flatMap(({ target, layers }) => {
    const first = layers.find((layer) => layer.bytes > 0);
    return first === undefined ? [] : [`${first.name} on ${target}`];
  });
  if (differing.length > 0) {
    throw new UserError(
      `Bytes differ from the reference; first in layer ${differing.join(", in layer ")}.`,
    );
  }
}

/** JSON has no infinity; a layer without noise has no ratio. */
function finite(_key: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isFinite(value) ? null : value;
}

/** Whether a target gave the reference's bytes, and where it first did not. */
function bytesLine(target: string, layers: readonly LayerDifference[], samples: number): string {
  const found = layers.filter(({ bytes }) => bytes > 0);
  const [layer] = found;
  if (layer === undefined) {
    return `${target}: all ${layers.length} layers gave the reference's bytes for all ${samples} ` +
      `samples.`;
  }
  const { sample, index, expected, actual } = layer.first!;
  const after = found.length === 1
    ? "No layer after it differs."
    : `${found.length - 1} layers after it differ too.`;
  return `${target}: the first layer whose bytes differ from the reference is ${layer.name} ` +
    `(${layer.op}, kernel ${layer.kernel}): ${layer.samples} of ${samples} samples, ` +
    `${formatCount(layer.bytes)} of ${formatCount(layer.of)} bytes; in sample ${sample}, byte ` +
    `${index} is ${actual} instead of ${expected}. ${after}`;
}

function qualityTable(layers: readonly LayerDiagnosis[]): string {
  const table = new Table({
    head: ["layer", "op", "SNR", "own SNR", "saturated", "likely cause"],
    colAligns: ["left", "left", "right", "right", "right", "left"],
    style: { head: [], border: [], compact: true },
  });
  for (const { name, op, snr, ownSnr, saturation, cause, detail } of layers) {
    table.push([
      name,
      op,
      decibels(snr),
      decibels(ownSnr),
      `${(100 * saturation).toFixed(3)} %`,
      cause === "none" ? "–" : `${cause}: ${detail}`,
    ]);
  }
  return table.toString();
}

function decibels(ratio: number): string {
  return ratio === Infinity ? "exact" : `${ratio.toFixed(1)} dB`;
}
