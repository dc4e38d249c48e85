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
import type { Encoding, LinearConstants, QuantizedNode, Rounding } from "../types.ts";

/** Bits of the factor that are multiplied first. */
const LOW_BITS = 12;
/** `most` stays below 2^this, so that its product with those bits fits 32. */
const MOST_BITS = 20;
/** A code stays in the top byte, so that it may be anything modulo 256. */
const MAX_SHIFT = 24;
/** Factors that are tried about the nearest one. */
const TRIES = 64;

/** One channel of a `struct intnic_steps`, `firmware/kernels/lanes/steps.c`. */
export interface Steps {
  readonly bias: number;
  readonly most: number;
  readonly shift: number;
  readonly factor: number;
  /** The lowest code included, modulo 2³². */
  readonly offset: number;
}

/** A layer's constants, or why there are none. */
export function stepsOf(
  linear: LinearConstants,
  inputZero: number,
  { clamp: [low, high] }: Pick<QuantizedNode, "clamp">,
  output: Encoding,
  rounding: Rounding,
): Steps[] | string {
  const { requantize } = roundingRule(rounding);
  const biases = foldZeroPoint(linear, inputZero);
  const taps = linear.weights.length / biases.length;
  const all: Steps[] = [];
  if (linear.bound.some((bound) => bound > 2 ** 29)) return "its sums leave no room for a base";
  for (let o = 0; o < biases.length; o++) {
    const [multiplier, shift] = [linear.multiplier[o]!, linear.shift[o]!];
    const code = (sum: number) =>
      Math.min(high, Math.max(low, requantize(sum, multiplier, shift) + output.zeroPoint));
    const reach = reachOf(linear.weights.subarray(o * taps, (o + 1) * taps), biases[o]!);
    const changes = changesOf(code, reach, multiplier * 2 ** (shift - 31));
    const steps = fit(changes, multiplier * 2 ** (shift - 31));
    if (steps === undefined) return `channel ${o} needs a longer factor`;
    const { base, lowest, ...rest } = steps;
    all.push({
      ...rest,
      bias: biases[o]! - base,
      offset: (rest.offset + (lowest & 255) * 2 ** rest.shift) % 2 ** 32,
    });
  }
  return all;
}

/** Smallest and largest sum over all int8 inputs. */
export function reachOf(weights: Int8Array, bias: number): readonly [number, number] {
  let [low, high] = [bias, bias];
  for (const weight of weights) {
    low += Math.min(-128 * weight, 127 * weight);
    high += Math.max(-128 * weight, 127 * weight);
  }
  return [low, high];
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

function fit({ lowest, sums }: Changes, slope: number) {
  if (sums.length === 0) {
    return { lowest, base: 0, most: 0, shift: MAX_SHIFT, factor: 0, offset: 0 };
  }
  const base = sums[0]! - 1;
  const most = sums.at(-1)! - base;
  if (most >= 2 ** MOST_BITS) return undefined;
  let shift = MAX_SHIFT;
  while (slope * 2 ** (shift + LOW_BITS) >= 2 ** 32 - TRIES) shift--;
  if (shift < 1) return undefined;
  const unit = 2 ** LOW_BITS;
  const step = 2 ** (shift + LOW_BITS);
  const nearest = Math.round(slope * step);
  for (let n = 0; n <= TRIES; n++) {
    const factor = nearest + (n % 2 === 0 ? n / 2 : -(n + 1) / 2);
    if (factor < 0) continue;
    let [from, to] = [0, 2 ** 32];
    sums.forEach((sum, j) => {
      const u = sum - base;
      from = Math.max(from, Math.ceil(((j + 1) * step - u * factor) / unit));
      to = Math.min(to, Math.floor(((j + 1) * step - 1 - (u - 1) * factor) / unit));
    });
    if (from <= to) {
      return { lowest, base, most, shift, factor, offset: Math.floor((from + to) / 2) };
    }
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
