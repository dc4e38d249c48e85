import { PROBABILITY } from "./encodings.ts";
import { unary } from "./unary.ts";

/** What a hard sigmoid needs to know; its definition differs from framework to framework. */
export interface HardSigmoid {
  /** Slope. */
  readonly alpha: number;
  /** Value at zero. */
  readonly beta: number;
}

/** α·x + β limited to 0…1. The output always has scale 1/256 and zero point −128. */
export const hardSigmoid = unary<HardSigmoid>({
  quantization: PROBABILITY,
  real: (x, { alpha, beta }) => Math.min(1, Math.max(0, alpha * x + beta)),
});
