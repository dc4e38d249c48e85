import assert from "node:assert/strict";
import { Histogram } from "../histogram.ts";
import { calibrators } from "./mod.ts";

/** Magnitudes of a bell curve around zero, and one far outlier. */
function bellWithOutlier(): Histogram {
  const histogram = new Histogram();
  const values: number[] = [];
  for (let i = 1; i < 20_000; i++) {
    // Sum of three evenly spread numbers: a bell within ±1.5.
    const bell = ((i * 7919) % 1000 + (i * 104729) % 1000 + (i * 1299709) % 1000) / 1000 - 1.5;
    values.push(bell);
  }
  histogram.add(Float32Array.from(values));
  histogram.add(Float32Array.of(12));
  return histogram;
}

const options = { percentile: 99.9, levels: 127 };

Deno.test("max keeps everything", () => {
  assert.equal(calibrators.max(bellWithOutlier(), options), 12);
});

// With 127 steps one outlier costs mse more than it saves; with 15 it is worth clipping.
for (const [name, levels] of [["entropy", 127], ["percentile", 127], ["mse", 15]] as const) {
  Deno.test(`${name} clips a lone outlier and keeps the bulk`, () => {
    const threshold = calibrators[name](bellWithOutlier(), { ...options, levels });
    assert.ok(threshold > 0.9 && threshold < 6, `${name} chose ${threshold}`);
  });

  Deno.test(`${name} keeps the range of evenly spread values`, () => {
    const histogram = new Histogram();
    histogram.add(Float32Array.from({ length: 10_000 }, (_, i) => (i + 1) / 10_000));
    const threshold = calibrators[name](histogram, { percentile: 100, levels: 255 });
    assert.ok(threshold > 0.95 && threshold <= 1, `${name} chose ${threshold}`);
  });
}

Deno.test("percentile counts zeros as kept and is exact to a bin", () => {
  const histogram = new Histogram();
  histogram.add(Float32Array.from({ length: 1000 }, (_, i) => i));
  for (const percentile of [1, 50, 99, 99.9, 100]) {
    const threshold = calibrators.percentile(histogram, { percentile, levels: 255 });
    assert.ok(Math.abs(threshold - percentile * 10) <= 1.5, `${percentile} % gave ${threshold}`);
  }
});
