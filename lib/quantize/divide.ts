/**
 * Division of sums of int8 codes by how many there are, in the way of TensorFlow Lite's reference
 * kernels: to nearest, half away from zero. `firmware/kernels/generic/divide.c` says it in C,
 * without a division instruction, whose time would depend on the values.
 *
 * @module
 */

/** Largest divisor for which {@linkcode Divisor} is exact. */
export const MAX_COUNT = 2 ** 21;

/** A divisor n as a multiplication: 1/n ≈ multiplier / 2^(30 + shift). */
export interface Divisor {
  /** n, 1…2²¹. */
  readonly count: number;
  /** floor(n / 2). */
  readonly half: number;
  /** ceil(2^(30 + shift) / n), above 2²⁹ and at most 2³⁰. */
  readonly multiplier: number;
  /** floor(log₂ n). */
  readonly shift: number;
}

/**
 * The constants to divide by `count`. They are exact for dividends u = |sum| + half ≤ 128.5 n: with
 * e = multiplier · n − 2^(30 + shift) < n, floor(u · multiplier / 2^(30 + shift)) is floor(u / n) if
 * u · e < 2^(30 + shift) (T. Granlund and P. Montgomery, "Division by Invariant Integers using
 * Multiplication", 1994). As 2^shift > n / 2, it is enough that 128.5 n² ≤ 2²⁹ n, so n < 2²²; and
 * 4u stays below 2³¹ for the same n.
 *
 * @throws {RangeError} if the count is not a whole number of 1…2²¹
 */
export function divisorOf(count: number): Divisor {
  if (!Number.isInteger(count) || count < 1 || count > MAX_COUNT) {
    throw new RangeError(`Cannot divide by ${count}: it must be a whole number of 1…${MAX_COUNT}.`);
  }
  const shift = 31 - Math.clz32(count);
  return {
    count,
    half: count >> 1,
    multiplier: Math.ceil(2 ** (30 + shift) / count),
    shift,
  };
}

/** sum / count to nearest, half away from zero. */
export function divideRounded(sum: number, count: number): number {
  const magnitude = Math.floor((Math.abs(sum) + (count >> 1)) / count);
  return sum < 0 ? -magnitude : magnitude;
}
