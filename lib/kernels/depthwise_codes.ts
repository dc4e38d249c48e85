/**
 * Codes of depthwise layers in three instructions a sum, on cores with SMMUL (`depthwise_lines.c`):
 *
 *     code = floor((256 · sum + offset) · multiplier / 2⁴⁰), saturated
 *
 * where the offset, which holds the zero point and what rounds, is part of the accumulator's start.
 * The numbers are looked for such that every one of the sums at which the code changes is the same as
 * by the rounding rule, whichever that is.
 *
 * @module
 */
import { formatList } from "../codegen/literals.ts";
import { foldZeroPoint } from "../codegen/pack.ts";
import { roundingRule } from "../quantize/requant.ts";
import type { Encoding, LinearConstants, QuantizedNode, Rounding } from "../types.ts";
import { changesOf } from "./steps.ts";
import { reachOf } from "./sums.ts";

/** Nine products of int8, 256 times what they are, and an accumulator's start within int32. */
const MAX_START = 2 ** 31 - 1 - 9 * 2 ** 22;
/** Multipliers that are tried about the nearest one. */
const TRIES = 4096;

/** One channel of a `struct intnic_depthwise_scale`. */
export interface DepthwiseCode {
  readonly bias: number;
  readonly multiplier: number;
  /** True if the code is always the same: the channel is to have no weights then. */
  readonly constant: boolean;
}

/** Results by constants; layers in strips ask again and again. */
const known = new WeakMap<LinearConstants, Map<string, DepthwiseCode[] | string>>();

/** A layer's constants, or why there are none. */
export function depthwiseCodes(
  linear: LinearConstants,
  inputZero: number,
  { clamp }: Pick<QuantizedNode, "clamp">,
  output: Encoding,
  rounding: Rounding,
): DepthwiseCode[] | string {
  const key = [inputZero, output.zeroPoint, rounding, ...clamp].join();
  const results = known.get(linear) ?? new Map<string, DepthwiseCode[] | string>();
  known.set(linear, results);
  const result = results.get(key) ?? find(linear, inputZero, clamp, output, rounding);
  results.set(key, result);
  return result;
}

function find(
  linear: LinearConstants,
  inputZero: number,
  [low, high]: QuantizedNode["clamp"],
  output: Encoding,
  rounding: Rounding,
): DepthwiseCode[] | string {
  const { requantize } = roundingRule(rounding);
  const biases = foldZeroPoint(linear, inputZero);
  const taps = linear.weights.length / biases.length;
  const codes: DepthwiseCode[] = [];
  for (let o = 0; o < biases.length; o++) {
    const [multiplier, shift] = [linear.multiplier[o]!, linear.shift[o]!];
    const code = (sum: number) =>
      Math.min(high, Math.max(low, requantize(sum, multiplier, shift) + output.zeroPoint));
    const reach = reachOf(linear.weights.subarray(o * taps, (o + 1) * taps), biases[o]!);
    const slope = multiplier * 2 ** (shift - 31);
    const { lowest, sums } = changesOf(code, reach, slope);
    if (sums.length === 0) {
      codes.push({ bias: 2 ** 10 * lowest + 2 ** 9, multiplier: 2 ** 30, constant: true });
      continue;
    }
    const points: Point[] = sums.map((least, j) => ({
      code: lowest + 1 + j,
      least,
      below: least - 1,
    }));
    // What lies outside the range is limited later, or saturates.
    if (lowest > Math.max(-128, low)) points.push({ code: lowest, least: reach[0] });
    const beyond = lowest + sums.length + 1;
    if (beyond <= Math.min(127, high)) points.push({ code: beyond, below: reach[1] });
    const fit = fitOf(points, slope);
    if (fit === undefined) return `channel ${o} has no numbers that give its codes at once`;
    const bias = 256 * biases[o]! + fit.offset;
    if (Math.abs(bias) > MAX_START) return `the start of channel ${o} does not fit int32`;
    codes.push({ bias, multiplier: fit.multiplier, constant: false });
  }
  return codes;
}

/** A code, a sum that is to reach it, and one that is not. */
interface Point {
  readonly code: number;
  readonly least?: number;
  readonly below?: number;
}

/** A multiplier and an offset right for all points. */
function fitOf(points: readonly Point[], slope: number) {
  const nearest = Math.round(slope * 2 ** 32);
  for (let n = 0; n <= TRIES; n++) {
    const multiplier = nearest + (n % 2 === 0 ? n / 2 : -(n + 1) / 2);
    if (multiplier <= 0 || multiplier >= 2 ** 31) continue;
    let [from, to] = [-Infinity, Infinity];
    for (let i = 0; i < points.length && from <= to; i++) {
      const { least, below, code } = points[i]!;
      const offset = reached(code, multiplier);
      if (least !== undefined) from = Math.max(from, offset - 256 * least);
      if (below !== undefined) to = Math.min(to, offset - 1 - 256 * below);
    }
    if (from <= to) return { multiplier, offset: Math.floor((from + to) / 2) };
  }
  return undefined;
}

/** The least number whose product with the multiplier reaches 2⁴⁰ times the code. */
function reached(code: number, multiplier: number): number {
  const product = code * 2 ** 40;
  let number = Math.ceil(product / multiplier);
  // The quotient is rounded; the products are compared exactly.
  const least = BigInt(product);
  const factor = BigInt(multiplier);
  while (BigInt(number) * factor < least) number++;
  while (BigInt(number - 1) * factor >= least) number--;
  return number;
}

/** Definition of `model_scales_<name>`. */
export function defineDepthwiseCodes(name: string, codes: readonly DepthwiseCode[]): string {
  const rows = codes.map(({ bias, multiplier }) => `{ ${bias}, ${multiplier} }`);
  return `static const struct intnic_depthwise_scale model_scales_${name}[${rows.length}] = {\n` +
    `${formatList(rows)}\n};\n`;
}
