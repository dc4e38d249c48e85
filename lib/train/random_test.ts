import assert from "node:assert/strict";
import { createRandom, permutation } from "./random.ts";

Deno.test("the same seed and stream give the same numbers, others do not", () => {
  const draw = (seed: number, stream: string) => {
    const random = createRandom(seed, stream);
    return Array.from({ length: 4 }, () => random.uniform());
  };
  assert.deepEqual(draw(1, "a"), draw(1, "a"));
  const all = [draw(1, "a"), draw(1, "b"), draw(2, "a"), draw(2 ** 32 + 1, "a"), draw(0, "")];
  assert.equal(new Set(all.flat()).size, 4 * all.length);
});

Deno.test("the numbers have the mean and variance they should", () => {
  const random = createRandom(7, "moments");
  const values = Array.from({ length: 100_000 }, () => random.uniform());
  const mean = values.reduce((a, b) => a + b) / values.length;
  const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length;
  assert.ok(Math.abs(mean - 0.5) < 0.005, `mean ${mean}`);
  assert.ok(Math.abs(variance - 1 / 12) < 0.002, `variance ${variance}`);
  assert.ok(values.every((value) => value >= 0 && value < 1));
});

Deno.test("a permutation has every number once", () => {
  const order = permutation(1000, createRandom(3, "order"));
  assert.deepEqual([...order].sort((a, b) => a - b), Array.from({ length: 1000 }, (_, i) => i));
  assert.notDeepEqual([...order].slice(0, 5), [0, 1, 2, 3, 4]);
  assert.deepEqual(order, permutation(1000, createRandom(3, "order")));
});
