import type { Histogram } from "../histogram.ts";

/** What a calibrator may be told besides the histogram. */
export interface CalibratorOptions {
  /** Percent of the values to keep, (0, 100]. */
  readonly percentile: number;
  /** Steps between zero and the threshold: 255 if all values have one sign, else 127. */
  readonly levels: number;
}

/**
 * Chooses the magnitude beyond which values are clipped. The histogram has at least one value that
 * is not zero; the result lies in (0, histogram.largest].
 */
export type Calibrator = (histogram: Histogram, options: CalibratorOptions) => number;
