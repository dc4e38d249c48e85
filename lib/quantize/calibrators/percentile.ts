import type { Calibrator } from "./calibrator.ts";

/** The magnitude below which the given percentage of all values, zeros included, lies. */
export const percentile: Calibrator = (histogram, options) => {
  const wanted = histogram.count * options.percentile / 100;
  let below = histogram.zeros;
  for (let i = 0; i < histogram.used; i++) {
    const here = histogram.bins[i]!;
    if (below + here >= wanted) {
      // Values are taken as spread evenly over their bin; a threshold of zero would keep nothing.
      const part = here === 0 ? 1 : Math.max(0, (wanted - below) / here);
      return Math.min(histogram.largest, Math.max(i + part, 1) * histogram.width);
    }
    below += here;
  }
  return histogram.largest;
};
