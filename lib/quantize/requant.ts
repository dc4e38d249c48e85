/**
 * Requantization: turning an int32 accumulator into an int8 output by a fixed-point product. This
 * is the one definition of intnic's rounding; `firmware/kernels/<flavour>/requantize.c` says it
 * again in C.
 *
 *     requantize(a, m, s) = floor(a · m · 2^(s − 31) + 1/2)
 *
 * with 2³⁰ ≤ m < 2³¹ and −31 ≤ s ≤ −2: one rounding, half towards +∞. As s ≤ −2, the sum below the
 * bits kept is never touched before the shift, so that taking the product's top word first,
 * floor(a·m / 2³²), and then rounding by the remaining −s − 1 bits gives exactly the same: on a core
 * with a high multiply (SMMUL, MULH) it is three instructions.
 *
 * @module
 */

/** Largest shift: a step of the output is at least four steps of the accumulator. */
export const MAX_SHIFT = -2;
const MIN_SHIFT = -31;

/** A positive real factor below 1/4 as `multiplier · 2^(shift − 31)`. */
export interface FixedPoint {
  /** 0…2³¹ − 1; at least 2³⁰ unless the factor is below 2⁻³². */
  readonly multiplier: number;
  /** −31…−2. */
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
  // factor = fraction · 2^exponent with 1/2 ≤ fraction < 1.
  let exponent = Math.floor(Math.log2(factor)) + 1;
  if (factor >= 2 ** exponent) exponent++;
  if (factor < 2 ** (exponent - 1)) exponent--;
  let shift = Math.max(MIN_SHIFT, exponent);
  let multiplier = Math.round(factor * 2 ** (31 - shift));
  if (multiplier === 2 ** 31) {
    multiplier = 2 ** 30;
    shift++;
  }
  // Just under 1/4 the rounding may reach it; the largest factor below is near enough.
  return shift > MAX_SHIFT ? { multiplier: 2 ** 31 - 1, shift: MAX_SHIFT } : { multiplier, shift };
}

/**
 * floor(accumulator · multiplier · 2^(shift − 31) + 1/2), exact.
 * @param accumulator int32
 */
export function requantize(accumulator: number, multiplier: number, shift: number): number {
  const bits = -shift - 1;
  return (mulHigh(accumulator, multiplier) + (1 << (bits - 1))) >> bits;
}

/** floor(a·b / 2³²) of two int32 values, in doubles whose every step is exact. */
export function mulHigh(a: number, b: number): number {
  const high = (a >> 16) * b;
  const low = (a & 0xffff) * b;
  // The result fits 32 bits; the operator only turns −0 into 0.
  return Math.floor((high + Math.floor(low / 65536)) / 65536) | 0;
}
