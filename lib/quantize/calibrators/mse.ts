import type { Calibrator } from "./calibrator.ts";

const CANDIDATES = 200;

/**
 * The threshold with the least mean squared error of quantizing and clipping. Inside the threshold
 * the error of uniform rounding, step²/12, is charged for every value that is not zero; beyond it
 * the squared distance to the threshold (W. R. Bennett, "Spectra of Quantized Signals", 1948).
 */
export const mse: Calibrator = (histogram, { levels }) => {
  const { bins, width, used } = histogram;
  let best = histogram.largest;
  let bestError = Infinity;
  for (let i = CANDIDATES; i > 0; i--) {
    const threshold = histogram.largest * i / CANDIDATES;
    const rounding = (threshold / levels) ** 2 / 12;
    let error = 0;
    for (let b = 0; b < used; b++) {
      const beyond = Math.max(0, (b + 0.5) * width - threshold);
      error += bins[b]! * (beyond > 0 ? beyond * beyond : rounding);
    }
    if (error < bestError) {
      best = threshold;
      bestError = error;
    }
  }
  return best;
};
