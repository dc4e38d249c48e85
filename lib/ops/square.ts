import { unary } from "./unary.ts";

/** x². */
export const square = unary({
  quantization: "range",
  real: (x) => x * x,
});
