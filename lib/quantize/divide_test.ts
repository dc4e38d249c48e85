import assert from "node:assert/strict";
import { divideRounded, divisorOf, MAX_COUNT } from "./divide.ts";
import { mulHigh } from "./requant.ts";

/** What `divide.c` does. */
function divide(sum: number, count: number): number {
  const { half, multiplier, shift } = divisorOf(count);
  const magnitude = mulHigh((Math.abs(sum) + half) * 4, multiplier) >> shift;
  return sum < 0 ? -magnitude : magnitude;
}

Deno.test("division by multiplication is exact for every sum of small windows", () => {
  for (let count = 1; count <= 100; count++) {
    for (let sum = -128 * count; sum <= 128 * count; sum++) {
      if (divide(sum, count) !== divideRounded(sum, count)) assert.fail(`${sum} / ${count}`);
    }
  }
});

Deno.test("and at the places where it changes, for large ones", () => {
  for (let count = MAX_COUNT; count > 100; count = Math.floor(count * 0.93)) {
    for (const divisor of [count, count - 1]) {
      for (let quotient = 0; quotient <= 128; quotient++) {
        const edge = divisor * quotient - (divisor >> 1);
        for (const sum of [edge - 1, edge, edge + 1]) {
          if (sum < 0 || sum > 128 * divisor) continue;
          if (divide(sum, divisor) !== divideRounded(sum, divisor)) {
            assert.fail(`${sum} / ${divisor}`);
          }
        }
      }
    }
  }
});

Deno.test("halves go away from zero; counts out of range are refused", () => {
  assert.deepEqual([-3, -1, 1, 3].map((sum) => divideRounded(sum, 2)), [-2, -1, 1, 2]);
  for (const count of [0, 1.5, MAX_COUNT + 1]) assert.throws(() => divisorOf(count), RangeError);
});
