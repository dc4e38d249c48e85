const BINS = 2048;

/**
 * Distribution of a tensor's values over many samples, in one pass and constant memory: extremes,
 * and a histogram of magnitudes whose range doubles, merging neighbours, whenever a larger value
 * comes. Exact zeros are counted apart: every scale represents them without error.
 */
export class Histogram {
  /** Number of values with a magnitude in [i·width, (i+1)·width), zeros left out. */
  readonly bins: Float64Array = new Float64Array(BINS);
  width = 0;
  min = 0;
  max = 0;
  zeros = 0;
  count = 0;
  /** False once a value was NaN or infinite; the rest then means nothing. */
  finite = true;

  /** Adds values. */
  add(values: Float32Array): void {
    let largest = 0;
    for (const value of values) {
      if (value < this.min) this.min = value;
      if (value > this.max) this.max = value;
      largest = Math.max(largest, Math.abs(value));
    }
    this.count += values.length;
    if (!Number.isFinite(largest)) this.finite = false;
    if (!this.finite) return;
    this.#reach(largest);
    if (this.width === 0) {
      this.zeros += values.length;
      return;
    }
    const perWidth = 1 / this.width;
    for (const value of values) {
      if (value === 0) this.zeros++;
      else this.bins[Math.min(BINS - 1, Math.floor(Math.abs(value) * perWidth))]!++;
    }
  }

  /** Largest magnitude seen. */
  get largest(): number {
    return Math.max(-this.min, this.max);
  }

  /** Index one past the last bin that is not empty. */
  get used(): number {
    let used = BINS;
    while (used > 0 && this.bins[used - 1] === 0) used--;
    return used;
  }

  #reach(magnitude: number): void {
    if (magnitude === 0) return;
    if (this.width === 0) this.width = magnitude / BINS;
    while (magnitude > this.width * BINS) {
      for (let i = 0; i < BINS / 2; i++) {
        this.bins[i] = this.bins[2 * i]! + this.bins[2 * i + 1]!;
      }
      this.bins.fill(0, BINS / 2);
      this.width *= 2;
    }
  }
}
