import { type QuantizedContext, quantizedLinear } from "../ops/op.ts";
import type { LinearConstants, QuantizedNode } from "../types.ts";
import type { Scale } from "./scale.ts";

/** Largest magnitude of an int32. */
const MAX = 2 ** 31 - 1;

/** How sums become codes. */
export interface Codes {
  /** Of all channels, or 0 if each has its own. */
  readonly shift: number;
  /** For each channel what its weights and its bias are multiplied by. */
  readonly factors: readonly number[];
  /** For each channel its bias, multiplied; and the words by which its code is made. */
  readonly biases: readonly number[];
  readonly words: readonly (readonly number[])[];
}

/** Every channel's own. */
export function ownShifts(scales: readonly Scale[]): Codes {
  return {
    shift: 0,
    factors: scales.map(() => 1),
    biases: scales.map(({ bias }) => bias),
    words: scales.map(({ multiplier, addend, right }) => [multiplier, addend, right]),
  };
}

/**
 * One shift for all channels: that of a channel with a smaller one is made up for by larger weights.
 * By the rule single this changes no bit: the top word of a product is rounded down, and so is what
 * is shifted out of it. Both roundings of the rule tflite are one, too, where no code below the zero
 * point comes out: floor(floor(v + 1/2) / 2^r + 1/2) = floor((v + 1/2 + 2^(r-1)) / 2^r).
 */
export function commonShift(
  node: QuantizedNode,
  { output, rounding }: QuantizedContext,
  scales: readonly Scale[],
): Codes {
  const own = ownShifts(scales);
  const { weights, bound } = quantizedLinear(node);
  const tflite = rounding === "tflite";
  if (tflite && output.zeroPoint !== -128 && node.clamp[0] < output.zeroPoint) return own;
  // By the rule tflite products are doubled, and as much again is needed for the first half.
  const more = tflite ? 1 : 0;
  const shift = Math.max(...scales.map(({ right }) => right)) + more;
  const taps = weights.length / scales.length;
  const factors: number[] = [];
  const words: number[][] = [];
  for (const [o, { multiplier, right }] of scales.entries()) {
    const doublings = multiplier === 0 ? 0 : shift - right + more;
    const factor = 2 ** doublings;
    const addend = (2 * output.zeroPoint + 1) * 2 ** (shift - 1) +
      (tflite && multiplier !== 0 ? 2 ** (doublings - 2) : 0);
    const fits = weights.subarray(o * taps, (o + 1) * taps).every((weight) =>
      -32768 <= weight * factor && weight * factor <= 32767
    );
    if (!fits || bound[o]! * factor > MAX) return own;
    if (shift > 31 || Math.abs(addend) + bound[o]! * factor / 2 + 1 > MAX) return own;
    factors.push(factor);
    words.push([multiplier, addend]);
  }
  return { shift, factors, words, biases: scales.map(({ bias }, o) => bias * factors[o]! | 0) };
}

/**
 * Whether the weights of two channels can be joined to 256·w1 + w0, of 16 bits, and their sums to
 * 256·s1 + s0.
 */
export function canJoin({ weights, bound }: LinearConstants, scales: readonly Scale[]): boolean {
  return weights.every((weight) => weight > -128) &&
    scales.every((_, o) => o % 2 === 0 || 256 * bound[o]! + bound[o - 1]! <= MAX);
}
