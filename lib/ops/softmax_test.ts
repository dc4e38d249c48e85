import assert from "node:assert/strict";
import { type Random, tryOp } from "../../tests/op_trials.ts";
import { pick, randomEncoding, single, whole } from "../../tests/op_graphs.ts";
import vectors from "../../tests/vectors/tflm_softmax.json" with { type: "json" };
import { UserError } from "../errors.ts";
import { softmax } from "./softmax.ts";

const quantizedNode = {
  name: "softmax",
  op: "softmax",
  inputs: ["x"],
  output: "y",
  macs: 0,
  activation: "none",
  clamp: [-128, 127],
} as const;

function softmaxGraph(random: Random) {
  const shape = pick(random, [
    [whole(random, 1, 13)],
    [whole(random, 1, 5), whole(random, 1, 9)],
    [whole(random, 1, 3), whole(random, 1, 3), whole(random, 1, 5)],
    [whole(random, 100, 700)],
  ]);
  const attributes = { beta: pick(random, [1, 1, 0.5, 3]) };
  const encodings = new Map([["x", randomEncoding(random)]]);
  if (random() < 0.2) encodings.set("y", { scale: 0.005, zeroPoint: whole(random, -128, 127) });
  return single(random, "softmax", shape, { attributes }, random() < 0.8 ? encodings : undefined);
}

Deno.test("softmax means the same everywhere", () => tryOp(softmaxGraph));

Deno.test("softmax refuses a beta that is not positive, and rows too long to sum", () => {
  const random = () => 0;
  assert.throws(() => single(random, "softmax", [4], { attributes: { beta: 0 } }), UserError);
  assert.throws(() => single(random, "softmax", [4096], { attributes: { beta: 1 } }), /4095/);
});

Deno.test("softmax gives the bytes of TensorFlow Lite Micro's reference kernel", () => {
  for (const { scale, beta, shape, x, y } of vectors.cases) {
    const input = { shape, scale, zeroPoint: 0 };
    const output = { shape, scale: 1 / 256, zeroPoint: -128 };
    const context = { inputs: [input], output, rounding: "tflite" } as const;
    const node = { ...quantizedNode, attributes: { beta } };
    const actual = new Int8Array(y.length);
    softmax.reference(node, context)([Int8Array.from(x)], actual);
    assert.deepEqual([...actual], y);
  }
});
