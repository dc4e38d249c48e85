/**
 * Requantization without a high multiply, for cores that have none: a sum is limited to where its code
 * changes at all, then scaled by one number of up to 32 bits in two products,
 *
 *     code = floor((u · factor + offset · 2¹²) / 2^(shift + 12)),  u = sum − base, 0 ≤ u ≤ most,
 *
 * where base is part of the accumulator's start. The numbers are looked for such that every one of the
 * sums at which the code changes is the same as by the rounding rule, whichever that is.
 *
 * @module
 */
import { formatList } from "../codegen/literals.ts";
import { foldZeroPoint } from "../codegen/pack.ts";
import { roundingRule } from "../quantize/requant.ts";
import { reachOf } from "./sums.ts";
import type { Encoding, LinearConstants, QuantizedNode, Rounding } from "../types.ts";

/** Bits of the factor that are multiplied first. */
const LOW_BITS = 12;
/** `most` stays below 2^this, so that its product with those bits fits 32. */
export const MOST_BITS = 20;
/** A code stays in the top byte, so that it may be anything modulo 256. */
const MAX_SHIFT = 24;
/** Factors that are tried about the nearest one. */
export const TRIES = 64;

/** One channel of a `struct intnic_steps`, `firmware/kernels/lanes/steps.c`. */
export interface Steps {
  readonly bias: number;
  readonly most: number;
  readonly shift: number;
  readonly factor: number;
  /** The lowest code included, modulo 2³². */
  readonly offset: number;
}

/** Numbers of one channel, for sums less `base` and limited to 0 … `most`, that give its codes. */
export interface Fit {
  readonly shift: number;
  readonly factor: number;
  /** Added before the shift, lowest code not included. */
  readonly offset: number;
}

/** A channel's steps: how far up they begin in its sums, and how they were fitted. */
export interface FittedSteps<F extends Fit> {
  readonly fit: F;
  readonly bias: number;
  readonly base: number;
  readonly most: number;
  readonly lowest: number;
}

/** A layer's constants, or why there are none. */
export function stepsOf(
  linear: LinearConstants,
  inputZero: number,
  node: Pick<QuantizedNode, "clamp">,
  output: Encoding,
  rounding: Rounding,
): Steps[] | string {
  const all = fitSteps(linear, inputZero, node, output, rounding, fit);
  if (typeof all === "string") return all;
  return all.map(({ fit, bias, base, most, lowest }) => ({
    ...fit,
    most,
    bias: bias - base,
    offset: (fit.offset + (lowest & 255) * 2 ** fit.shift) % 2 ** 32,
  }));
}

/**
 * The sums at which each channel's code changes, and the numbers found for them.
 *
 * @param find numbers for sums above the base, in rising order, at which the code grows by one each,
 * `slope` of them to a code
 */
export function fitSteps<F extends Fit>(
  linear: LinearConstants,
  inputZero: number,
  { clamp: [low, high] }: Pick<QuantizedNode, "clamp">,
  output: Encoding,
  rounding: Rounding,
  find: (above: readonly number[], slope: number) => F | undefined,
): FittedSteps<F>[] | string {
  const { requantize } = roundingRule(rounding);
  const biases = foldZeroPoint(linear, inputZero);
  const taps = linear.weights.length / biases.length;
  const all: FittedSteps<F>[] = [];
  if (linear.bound.some((bound) => bound > 2 ** 29)) return "its sums leave no room for a base";
  for (let o = 0; o < biases.length; o++) {
    const [multiplier, shift] = [linear.multiplier[o]!, linear.shift[o]!];
    const code = (sum: number) =>
      Math.min(high, Math.max(low, requantize(sum, multiplier, shift) + output.zeroPoint));
    const slope = multiplier * 2 ** (shift - 31);
    const reach = reachOf(linear.weights.subarray(o * taps, (o + 1) * taps), biases[o]!);
    const { lowest, sums } = changesOf(code, reach, slope);
    const base = sums.length === 0 ? 0 : sums[0]! - 1;
    const most = sums.length === 0 ? 0 : sums.at(-1)! - base;
    const fit = most < 2 ** MOST_BITS ? find(sums.map((sum) => sum - base), slope) : undefined;
    if (fit === undefined) return `channel ${o} needs a longer factor`;
    all.push({ fit, bias: biases[o]!, base, most, lowest });
  }
  return all;
}

/** The lowest code, and for each code above it the smallest sum that gives it. */
export interface Changes {
  readonly lowest: number;
  readonly sums: readonly number[];
}

export function changesOf(
  code: (sum: number) => number,
  [least, most]: readonly [number, number],
  slope: number,
): Changes {
  const lowest = code(least);
  const highest = code(most);
  const sums: number[] = [];
  for (let wanted = lowest + 1; wanted <= highest; wanted++) {
    const before = sums.at(-1);
    if (before === undefined) {
      sums.push(firstOf(least, most, (sum) => code(sum) >= wanted));
      continue;
    }
    // From a guess to the first sum whose code is no less.
    let guess = Math.min(most, before + Math.round(1 / slope));
    while (guess > before && code(guess - 1) >= wanted) guess--;
    while (code(guess) < wanted) guess++;
    sums.push(guess);
  }
  return { lowest, sums };
}

/** The first number above `from` for which something is true that stays true up to `to`. */
function firstOf(from: number, to: number, holds: (value: number) => boolean): number {
  while (to - from > 1) {
    const middle = Math.floor((from + to) / 2);
    if (holds(middle)) to = middle;
    else from = middle;
  }
  return to;
}

function fit(above: readonly number[], slope: number): Fit | undefined {
  if (above.length === 0) return { shift: MAX_SHIFT, factor: 0, offset: 0 };
  let shift = MAX_SHIFT;
  while (slope * 2 ** (shift + LOW_BITS) >= 2 ** 32 - TRIES) shift--;
  if (shift < 1) return undefined;
  return fitFactor(above, slope * 2 ** (shift + LOW_BITS), LOW_BITS, shift);
}

/**
 * A factor about the wanted one, and an offset, such that (⌊u · factor / 2^low⌋ + offset) / 2^shift
 * rounded down is n from the nth sum on.
 */
export function fitFactor(
  above: readonly number[],
  wanted: number,
  low: number,
  shift: number,
): Fit | undefined {
  const step = 2 ** shift;
  for (let n = 0; n <= TRIES; n++) {
    const factor = Math.round(wanted) + (n % 2 === 0 ? n / 2 : -(n + 1) / 2);
    if (factor < 0) continue;
    const scaled = (u: number) => Math.floor(u * factor / 2 ** low);
    let [from, to] = [0, 2 ** 32];
    above.forEach((u, j) => {
      from = Math.max(from, (j + 1) * step - scaled(u));
      to = Math.min(to, (j + 1) * step - 1 - scaled(u - 1));
    });
    // Sums are limited to the last of them, where the next code must not have begun.
    to = Math.min(to, (above.length + 1) * step - 1 - scaled(above.at(-1)!));
    if (from <= to) return { shift, factor, offset: Math.floor((from + to) / 2) };
  }
  return undefined;
}

/** Definition of `model_scales_<name>`, filled up to a multiple of some number of channels. */
export function defineSteps(name: string, steps: readonly Steps[], multiple = 1): string {
  const rows = steps.map(({ bias, most, shift, factor, offset }) =>
    `{ ${bias}, ${most + shift * 2 ** 24}u, ${factor}u, ${offset}u }`
  );
  while (rows.length % multiple !== 0) rows.push("{ 0, 0, 0, 0 }");
  return `static const struct intnic_steps model_scales_${name}[${rows.length}] = {\n` +
    `${formatList(rows)}\n};\n`;
}
