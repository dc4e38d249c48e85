/**
 * Requantization: turning an int32 accumulator into an int8 output by a fixed-point product. This
 * is the one definition of intnic's two rounding rules; `requantize.c` and `requantize_tflite.c`
 * under `firmware/kernels/<flavour>/` say them again in C.
 *
 * The rule `single`:
 *
 *     requantize(a, m, s) = floor(a · m · 2^(s − 31) + 1/2)
 *
 * with 2³⁰ ≤ m < 2³¹ and −31 ≤ s ≤ −2: one rounding, half towards +∞. As s ≤ −2, the sum below the
 * bits kept is never touched before the shift, so that taking the product's top word first,
 * floor(a·m / 2³²), and then rounding by the remaining −s − 1 bits gives exactly the same: on a core
 * with a high multiply (SMMUL, MULH) it is three instructions.
 *
 * The rule `tflite` is that of TensorFlow Lite's reference kernels (and of gemmlowp before them): the
 * accumulator is shifted left if s > 0, multiplied and rounded to 2^−31 half towards +∞, then shifted
 * right if s < 0 and rounded half away from zero. Two roundings, so bytes differ from `single` now
 * and then; it is there for models whose bytes are to be those of TensorFlow Lite.
 *
 * @module
 */
import type { Rounding } from "../types.ts";

/** Largest shift: a step of the output is at least four steps of the accumulator. */
export const MAX_SHIFT = -2;
const MIN_SHIFT = -31;

/** A positive real factor as `multiplier · 2^(shift − 31)`. */
export interface FixedPoint {
  /** 0…2³¹ − 1; at least 2³⁰ unless the factor is below 2⁻³². */
  readonly multiplier: number;
  /** −31…−2 by the rule `single`, −31…30 by `tflite`. */
  readonly shift: number;
}

/**
 * The fixed-point number nearest to `factor`, which must lie in [0, 1/4).
 * @throws {RangeError} otherwise: callers choose scales so that it holds
 */
export function toFixedPoint(factor: number): FixedPoint {
  if (!(factor >= 0 && factor < 0.25)) {
    throw new RangeError(`Cannot requantize by ${factor}: the factor must lie in [0, 0.25).`);
  }
  if (factor === 0) return { multiplier: 0, shift: MIN_SHIFT };
  let shift = Math.max(MIN_SHIFT, exponentOf(factor));
  let multiplier = Math.round(factor * 2 ** (31 - shift));
  if (multiplier === 2 ** 31) {
    multiplier = 2 ** 30;
    shift++;
  }
  // Just under 1/4 the rounding may reach it; the largest factor below is near enough.
  return shift > MAX_SHIFT ? { multiplier: 2 ** 31 - 1, shift: MAX_SHIFT } : { multiplier, shift };
}

/** The e in factor = fraction · 2^e with 1/2 ≤ fraction < 1. */
function exponentOf(factor: number): number {
  const exponent = Math.floor(Math.log2(factor)) + 1;
  if (factor >= 2 ** exponent) return exponent + 1;
  return factor < 2 ** (exponent - 1) ? exponent - 1 : exponent;
}

/**
 * floor(accumulator · multiplier · 2^(shift − 31) + 1/2), exact.
 * @param accumulator int32
 */
export function requantize(accumulator: number, multiplier: number, shift: number): number {
  const bits = -shift - 1;
  return (mulHigh(accumulator, multiplier) + (1 << (bits - 1))) >> bits;
}

/**
 * The fixed-point number that TensorFlow Lite's `QuantizeMultiplier` finds for a factor ≥ 0.
 * @throws {RangeError} if the factor is 2³⁰ or more
 */
export function toFixedPointTflite(factor: number): FixedPoint {
  if (!(factor >= 0 && factor < 2 ** 30)) {
    throw new RangeError(`Cannot requantize by ${factor}: the factor must lie in [0, 2^30).`);
  }
  if (factor === 0) return { multiplier: 0, shift: 0 };
  let shift = exponentOf(factor);
  // fraction · 2³¹ is exact before it is rounded.
  let multiplier = Math.round(factor * 2 ** -shift * 2 ** 31);
  if (multiplier === 2 ** 31) {
    multiplier = 2 ** 30;
    shift++;
  }
  return shift < -31 ? { multiplier: 0, shift: 0 } : { multiplier, shift };
}

/** round-away(round-up(accumulator · 2^max(s, 0) · multiplier / 2³¹) / 2^max(−s, 0)). */
export function requantizeTflite(accumulator: number, multiplier: number, shift: number): number {
  const scaled = shift > 0 ? accumulator << shift : accumulator;
  return divideByPowerOfTwo(doublingHigh(scaled, multiplier), Math.max(0, -shift));
}

/** floor(a·b / 2³¹ + 1/2) of two int32 values, exact; wraps where both are −2³¹. */
export function doublingHigh(a: number, b: number): number {
  const low = Math.imul(a, b) >>> 0;
  return ((mulHigh(a, b) << 1) + ((low >>> 30) + 1 >>> 1)) | 0;
}

/** value / 2^exponent of an int32 value, rounded to nearest, half away from zero. */
export function divideByPowerOfTwo(value: number, exponent: number): number {
  const mask = 2 ** exponent - 1;
  const threshold = (mask >>> 1) + (value < 0 ? 1 : 0);
  return (value >> exponent) + ((value & mask) > threshold ? 1 : 0);
}

/** One of the two rules. */
export interface RoundingRule {
  toFixedPoint(factor: number): FixedPoint;
  requantize(accumulator: number, multiplier: number, shift: number): number;
}

const rules: Readonly<Record<Rounding, RoundingRule>> = {
  single: { toFixedPoint, requantize },
  tflite: { toFixedPoint: toFixedPointTflite, requantize: requantizeTflite },
};

/** The functions of a rounding rule. */
export function roundingRule(rounding: Rounding): RoundingRule {
  return rules[rounding];
}

/** floor(a·b / 2³²) of two int32 values, in doubles whose every step is exact. */
export function mulHigh(a: number, b: number): number {
  const high = (a >> 16) * b;
  const low = (a & 0xffff) * b;
  // The result fits 32 bits; the operator only turns −0 into 0.
  return Math.floor((high + Math.floor(low / 65536)) / 65536) | 0;
}

/** Real factors as whole numbers over a common power of two. */
export interface WholeFactors {
  /** Nearest to factor · 2^shift. */
  readonly factors: readonly number[];
  /** 0…30. */
  readonly shift: number;
}

/**
 * Whole numbers that stand for real factors as closely as an int32 sum of products allows, for ops
 * that multiply small integers by few factors and shift once: no high multiply is needed, and the
 * result is rounded once.
 *
 * @param reach bound on the magnitude of the sum and all its parts, in units of the result
 * @param terms bound on the sum of the magnitudes that the factors are multiplied by, each of which
 * carries the half by which a factor may be rounded
 * @returns nothing if even whole factors would leave int32
 */
export function wholeFactors(
  real: readonly number[],
  reach: number,
  terms: number,
): WholeFactors | undefined {
  const room = 2 ** 31 - 1 - terms;
  let shift = 30;
  while (shift >= 0 && reach * 2 ** shift > room) shift--;
  if (shift < 0) return undefined;
  // Adding 0 makes 0 of −0.
  return { factors: real.map((factor) => Math.round(factor * 2 ** shift) + 0), shift };
}
