import { unary } from "./unary.ts";

/** e^x. */
export const exp = unary({
  quantization: "range",
  real: Math.exp,
});
