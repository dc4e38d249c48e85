import assert from "node:assert/strict";
import { packWeights } from "./pack.ts";

Deno.test("four channels are interleaved tap by tap, the rest follow one by one", () => {
  // Channel o, tap k holds 10·o + k.
  const weights = Int8Array.from({ length: 6 * 3 }, (_, i) => 10 * Math.floor(i / 3) + i % 3);
  assert.deepEqual(
    [...packWeights(weights, 6)],
    [0, 10, 20, 30, 1, 11, 21, 31, 2, 12, 22, 32, 40, 41, 42, 50, 51, 52],
  );
});
