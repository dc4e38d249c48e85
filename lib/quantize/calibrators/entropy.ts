import type { Calibrator } from "./calibrator.ts";

/**
 * The threshold whose quantized distribution loses the least information about the real one, by
 * Kullback–Leibler divergence over histograms (S. Migacz, "8-bit Inference with TensorRT", GTC
 * 2017). For each candidate the clipped tail is added to the last kept bin of the reference, and
 * the kept bins are merged into as many groups as there are levels and spread out again.
 */
export const entropy: Calibrator = (histogram, { levels }) => {
  const { bins, width, used } = histogram;
  const groups = levels + 1;
  if (used <= groups) return histogram.largest;
  const total = histogram.count - histogram.zeros;
  let kept = 0;
  for (let i = 0; i < groups; i++) kept += bins[i]!;
  let best = used;
  let bestDivergence = Infinity;
  for (let candidate = groups; candidate <= used; candidate++) {
    const divergence = divergenceAt(bins, candidate, groups, kept, total);
    if (divergence <= bestDivergence) {
      best = candidate;
      bestDivergence = divergence;
    }
    kept += bins[candidate] ?? 0;
  }
  return Math.min(histogram.largest, best * width);
};

/** KL(reference ‖ quantized) in nats, for the first `candidate` bins merged into `groups`. */
function divergenceAt(
  bins: Float64Array,
  candidate: number,
  groups: number,
  kept: number,
  total: number,
): number {
  const tail = total - kept;
  let divergence = 0;
  for (let g = 0; g < groups; g++) {
    const from = Math.floor(g * candidate / groups);
    const to = Math.floor((g + 1) * candidate / groups);
    let sum = 0;
    let filled = 0;
    for (let i = from; i < to; i++) {
      sum += bins[i]!;
      if (bins[i]! > 0) filled++;
    }
    for (let i = from; i < to; i++) {
      const reference = bins[i]! + (i === candidate - 1 ? tail : 0);
      if (reference === 0) continue;
      // A bin that only the tail fills has no quantized counterpart: infinitely surprising.
      if (bins[i] === 0) return Infinity;
      const p = reference / total;
      const q = sum / filled / kept;
      divergence += p * Math.log(p / q);
    }
  }
  return divergence;
}
