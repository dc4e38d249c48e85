import { unary } from "./unary.ts";

/** Natural logarithm. Integer inputs of zero and below give the lowest and the zero code. */
export const log = unary({
  quantization: "range",
  real: Math.log,
});
