import assert from "node:assert/strict";
import { equalWholeSum } from "./whole_sum.ts";

const limit = (value: number) => Math.min(127, Math.max(-128, value));

Deno.test("a sum with one rounding is found again", () => {
  const wanted = (a: number, b: number) => limit((3001 * a + 1709 * b + 2048) >> 12);
  const found = equalWholeSum(wanted, [-128, 127], { factors: [3000, 1710], shift: 12 })!;
  for (let a = -128; a < 128; a++) {
    for (let b = -128; b < 128; b++) {
      const sum = (found.factors[0] * a + found.factors[1] * b + found.offset) >> found.shift;
      assert.equal(limit(sum), wanted(a, b));
    }
  }
});

Deno.test("factors give way where the other computation rounds halves away from zero", () => {
  const wanted = (a: number, b: number) => {
    const half = (a + b) / 2;
    return limit(Math.sign(half) * Math.round(Math.abs(half)));
  };
  const near = { factors: [2 ** 20, 2 ** 20], shift: 21 } as const;
  const found = equalWholeSum(wanted, [-128, 127], near)!;
  for (const [a, b] of [[1, 0], [-1, 0], [127, 126], [-128, -127], [127, -128]] as const) {
    const sum = (found.factors[0] * a + found.factors[1] * b + found.offset) >> found.shift;
    assert.equal(limit(sum), wanted(a, b));
  }
});

Deno.test("there is none for what is not near a sum", () => {
  const wanted = (a: number, b: number) => a === 3 && b === 5 ? 100 : limit(a + b);
  assert.equal(equalWholeSum(wanted, [-128, 127], { factors: [1024, 1024], shift: 10 }), undefined);
});
