import assert from "node:assert/strict";
import { Optimizer } from "./optimizer.ts";

Deno.test("it finds the minimum of a quadratic, and the average follows", () => {
  const optimizer = new Optimizer(
    [{ weights: Float32Array.of(3, -2), decays: false }],
    { weightDecay: 0, averaging: 0.9 },
  );
  for (let step = 0; step < 2000; step++) {
    const [x, y] = optimizer.weights[0]!;
    optimizer.step([Float32Array.of(2 * (x! - 1), 20 * (y! - 0.5))], 0.01);
  }
  for (const [x, y] of [optimizer.weights[0]!, optimizer.averages[0]!]) {
    assert.ok(Math.abs(x! - 1) < 1e-3 && Math.abs(y! - 0.5) < 1e-3, `${x}, ${y}`);
  }
});

Deno.test("the first step is the learning rate, against the gradient's sign", () => {
  const optimizer = new Optimizer(
    [{ weights: Float32Array.of(0, 0), decays: false }],
    { weightDecay: 0, averaging: 0.9 },
  );
  optimizer.step([Float32Array.of(5, -0.01)], 0.1);
  const [x, y] = optimizer.weights[0]!;
  assert.ok(Math.abs(x! + 0.1) < 1e-5 && Math.abs(y! - 0.1) < 1e-3, `${x}, ${y}`);
});

Deno.test("only groups that decay do, and the initial arrays stay as they are", () => {
  const initial = Float32Array.of(1);
  const optimizer = new Optimizer(
    [{ weights: initial, decays: true }, { weights: initial, decays: false }],
    { weightDecay: 0.5, averaging: 0.9 },
  );
  const still = Float32Array.of(0);
  optimizer.step([still, still], 0.1);
  assert.deepEqual(optimizer.weights.map(([w]) => w), [Math.fround(0.95), 1]);
  assert.equal(initial[0], 1);
});
