import assert from "node:assert/strict";
import { pick, randomEncoding, randomWeights, single, whole } from "../../tests/op_graphs.ts";
import { type Random, tryOp } from "../../tests/op_trials.ts";
import { floatRunner } from "../graph/float.ts";
import { verify } from "../graph/verify.ts";
import type { Attributes, Encoding, Graph, Node, Shape } from "../types.ts";
import { elements } from "./op.ts";

const plain = { attributes: {}, activation: "none" } as const;

/** A shape of some rank with ones, odd sizes and primes. */
function randomShape(random: Random, rank: number): Shape {
  return Array.from({ length: rank }, () => pick(random, [1, 1, 2, 3, 4, 5, 7]));
}

/** One op that moves values, on an input whose zero point is anywhere. */
function moved(random: Random, op: string, shape: Shape, attributes: Attributes): Graph {
  return single(random, op, shape, { attributes }, new Map([["x", randomEncoding(random)]]));
}

function randomSlice(random: Random): Graph {
  const shape = randomShape(random, whole(random, 1, 4));
  const ranges = shape.map((length) => {
    const [low, high] = [whole(random, 0, length - 1), whole(random, 0, length - 1)].sort();
    const step = whole(random, 1, 3);
    const size = Math.floor((high! - low!) / step) + 1;
    if (random() < 0.3) return { begin: low! + (size - 1) * step, size, stride: -step };
    return random() < 0.3
      ? { begin: 0, size: length, stride: 1 }
      : { begin: low!, size, stride: step };
  });
  return moved(random, "slice", shape, {
    begin: ranges.map(({ begin }) => begin),
    size: ranges.map(({ size }) => size),
    stride: ranges.map(({ stride }) => stride),
  });
}

function randomTranspose(random: Random): Graph {
  const shape = randomShape(random, whole(random, 1, 5));
  const permutation = shape.map((_, i) => ({ i, key: random() })).sort((a, b) => a.key - b.key)
    .map(({ i }) => i);
  return moved(random, "transpose", shape, { permutation });
}

function randomPad(random: Random): Graph {
  const shape = randomShape(random, whole(random, 1, 4));
  const margin = () => shape.map(() => random() < 0.4 ? 0 : whole(random, 1, 3));
  const value = pick(random, [0, 0, 1.3, -0.02, -Infinity]);
  return moved(random, "pad", shape, { before: margin(), after: margin(), value });
}

function randomResize(random: Random): Graph {
  const [alignCorners, halfPixelCenters] = pick(random, [
    [false, false],
    [true, false],
    [false, true],
    [true, true],
  ]);
  const size = [whole(random, 1, 9), whole(random, 1, 9)];
  return moved(random, "resize_nearest", randomShape(random, 3), {
    size,
    alignCorners,
    halfPixelCenters,
  });
}

/** Joins the input, what a dense layer makes of it, and a constant, some more than once. */
function randomConcat(random: Random): Graph {
  const rank = whole(random, 1, 4);
  const shape = randomShape(random, rank);
  const axis = whole(random, 0, rank - 1);
  const along = (size: number) => shape.with(axis, size);
  const encodings = new Map<string, Encoding>();
  const dense = along(whole(random, 1, 3));
  const constant = along(whole(random, 1, 3));
  const nodes: Node[] = [
    {
      ...plain,
      name: "dense",
      op: "dense",
      inputs: ["x"],
      output: "d",
      ...randomWeights(random, [elements(dense), elements(shape)]),
    },
    {
      ...plain,
      name: "r",
      op: "reshape",
      inputs: ["d"],
      output: "b",
      attributes: { shape: dense },
    },
  ];
  const inputs = Array.from({ length: whole(random, 1, 4) }, () => pick(random, ["x", "b", "c"]));
  const uses = (name: string) => inputs.includes(name);
  if (random() < 0.5) encodings.set("x", randomEncoding(random));
  if (random() < 0.5) {
    for (const name of ["x", "c", "y", "d"]) encodings.set(name, { scale: 0.03, zeroPoint: 3 });
  }
  const data = Float32Array.from({ length: elements(constant) }, () => 2 * random() - 1);
  nodes.push({ ...plain, name: "concat", op: "concat", inputs, output: "y", attributes: { axis } });
  return verify({
    name: "concat",
    nodes: uses("b") ? nodes : nodes.slice(2),
    constants: uses("c") ? new Map([["c", { shape: constant, data }]]) : new Map(),
    encodings,
    input: "x",
    output: "y",
    notes: [],
    rounding: pick(random, ["single", "tflite"]),
  }, shape);
}

Deno.test("slice means the same everywhere", () => tryOp(randomSlice));
Deno.test("transpose means the same everywhere", () => tryOp(randomTranspose));
Deno.test("pad means the same everywhere", () => tryOp(randomPad));
Deno.test("resize_nearest means the same everywhere", () => tryOp(randomResize));
Deno.test("concat means the same everywhere", () => tryOp(randomConcat));

/** What one op makes of 0, 1, 2 … in an input of some shape. */
function run(op: string, shape: Shape, attributes: Attributes): number[] {
  const node = { ...plain, name: op, op, inputs: ["x"], output: "y", attributes };
  const graph = verify({ name: op, nodes: [node], input: "x", output: "y", notes: [] }, shape);
  return [...floatRunner(graph)(Float32Array.from({ length: elements(shape) }, (_, i) => i))];
}

Deno.test("slices go forwards, backwards and in steps", () => {
  assert.deepEqual(run("slice", [2, 5], { begin: [1, 4], size: [1, 3], stride: [1, -2] }), [
    9,
    7,
    5,
  ]);
  assert.throws(
    () => run("slice", [4], { begin: [1], size: [2], stride: [3] }),
    /takes 2 elements from 1 on, 3 apart, along dimension 0 of 4/,
  );
});

Deno.test("a transpose's axis i is the input's axis permutation[i]", () => {
  assert.deepEqual(run("transpose", [2, 3], { permutation: [1, 0] }), [0, 3, 1, 4, 2, 5]);
  assert.throws(() => run("transpose", [2, 3], { permutation: [1, 1] }), /by \[1, 1\]/);
});

Deno.test("pads surround the input", () => {
  const padded = run("pad", [1, 2], { before: [1, 0], after: [0, 1], value: 9 });
  assert.deepEqual(padded, [9, 9, 9, 0, 1, 9]);
  assert.throws(() => run("pad", [2], { before: [-1], after: [0], value: 0 }), /at least 0/);
});

Deno.test("resizing takes TensorFlow's nearest pixels", () => {
  const resize = (to: number, alignCorners: boolean, halfPixelCenters: boolean) =>
    run("resize_nearest", [1, 4, 1], { size: [1, to], alignCorners, halfPixelCenters });
  assert.deepEqual(resize(8, false, false), [0, 0, 1, 1, 2, 2, 3, 3]);
  assert.deepEqual(resize(3, false, false), [0, 1, 2]);
  assert.deepEqual(resize(3, false, true), [0, 2, 3]);
  assert.deepEqual(resize(3, true, false), [0, 2, 3]);
});
