import assert from "node:assert/strict";
import fc from "fast-check";
import { Histogram } from "./histogram.ts";

Deno.test("every value is counted once, whatever order magnitudes come in", () => {
  const values = fc.array(fc.float({ min: -1e6, max: 1e6, noNaN: true }), { maxLength: 200 });
  fc.assert(fc.property(fc.array(values, { maxLength: 8 }), (batches) => {
    const histogram = new Histogram();
    for (const batch of batches) histogram.add(Float32Array.from(batch));
    const all = batches.flat();
    assert.equal(histogram.count, all.length);
    const inBins = histogram.bins.reduce((sum, n) => sum + n, 0);
    assert.equal(inBins + histogram.zeros, all.length);
    assert.equal(histogram.max, Math.max(0, ...all));
    assert.equal(histogram.min, Math.min(0, ...all));
    assert.ok(histogram.used * histogram.width >= histogram.largest * (1 - 1e-6));
  }));
});

Deno.test("a value that is not finite is noticed", () => {
  for (const bad of [NaN, Infinity, -Infinity]) {
    const histogram = new Histogram();
    histogram.add(Float32Array.of(1, bad));
    assert.equal(histogram.finite, false);
  }
});
