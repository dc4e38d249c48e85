import assert from "node:assert/strict";
import { prescaledFactor } from "./prescale.ts";
import { roundingRule } from "./requant.ts";

Deno.test("factors of any size give the nearest value, or saturate as they should", () => {
  for (const rounding of ["single", "tflite"] as const) {
    const { requantize } = roundingRule(rounding);
    for (const bound of [1, 255, 65280, 2 ** 21 - 7]) {
      for (let factor = 1e-7; factor < 1e9; factor *= 3.7) {
        const fixed = prescaledFactor(factor, bound, rounding);
        if (fixed === undefined) continue;
        for (const value of [0, 1, -1, bound >> 1, -bound, bound]) {
          const wanted = Math.min(300, Math.max(-300, value * factor));
          const actual = requantize(value * fixed.prescale, fixed.multiplier, fixed.shift);
          const limited = Math.min(300, Math.max(-300, actual));
          const allowed = Math.abs(wanted) > 255 ? 45 : 1.001;
          assert.ok(Math.abs(limited - wanted) < allowed, `${value} · ${factor}: ${actual}`);
        }
      }
    }
  }
});

Deno.test("what int32 does not hold is refused", () => {
  assert.equal(prescaledFactor(1, 2 ** 31, "single"), undefined);
  assert.equal(prescaledFactor(100, 2 ** 25, "single"), undefined);
  assert.equal(prescaledFactor(100, 2 ** 25, "tflite"), undefined);
});
