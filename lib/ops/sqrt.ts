import { unary } from "./unary.ts";

/** Square root. Negative integer inputs give zero. */
export const sqrt = unary({
  quantization: "range",
  real: Math.sqrt,
});
