import { unary } from "./unary.ts";

/** x · sigmoid(x), also called swish. */
export const silu = unary({
  quantization: "range",
  real: (x) => x / (1 + Math.exp(-x)),
});
