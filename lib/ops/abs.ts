import { factorTflite, scaledTflite } from "./requantized.ts";
import { unary } from "./unary.ts";

/** |x|. */
export const abs = unary({
  quantization: "range",
  real: Math.abs,
  tflite(context) {
    const scaled = scaledTflite(context, factorTflite(context, 1));
    return (x) => scaled(Math.abs(x));
  },
});
