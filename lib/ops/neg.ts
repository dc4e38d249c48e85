import { unary } from "./unary.ts";

/** −x. */
export const neg = unary({
  quantization: "range",
  real: (x) => -x,
});
