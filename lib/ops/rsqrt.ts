import {
  divideByPowerOfTwo,
  doublingHigh,
  requantizeTflite,
  toFixedPointTflite,
} from "../quantize/requant.ts";
import { unary } from "./unary.ts";

/** Bits by which the intermediate result is larger than the output. */
const HEADROOM = 20;

/** 1 / √x. Integer inputs of zero give the highest code; negative ones by the rule `single` zero. */
export const rsqrt = unary({
  quantization: "range",
  real: (x) => 1 / Math.sqrt(x),

  tflite({ inputs: [input], output }) {
    const factor = 1 / Math.fround(Math.fround(Math.sqrt(input!.scale)) * output.scale);
    // The kernel's shifts hold for factors in this range only.
    if (!(factor > 2 ** -10 && factor < 2 ** 20)) return undefined;
    const { multiplier, shift } = toFixedPointTflite(factor);
    return (x) => {
      // It refuses negative inputs.
      if (x <= 0) return 127;
      const inverse = inverseRoot(x);
      const data = requantizeTflite(1, inverse.multiplier, inverse.shift + HEADROOM);
      return requantizeTflite(data, multiplier, shift - HEADROOM) + output.zeroPoint;
    };
  },
});

/**
 * 1 / √x of a whole number as multiplier · 2^(shift − 31), by five steps of Newton's iteration in
 * Q3.28 from 1, as gemmlowp's users do it.
 *
 * @param x 1…255
 */
function inverseRoot(x: number): { multiplier: number; shift: number } {
  if (x === 1) return { multiplier: 2 ** 31 - 1, shift: 0 };
  const pairs = Math.floor((Math.clz32(x) - 1) / 2) - 1;
  const value = x * 2 ** (2 * pairs - 1);
  const half = divideByPowerOfTwo(value, 1);
  let root = 2 ** 28;
  for (let i = 0; i < 5; i++) {
    const cube = doublingHigh(doublingHigh(root, root), root) * 2 ** 6;
    root = (doublingHigh(3 * 2 ** 27, root) - doublingHigh(half, cube)) * 2 ** 3;
  }
  // √2 / 2 in Q0.31.
  return { multiplier: doublingHigh(root, 1518500250), shift: pairs - 11 };
}
