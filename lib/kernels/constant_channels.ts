import { roundingRule } from "../quantize/requant.ts";
import { sumRanges } from "./sums.ts";
import type { Encoding, LinearConstants, QuantizedNode, Rounding } from "../types.ts";

/** A shift by which 8 times a number, multiplied by 2³⁰, gives that number by either rule. */
const SHIFT = -2;

/**
 * The same layer with channels that give one code whatever the input without weights, and with small
 * sums. Trained networks have such channels; their scales are tiny, and their biases so large that
 * they would keep a layer from kernels that have to prove that sums fit.
 */
export function withoutConstantChannels(
  { clamp: [least, most] }: Pick<QuantizedNode, "clamp">,
  linear: LinearConstants,
  input: Encoding,
  output: Encoding,
  rounding: Rounding,
): LinearConstants {
  const { requantize } = roundingRule(rounding);
  const same = {
    ...linear,
    weights: linear.weights.slice(),
    bias: linear.bias.slice(),
    multiplier: linear.multiplier.slice(),
    shift: linear.shift.slice(),
    bound: linear.bound.slice(),
  };
  const taps = linear.weights.length / linear.bias.length;
  sumRanges(linear, input.zeroPoint).forEach((sums, o) => {
    const [first, last] = sums.map((sum) => {
      const value = requantize(sum, linear.multiplier[o]!, linear.shift[o]!);
      return Math.min(most, Math.max(least, value + output.zeroPoint)) - output.zeroPoint;
    }) as [number, number];
    if (first !== last) return;
    same.weights.fill(0, o * taps, (o + 1) * taps);
    same.bias[o] = 8 * first;
    same.bound[o] = Math.abs(8 * first);
    same.multiplier[o] = 2 ** 30;
    same.shift[o] = SHIFT;
  });
  return same;
}
