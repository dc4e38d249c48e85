import { foldZeroPoint } from "../codegen/pack.ts";
import type { LinearConstants } from "../types.ts";

/** Smallest and largest sum over all int8 inputs. */
export function reachOf(weights: Int8Array, bias: number): readonly [number, number] {
  let [low, high] = [bias, bias];
  for (const weight of weights) {
    low += Math.min(-128 * weight, 127 * weight);
    high += Math.max(-128 * weight, 127 * weight);
  }
  return [low, high];
}

/** Least and largest sum of every channel over all int8 inputs, the folded bias included. */
export function sumRanges(
  linear: LinearConstants,
  inputZero: number,
): (readonly [number, number])[] {
  const biases = foldZeroPoint(linear, inputZero);
  const taps = linear.weights.length / biases.length;
  return [...biases].map((bias, o) =>
    reachOf(linear.weights.subarray(o * taps, (o + 1) * taps), bias)
  );
}

/** Largest magnitude of a sum of any channel over all int8 inputs, the folded bias included. */
export function largestSum(linear: LinearConstants, inputZero: number): number {
  return sumRanges(linear, inputZero)
    .reduce((largest, [low, high]) => Math.max(largest, -low, high), 0);
}
