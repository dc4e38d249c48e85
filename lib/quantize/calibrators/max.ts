import type { Calibrator } from "./calibrator.ts";

/** Clips nothing: the largest magnitude seen. */
export const max: Calibrator = (histogram) => histogram.largest;
