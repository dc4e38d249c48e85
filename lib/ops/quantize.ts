import { scaledTflite } from "./requantized.ts";
import { unary } from "./unary.ts";

/**
 * The same values at another scale and zero point: those the model brings, or else calibrated ones.
 */
export const quantize = unary({
  quantization: "range",
  real: (x) => x,
  tflite: (context) => scaledTflite(context, context.inputs[0]!.scale / context.output.scale),
});
