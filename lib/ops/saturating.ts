import { requantizeTflite, toFixedPointTflite } from "../quantize/requant.ts";

/** Integer bits of the arguments: beyond ±15 the functions count as saturated. */
const INTEGER_BITS = 4;

/**
 * A function that saturates on both sides, over codes with their zero point taken away, the way
 * TensorFlow Lite's kernels evaluate it: on the input as Q4.27 where that holds it, and else one end
 * of int8 or the other.
 */
export function saturating(
  scale: number,
  evaluate: (x: number) => number,
): (x: number) => number {
  const unit = 2 ** (31 - INTEGER_BITS);
  // With steps of 8 or more, no code but zero lies inside, and zero counts as below.
  if (scale >= 8) return (x) => x <= 0 ? -128 : 127;
  const { multiplier, shift } = toFixedPointTflite(scale * unit);
  const radius = Math.floor(15 * unit / 2 ** Math.max(0, shift));
  return (x) => {
    if (x <= -radius) return -128;
    if (x >= radius) return 127;
    return evaluate(requantizeTflite(x, multiplier, shift));
  };
}
