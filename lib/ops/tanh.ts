import { tanh as fixedTanh } from "../quantize/fixed_exp.ts";
import { divideByPowerOfTwo } from "../quantize/requant.ts";
import { SIGNED_FRACTION } from "./encodings.ts";
import { sameEncoding } from "./recode.ts";
import { saturating } from "./saturating.ts";
import { unary } from "./unary.ts";

/** Hyperbolic tangent. The output always has scale 1/128 and zero point 0. */
export const tanh = unary({
  quantization: SIGNED_FRACTION,
  real: Math.tanh,
  tflite({ inputs: [input], output }) {
    if (!sameEncoding(output, SIGNED_FRACTION)) return undefined;
    return saturating(input!.scale, (x) => divideByPowerOfTwo(fixedTanh(x), 24));
  },
});
