import assert from "node:assert/strict";
import fc from "fast-check";
import { mulHigh, requantize, toFixedPoint } from "./requant.ts";

const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const multiplier = fc.integer({ min: 0, max: 2 ** 31 - 1 });
const shift = fc.integer({ min: -31, max: -2 });

Deno.test("mulHigh is the top word of the exact product", () => {
  fc.assert(fc.property(int32, int32, (a, b) => {
    assert.equal(mulHigh(a, b), Number((BigInt(a) * BigInt(b)) >> 32n));
  }));
});

Deno.test("requantize rounds the exact product once, half up", () => {
  fc.assert(
    fc.property(int32, multiplier, shift, (a, m, s) => {
      const bits = BigInt(31 - s);
      const exact = (BigInt(a) * BigInt(m) + (1n << (bits - 1n))) >> bits;
      assert.equal(requantize(a, m, s), Number(exact));
    }),
    { numRuns: 2000 },
  );
});

Deno.test("toFixedPoint is within half a unit of its last place and normalized", () => {
  fc.assert(fc.property(fc.double({ min: 1e-12, max: 0.2499999, noNaN: true }), (factor) => {
    const { multiplier, shift } = toFixedPoint(factor);
    const error = Math.abs(multiplier * 2 ** (shift - 31) - factor);
    assert.ok(error <= 2 ** (shift - 32), `${factor} is off by ${error}`);
    assert.ok(shift >= -31 && shift <= -2);
    assert.ok(multiplier < 2 ** 31 && (multiplier >= 2 ** 30 || shift === -31));
  }));
});

Deno.test("toFixedPoint takes zero, refuses 1/4, negative factors and NaN", () => {
  assert.equal(toFixedPoint(0).multiplier, 0);
  assert.deepEqual(toFixedPoint(0.25 - 2 ** -54), { multiplier: 2 ** 31 - 1, shift: -2 });
  assert.deepEqual(toFixedPoint(2 ** -5), { multiplier: 2 ** 30, shift: -4 });
  for (const factor of [0.25, -1e-9, NaN]) assert.throws(() => toFixedPoint(factor), RangeError);
});
