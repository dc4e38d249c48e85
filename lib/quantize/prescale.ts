import type { Rounding } from "../types.ts";
import { type FixedPoint, toFixedPoint, toFixedPointTflite } from "./requant.ts";

/** A fixed-point factor for accumulators that are multiplied by 2^k before they are requantized. */
export interface PrescaledFactor extends FixedPoint {
  /** 2^k, a power of two of 1…2²⁸; always 1 by the rule `tflite`. */
  readonly prescale: number;
}

/** What a code can be away from another one; a factor this large saturates every accumulator but 0. */
const SATURATES = 256;

/**
 * Requantization of accumulators smaller than those of layers with weights, whose factor may be 1/4
 * or more: they are shifted up as far as int32 allows, and the factor down, so that `single` rounds
 * them once and loses nothing. Where the factor is too large even so but saturates every accumulator
 * other than 0, one that does the same is taken in its place.
 *
 * @param bound largest magnitude of the accumulator, at least 1
 * @returns nothing if int32 does not hold what comes out
 */
export function prescaledFactor(
  factor: number,
  bound: number,
  rounding: Rounding,
): PrescaledFactor | undefined {
  // The zero point, which is added after a shift to the left, stays inside as well.
  const places = Math.floor(Math.log2((2 ** 31 - 1 - SATURATES) / bound));
  if (places < 0) return undefined;
  if (rounding === "single") {
    const prescale = 2 ** Math.min(places, 28);
    const largest = prescale / 4 * (1 - 2 ** -32);
    if (factor >= largest && prescale / 4 < SATURATES) return undefined;
    return { prescale, ...toFixedPoint(Math.min(factor, largest) / prescale) };
  }
  const fixed = toFixedPointTflite(Math.min(factor, 2 ** 29));
  if (fixed.shift <= places) return { prescale: 1, ...fixed };
  if (2 ** (places - 1) < SATURATES) return undefined;
  return { prescale: 1, multiplier: 2 ** 31 - 1, shift: places };
}
