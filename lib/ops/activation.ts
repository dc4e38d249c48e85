import type { Activation, Encoding } from "../types.ts";

/** Smallest and largest real value that each activation lets through. */
const ranges: Readonly<Record<Activation, readonly [low: number, high: number]>> = {
  none: [-Infinity, Infinity],
  relu: [0, Infinity],
  relu6: [0, 6],
  relu_n1_to_1: [-1, 1],
};

/** All there are. */
export const activations = Object.keys(ranges) as readonly Activation[];

/** Smallest and largest real value that an activation lets through. */
export function activationRange(activation: Activation): readonly [low: number, high: number] {
  return ranges[activation];
}

/** The same in codes of the tensor it is stored in. */
export function activationCodes(
  activation: Activation,
  { scale, zeroPoint }: Encoding,
): readonly [low: number, high: number] {
  const [low, high] = ranges[activation];
  // As TensorFlow Lite has it: a quotient of single precision, ties away from zero.
  const code = (real: number) => {
    const steps = Math.fround(real / scale);
    const nearest = Math.sign(steps) * Math.round(Math.abs(steps));
    return Math.min(127, Math.max(-128, zeroPoint + nearest));
  };
  return [code(low), code(high)];
}
