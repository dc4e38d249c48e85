import { logistic } from "../quantize/fixed_exp.ts";
import { divideByPowerOfTwo } from "../quantize/requant.ts";
import { PROBABILITY } from "./encodings.ts";
import { sameEncoding } from "./recode.ts";
import { saturating } from "./saturating.ts";
import { unary } from "./unary.ts";

/** 1 / (1 + e^−x). The output always has scale 1/256 and zero point −128. */
export const sigmoid = unary({
  quantization: PROBABILITY,
  real: (x) => 1 / (1 + Math.exp(-x)),
  tflite({ inputs: [input], output }) {
    if (!sameEncoding(output, PROBABILITY)) return undefined;
    return saturating(input!.scale, (x) => divideByPowerOfTwo(logistic(x), 23) - 128);
  },
});
