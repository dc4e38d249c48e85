import assert from "node:assert/strict";
import { type Random, tryOp } from "../../tests/op_trials.ts";
import { pick, randomEncoding, single, whole } from "../../tests/op_graphs.ts";
import vectors from "../../tests/vectors/tflm_log_softmax.json" with { type: "json" };
import { logarithm } from "../quantize/fixed_exp.ts";
import type { Rounding } from "../types.ts";
import { logSoftmax } from "./log_softmax.ts";

function logSoftmaxGraph(random: Random) {
  const shape = pick(random, [
    [whole(random, 1, 13)],
    [whole(random, 1, 5), whole(random, 1, 9)],
    [whole(random, 1, 3), whole(random, 1, 3), whole(random, 1, 5)],
    [whole(random, 100, 700)],
  ]);
  const encodings = new Map([["x", randomEncoding(random)]]);
  if (random() < 0.2) encodings.set("y", { scale: 0.05, zeroPoint: whole(random, -128, 127) });
  return single(random, "log_softmax", shape, {}, random() < 0.8 ? encodings : undefined);
}

Deno.test("log_softmax means the same everywhere", () => tryOp(logSoftmaxGraph));

/** The reference's codes at the output's own encoding. */
function run(scale: number, shape: readonly number[], x: Int8Array, rounding: Rounding): Int8Array {
  const input = { shape, scale, zeroPoint: 0 };
  const output = { shape, scale: 1 / 16, zeroPoint: 127 };
  const node = {
    name: "log_softmax",
    op: "log_softmax",
    inputs: ["x"],
    output: "y",
    attributes: {},
    macs: 0,
    activation: "none",
    clamp: [-128, 127],
  } as const;
  const y = new Int8Array(x.length);
  logSoftmax.reference(node, { inputs: [input], output, rounding })([x], y);
  return y;
}

Deno.test("log_softmax gives the bytes of TensorFlow Lite Micro's reference kernel", () => {
  for (const { scale, shape, x, y } of vectors.cases) {
    const codes = Int8Array.from(x.split(" "), Number);
    assert.equal(run(scale, shape, codes, "tflite").join(" "), y);
  }
});

Deno.test("log_softmax is within 0.51 codes of the real value where it does not saturate", () => {
  let worst = 0;
  for (const scale of [0.01, 0.03, 0.06, 0.1, 0.12]) {
    for (let seed = 0; seed < 500; seed++) {
      const x = Int8Array.from({ length: 7 }, (_, i) => Math.imul(seed * 7 + i, 0x9e3779b1) >> 24);
      const y = run(scale, [7], x, "single");
      const log = Math.log(x.reduce((sum, code) => sum + Math.exp(scale * code), 0));
      x.forEach((code, i) => {
        if (y[i]! <= -128) return;
        worst = Math.max(worst, Math.abs(16 * (scale * code - log) + 127 - y[i]!));
      });
    }
  }
  assert.ok(worst < 0.51, `${worst}`);
});

Deno.test("the fixed-point logarithm is within 10⁻⁶ of the real one", () => {
  let worst = 0;
  for (let z = 2 ** 19; z < 2 ** 31; z += 1 + z * 2 ** -11 | 0) {
    worst = Math.max(worst, Math.abs(logarithm(z) / 2 ** 26 - Math.log(z / 2 ** 19)));
  }
  assert.ok(worst < 1e-6, `${worst}`);
});
