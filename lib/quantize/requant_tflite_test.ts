import assert from "node:assert/strict";
import fc from "fast-check";
import { doublingHigh, requantizeTflite, toFixedPointTflite } from "./requant.ts";

/** SaturatingRoundingDoublingHighMul as it is specified: a division that truncates. */
function doublingHighExact(a: number, b: number): number {
  const product = BigInt(a) * BigInt(b);
  const nudge = product >= 0n ? 1n << 30n : 1n - (1n << 30n);
  return Number((product + nudge) / (1n << 31n));
}

/** The whole rule in big integers, ties of the second rounding away from zero. */
function exact(accumulator: number, multiplier: number, shift: number): number {
  const high = BigInt(doublingHighExact(accumulator * 2 ** Math.max(0, shift), multiplier));
  const divisor = 1n << BigInt(Math.max(0, -shift));
  const magnitude = ((high < 0n ? -high : high) * 2n + divisor) / (2n * divisor);
  return Number(high < 0n ? -magnitude : magnitude);
}

Deno.test("the high product with doubling is the specified one", () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 0 }), (a, b) => {
      assert.equal(doublingHigh(a, b), doublingHighExact(a, b));
    }),
    { numRuns: 5000 },
  );
});

Deno.test("requantization by the rule tflite is the specified one", () => {
  const shifts = fc.integer({ min: -31, max: 8 });
  const multipliers = fc.integer({ min: 2 ** 30, max: 2 ** 31 - 1 });
  const accumulators = fc.oneof(
    fc.integer({ min: -(2 ** 22), max: 2 ** 22 }),
    fc.constantFrom(0, 1, -1, 2 ** 22, -(2 ** 22)),
  );
  fc.assert(
    fc.property(accumulators, multipliers, shifts, (a, m, s) => {
      assert.equal(requantizeTflite(a, m, s), exact(a, m, s));
    }),
    { numRuns: 5000 },
  );
});

Deno.test("a factor's fixed point is within half a step of it", () => {
  fc.assert(fc.property(fc.double({ min: 2 ** -30, max: 2 ** 29, noNaN: true }), (factor) => {
    const { multiplier, shift } = toFixedPointTflite(factor);
    assert.ok(multiplier >= 2 ** 30 && multiplier < 2 ** 31);
    const error = Math.abs(multiplier * 2 ** (shift - 31) - factor);
    assert.ok(error <= 2 ** (shift - 32), `${factor}`);
  }));
  assert.deepEqual(toFixedPointTflite(0), { multiplier: 0, shift: 0 });
  assert.deepEqual(toFixedPointTflite(2 ** -40), { multiplier: 0, shift: 0 });
  assert.deepEqual(toFixedPointTflite(1 - 2 ** -40), { multiplier: 2 ** 30, shift: 1 });
  assert.throws(() => toFixedPointTflite(2 ** 30), RangeError);
});
