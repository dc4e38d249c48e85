import { floatRunner } from "../graph/float.ts";
import { opOf } from "../ops/mod.ts";
import { elements } from "../ops/op.ts";
import { referenceRunner } from "../run/reference.ts";
import type { Encoding, Graph, QuantizedGraph, QuantizedNode } from "../types.ts";

/** What makes a layer's integers stray from its floats. */
export type Cause =
  | "none"
  | "saturation"
  | "narrow range"
  | "outlier channel"
  | "accumulated"
  | "rounding";

/** How well one layer's integers follow its floats, and why not better. */
export interface LayerDiagnosis {
  readonly name: string;
  readonly op: string;
  /** Signal-to-noise ratio in decibels, 10·log₁₀(Σ float² / Σ (integer − float)²); may be ∞. */
  readonly snr: number;
  /** The same against float on the very inputs that the integer layer had: what it adds itself. */
  readonly ownSnr: number;
  /** Fraction of the float values that lie outside the range by more than half a step, 0…1. */
  readonly saturation: number;
  /** Codes, of 256, between the smallest and largest float value. */
  readonly codes: number;
  readonly cause: Cause;
  /** The cause in figures: a phrase. */
  readonly detail: string;
}

/** Sums over all samples of one layer's output. */
interface Sums {
  signal: number;
  noise: number;
  /** Noise that the layer alone adds. */
  own: number;
  /** Noise that clipping makes. */
  clipped: number;
  outside: number;
  count: number;
  min: number;
  max: number;
  /** Largest magnitude of each channel, the last dimension. */
  readonly peaks: Float64Array;
}

/** A ratio in decibels beyond what single precision tells from none at all. */
const EXACT = 130;
/** Below this many codes of 256, a range counts as narrow. */
const NARROW_CODES = 64;
/** A channel this many times larger than the median one makes the others coarse. */
const OUTLIER = 8;

/**
 * Compares the integer reference with the float graph layer by layer, on the same samples, and says
 * what is the most likely cause of each layer's noise:
 *
 * - `accumulated`: most of it comes with the layer's inputs. Found by running the float layer once
 *   more, on the inputs that the integer layer had;
 * - `saturation`: most of what the layer adds is clipping at the ends of its range;
 * - `outlier channel`: one channel, of the output or of weights that share one scale, is so much
 *   larger than the median one that the others get few codes;
 * - `narrow range`: the values use few of the range's codes;
 * - `rounding`: none of these, so it is that of 8 bits.
 *
 * @returns one entry for each layer that has code, in the order in which they run
 */
export function diagnose(
  graph: Graph,
  quantized: QuantizedGraph,
  samples: Iterable<{ readonly real: Float32Array; readonly codes: Int8Array }>,
): LayerDiagnosis[] {
  const floats = new Map<string, Float32Array>();
  const integers = new Map<string, Int8Array>();
  const runFloat = floatRunner(graph, (tensor, values) => floats.set(tensor, values));
  const runInteger = referenceRunner(quantized, (tensor, codes) => integers.set(tensor, codes));
  const layers = quantized.nodes.filter(({ op }) => opOf(op).emit !== undefined)
    .map((node) => observer(node, quantized, graph));
  for (const { real, codes } of samples) {
    runFloat(real);
    runInteger(codes);
    for (const { observe } of layers) observe(floats, integers);
  }
  return layers.map(({ node, sums }) => conclude(node, sums, quantized));
}

/** Adds one sample after the other to a layer's sums. */
function observer(node: QuantizedNode, quantized: QuantizedGraph, graph: Graph) {
  const tensors = node.inputs.map((name) => quantized.tensors.get(name)!);
  const { scale, zeroPoint, shape } = quantized.tensors.get(node.output)!;
  const low = scale * (-128 - zeroPoint);
  const high = scale * (127 - zeroPoint);
  const channels = shape.at(-1)!;
  const float = graph.nodes.find(({ output }) => output === node.output)!;
  const shapes = { inputs: tensors.map((tensor) => tensor.shape), output: shape };
  const alone = opOf(node.op).float(float, shapes);
  const output = new Float32Array(elements(shape));
  const sums: Sums = {
    ...{ signal: 0, noise: 0, own: 0, clipped: 0, outside: 0, count: 0 },
    min: Infinity,
    max: -Infinity,
    peaks: new Float64Array(channels),
  };
  const square = (x: number) => x * x;
  const observe = (
    floats: ReadonlyMap<string, Float32Array>,
    integers: ReadonlyMap<string, Int8Array>,
  ) => {
    const inputs = node.inputs.map((name, i) => {
      const codes = quantized.constants.get(name) ?? integers.get(name)!;
      return realOf(codes, tensors[i]!);
    });
    alone(inputs, output);
    const codes = integers.get(node.output)!;
    floats.get(node.output)!.forEach((value, i) => {
      sums.signal += square(value);
      const integer = scale * (codes[i]! - zeroPoint);
      const wanted = output[i]!;
      sums.noise += square(integer - value);
      sums.own += square(integer - wanted);
      sums.clipped += square(Math.min(high, Math.max(low, wanted)) - wanted);
      if (value < low - scale / 2 || value > high + scale / 2) sums.outside++;
      sums.min = Math.min(sums.min, value);
      sums.max = Math.max(sums.max, value);
      sums.peaks[i % channels] = Math.max(sums.peaks[i % channels]!, Math.abs(value));
    });
    sums.count += codes.length;
  };
  return { node, sums, observe };
}

function conclude(node: QuantizedNode, sums: Sums, graph: QuantizedGraph): LayerDiagnosis {
  const { scale } = graph.tensors.get(node.output)!;
  const decibels = (noise: number) => {
    const ratio = 10 * Math.log10(sums.signal / noise);
    return noise === 0 || ratio > EXACT ? Infinity : ratio;
  };
  const codes = Math.min(256, Math.max(1, Math.round((sums.max - sums.min) / scale) + 1));
  const saturation = sums.count === 0 ? 0 : sums.outside / sums.count;
  const [cause, detail] = causeOf(node, sums, codes, saturation);
  const { name, op } = node;
  const snr = decibels(sums.noise);
  return { name, op, snr, ownSnr: decibels(sums.own), saturation, codes, cause, detail };
}

function causeOf(
  node: QuantizedNode,
  { noise, own, clipped, peaks }: Sums,
  codes: number,
  saturation: number,
): readonly [Cause, string] {
  if (noise === 0) return ["none", "exact"];
  if (own < noise / 2) {
    return ["accumulated", `the layer itself adds ${percent(own / noise)} of the noise`];
  }
  if (clipped > own / 2) {
    return ["saturation", `${percent(saturation)} of the values are clipped`];
  }
  const channel = outlier(peaks);
  if (channel !== undefined) {
    return [
      "outlier channel",
      `channel ${channel.index} reaches ${channel.ratio.toFixed(1)} times the median channel`,
    ];
  }
  const weights = weightOutlier(node);
  if (weights !== undefined) {
    return [
      "outlier channel",
      `weights of channel ${weights.index} reach ${weights.ratio.toFixed(1)} times those of the ` +
      `median channel, and share one scale`,
    ];
  }
  if (codes < NARROW_CODES) return ["narrow range", `the values use ${codes} of 256 codes`];
  return ["rounding", `${codes} codes in use`];
}

/** The channel that is by far larger than the median one, if there is such. */
function outlier(peaks: Float64Array): { index: number; ratio: number } | undefined {
  if (peaks.length < 2) return undefined;
  const index = peaks.indexOf(peaks.reduce((most, peak) => Math.max(most, peak), 0));
  const median = peaks.toSorted()[peaks.length >> 1]!;
  const ratio = peaks[index]! / median;
  return median > 0 && ratio >= OUTLIER ? { index, ratio } : undefined;
}

/** The same for weights, where all channels have one scale; for others it does no harm. */
function weightOutlier({ linear }: QuantizedNode): { index: number; ratio: number } | undefined {
  if (linear === undefined) return undefined;
  const { weights, weightScales } = linear;
  if (weightScales.some((scale) => scale !== weightScales[0])) return undefined;
  const taps = weights.length / weightScales.length;
  const peaks = new Float64Array(weightScales.length);
  weights.forEach((weight, i) => {
    const channel = Math.floor(i / taps);
    peaks[channel] = Math.max(peaks[channel]!, Math.abs(weight));
  });
  return outlier(peaks);
}

/** The real values that codes stand for. */
function realOf(codes: Int8Array, { scale, zeroPoint }: Encoding): Float32Array {
  return Float32Array.from(codes, (code) => scale * (code - zeroPoint));
}

function percent(fraction: number): string {
  return fraction < 0.001 ? "less than 0.1 %" : `${(100 * fraction).toFixed(1)} %`;
}
