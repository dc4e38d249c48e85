import { unary } from "./unary.ts";

/** What a Gaussian error linear unit needs to know. */
export interface Gelu {
  /** True for the formula with tanh instead of erf, which differs by up to 0.0005. */
  readonly approximate: boolean;
}

/** x times the probability that a normal variable is below x. */
export const gelu = unary<Gelu>({
  quantization: "range",
  real(x, { approximate }) {
    if (!approximate) return x * complementaryError(-x * Math.SQRT1_2) / 2;
    // (1 + tanh(t)) / 2 = 1 / (1 + e^−2t), which keeps its digits far below zero.
    return x / (1 + Math.exp(-2 * Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
  },
});

/**
 * 1 − erf(x) to about 13 digits: by the series of erf near zero and by Laplace's continued fraction
 * beyond (M. Abramowitz, I. Stegun, "Handbook of Mathematical Functions", 7.1.6 and 7.1.14).
 */
export function complementaryError(x: number): number {
  if (x < 0) return 2 - complementaryError(-x);
  const size = Math.exp(-x * x) / Math.sqrt(Math.PI);
  if (x < 2) {
    let sum = 0;
    for (let n = 0, term = x; n < 60; n++, term *= 2 * x * x / (2 * n + 1)) sum += term;
    return 1 - 2 * size * sum;
  }
  let fraction = x;
  for (let n = 80; n > 0; n--) fraction = x + n / 2 / fraction;
  return size / fraction;
}
