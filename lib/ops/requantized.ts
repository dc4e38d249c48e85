import { requantizeTflite, toFixedPointTflite } from "../quantize/requant.ts";
import type { QuantizedContext } from "./op.ts";

/** input scale · slope / output scale, in the single precision of TensorFlow Lite's kernels. */
export function factorTflite({ inputs: [input], output }: QuantizedContext, slope: number): number {
  return Math.fround(Math.fround(input!.scale * Math.fround(slope)) / Math.fround(output.scale));
}

/** x times a factor ≥ 0 as an output code, by `productTflite`. */
export function scaledTflite(
  { output }: QuantizedContext,
  factor: number,
): (x: number) => number {
  const product = productTflite(factor);
  return (x) => product(x) + output.zeroPoint;
}

/**
 * x times a factor ≥ 0 by TensorFlow Lite's fixed-point product. Factors too large for it saturate,
 * as every other than zero would.
 */
export function productTflite(factor: number): (x: number) => number {
  // Beyond this, x · 2^shift may leave int32, and the codes saturate long before.
  if (factor >= 2 ** 20) return (x) => x === 0 ? 0 : x * Infinity;
  const { multiplier, shift } = toFixedPointTflite(factor);
  return (x) => requantizeTflite(x, multiplier, shift);
}
