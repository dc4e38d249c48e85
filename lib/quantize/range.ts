import type { Encoding, QuantizedTensor, Shape } from "../types.ts";
import type { Histogram } from "./histogram.ts";

/** Closed interval of real values, with zero inside. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

/** What was seen, clipped to magnitudes up to `threshold`. */
export function clippedRange(histogram: Histogram, threshold: number): Range {
  return {
    low: Math.max(histogram.min, -threshold),
    high: Math.min(histogram.max, threshold),
  };
}

/**
 * The int8 scale and zero point that cover a range in 255 steps, zero exactly representable.
 *
 * @param coarsest the scale is at least this, for ranges so narrow that their steps would be finer
 * than the accumulator's
 */
export function tensorFor(shape: Shape, { low, high }: Range, coarsest = 0): QuantizedTensor {
  const scale = Math.max((high - low) / 255, coarsest);
  if (scale === 0) return { shape, scale: 1, zeroPoint: 0 };
  const zeroPoint = Math.round(-128 - low / scale);
  return { shape, scale, zeroPoint: Math.min(127, Math.max(-128, zeroPoint)) };
}

/** int8 codes of real values, rounded to nearest (ties up) and saturated. */
export function quantizeValues(values: Float32Array, tensor: Encoding): Int8Array {
  const codes = new Int8Array(values.length);
  const { scale, zeroPoint } = tensor;
  for (let i = 0; i < values.length; i++) {
    codes[i] = Math.min(127, Math.max(-128, Math.round(values[i]! / scale) + zeroPoint));
  }
  return codes;
}
