import assert from "node:assert/strict";
import { pick, randomEncoding, randomWeights, whole } from "../../tests/op_graphs.ts";
import { type Random, tryOp } from "../../tests/op_trials.ts";
import { verify } from "../graph/verify.ts";
import type { Activation, Encoding, FloatTensor, Graph, Node, Shape } from "../types.ts";
import { broadcastIndices, broadcastShape } from "./broadcast.ts";
import { elements } from "./op.ts";

const plain = { attributes: {}, activation: "none" } as const;

Deno.test("shapes broadcast as numpy's do", () => {
  const shape = (a: Shape, b: Shape) =>
    broadcastShape({ ...plain, name: "n", op: "add", inputs: ["a", "b"], output: "y" }, [a, b]);
  assert.deepEqual(shape([2, 1, 3], [4, 1]), [2, 4, 3]);
  assert.deepEqual(shape([3], [2, 2, 3]), [2, 2, 3]);
  assert.deepEqual(shape([1], [1]), [1]);
  assert.throws(() => shape([2, 3], [2]), /combines a of 2×3 with b of 2/);
  assert.deepEqual([...broadcastIndices([2, 1], [2, 3])], [0, 0, 0, 1, 1, 1]);
  assert.deepEqual([...broadcastIndices([3], [2, 3])], [0, 1, 2, 0, 1, 2]);
  assert.deepEqual([...broadcastIndices([2, 1, 2], [2, 2, 2])], [0, 1, 0, 1, 2, 3, 2, 3]);
});

/** A shape of rank 1 to 4 with ones, odd sizes and primes. */
function randomShape(random: Random): Shape {
  return Array.from({ length: whole(random, 1, 4) }, () => pick(random, [1, 1, 2, 3, 4, 5, 7]));
}

/** A shape that broadcasts against another: some dimensions 1, some leading ones left out. */
function partner(random: Random, shape: Shape): Shape {
  const chosen = shape.map((size) => random() < 0.3 ? 1 : size);
  return random() < 0.3 ? chosen.slice(whole(random, 0, chosen.length - 1)) : chosen;
}

function randomConstant(random: Random, shape: Shape): FloatTensor {
  const size = 10 ** (2 * random() - 1);
  const data = Float32Array.from({ length: elements(shape) }, () => size * (2 * random() - 1));
  return { shape, data };
}

/**
 * An op on two tensors: the network's input and itself, a constant, or what a dense layer makes of
 * it; in either order; scales and zero points now and then chosen at random.
 */
function binaryGraph(random: Random, op: string): Graph {
  let shape = randomShape(random);
  let other = partner(random, shape);
  if (random() < 0.5) [shape, other] = [other, shape];
  const nodes: Node[] = [];
  const constants = new Map<string, FloatTensor>();
  const encodings = new Map<string, Encoding>();
  const kind = pick(random, ["same", "constant", "dense"]);
  if (kind === "constant") {
    constants.set("b", randomConstant(random, other));
    if (random() < 0.3) encodings.set("b", randomEncoding(random));
  } else if (kind === "dense") {
    const weights = randomWeights(random, [elements(other), elements(shape)]);
    nodes.push(
      { ...plain, name: "dense", op: "dense", inputs: ["x"], output: "d", ...weights },
      {
        ...plain,
        name: "reshape",
        op: "reshape",
        inputs: ["d"],
        output: "b",
        attributes: { shape: other },
      },
    );
  }
  const inputs = kind === "same" ? ["x", "x"] : ["x", "b"];
  const activation = pick<Activation>(random, ["none", "none", "relu", "relu6", "relu_n1_to_1"]);
  if (random() < 0.5) inputs.reverse();
  nodes.push({ ...plain, name: op, op, inputs, output: "y", activation });
  if (random() < 0.3) encodings.set("x", randomEncoding(random));
  if (kind !== "dense" && random() < 0.3) encodings.set("y", randomEncoding(random));
  return verify({
    name: op,
    nodes,
    constants,
    encodings,
    input: "x",
    output: "y",
    notes: [],
    rounding: pick(random, ["single", "tflite"]),
  }, shape);
}

for (const op of ["add", "sub", "mul", "max", "min"]) {
  Deno.test(`${op} means the same everywhere`, () => tryOp((random) => binaryGraph(random, op)));
}
