/**
 * The bytes of TensorFlow Lite Micro's reference kernels, as digests: of what its C++ (tflite-micro at
 * commit 90b983c2b3f1, x86-64, gcc 12) gave for the inputs that are made here.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { seededRandom } from "../../tests/random_graph.ts";
import type { Encoding, QuantizedNode } from "../types.ts";
import { opOf } from "./mod.ts";

/** Elements of each trial. */
const SIZE = 256;

interface Trial {
  readonly encodings: readonly [Encoding, Encoding, Encoding];
  readonly x0: Int8Array;
  readonly x1: Int8Array;
}

/** Inputs of one trial: scales as the file format has them, in single precision. */
function randomTrial(random: () => number): Trial {
  const code = () => Math.floor(256 * random()) - 128;
  const encoding = () => ({ scale: Math.fround((1 + 999 * random()) / 1024), zeroPoint: code() });
  const [a, b, y] = [encoding(), encoding(), encoding()];
  const codes = () => Int8Array.from({ length: SIZE }, code);
  return { encodings: [a, random() < 0.3 ? a : b, y], x0: codes(), x1: codes() };
}

const digests = { add: "7311b1c15d050bcd", sub: "d4c6e67f5b9c5cc8", mul: "b96be89be536d72b" };

for (const [name, digest] of Object.entries(digests)) {
  Deno.test(`${name} gives the bytes of TensorFlow Lite Micro`, () => {
    const random = seededRandom(name.length + name.charCodeAt(0));
    const hash = createHash("sha256");
    for (let i = 0; i < 500; i++) {
      const { encodings: [a, b, y], x0, x1 } = randomTrial(random);
      const context = {
        inputs: [{ shape: [SIZE], ...a }, { shape: [SIZE], ...b }],
        output: { shape: [SIZE], ...y },
        rounding: "tflite",
      } as const;
      const plain = { name, op: name, inputs: ["a", "b"], output: "y", attributes: {} };
      const op = opOf(name);
      const parameters = op.quantize!({ ...plain, activation: "none" }, context);
      const node: QuantizedNode = {
        ...plain,
        activation: "none",
        macs: 0,
        clamp: [-128, 127],
        parameters,
      };
      const output = new Int8Array(SIZE);
      op.reference(node, context)([x0, x1], output);
      hash.update(output);
    }
    assert.equal(hash.digest("hex").slice(0, 16), digest);
  });
}

Deno.test("resize_nearest takes the pixels that TensorFlow Lite Micro takes", () => {
  const hash = createHash("sha256");
  for (let from = 1; from <= 40; from++) {
    const pixels = Float32Array.from({ length: from }, (_, i) => i);
    for (let to = 1; to <= 40; to++) {
      for (let mode = 0; mode < 4; mode++) {
        const output = new Float32Array(to);
        const attributes = {
          size: [1, to],
          alignCorners: (mode & 1) !== 0,
          halfPixelCenters: (mode & 2) !== 0,
        };
        const plain = { name: "r", op: "resize_nearest", inputs: ["x"], output: "y", attributes };
        opOf("resize_nearest").float({ ...plain, activation: "none" }, {
          inputs: [[1, from, 1]],
          output: [1, to, 1],
        })([pixels], output);
        hash.update(Int8Array.from(output));
      }
    }
  }
  assert.equal(hash.digest("hex").slice(0, 16), "06b951f86d14492c");
});
