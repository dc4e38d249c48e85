import assert from "node:assert/strict";
import { randomInputs } from "../../../tests/random_graph.ts";
import { noPadding } from "../../ops/window.ts";
import { quantize } from "../../quantize/quantize.ts";
import { referenceRunner } from "../../run/reference.ts";
import type { Encoding, Graph, Node } from "../../types.ts";
import { floatRunner } from "../float.ts";
import { verify } from "../verify.ts";
import { fuseActivations } from "./fuse_activations.ts";

const plain = { attributes: {}, activation: "none" } as const;
const dense = (name: string, input: string): Node => ({
  ...plain,
  name,
  op: "dense",
  inputs: [input],
  output: name,
  weights: { shape: [4, 4], data: Float32Array.from({ length: 16 }, (_, i) => (i * 7 % 16) - 8) },
  bias: Float32Array.of(1, -1, 2, -2),
});
const relu = (name: string, input: string): Node => ({
  ...plain,
  name,
  op: "relu",
  inputs: [input],
  output: name,
});
const graphOf = (nodes: Node[]): Graph =>
  verify({ name: "g", nodes, input: "x", output: nodes.at(-1)!.output, notes: [] }, [2, 2, 1]);

Deno.test("a relu moves through pools and reshapes into the dense layer, without changing results", () => {
  const window = { kernel: [1, 2], stride: [1, 2], dilation: [1, 1], padding: noPadding };
  const graph = graphOf([
    dense("a", "x"),
    {
      ...plain,
      name: "r",
      op: "reshape",
      inputs: ["a"],
      output: "r",
      attributes: { shape: [2, 2, 1] },
    },
    { ...plain, name: "p", op: "max_pool", inputs: ["r"], output: "p", attributes: window },
    relu("z", "p"),
  ]);
  const fused = fuseActivations(graph);
  assert.deepEqual(fused.nodes.map(({ op, activation }) => [op, activation]), [
    ["dense", "relu"],
    ["reshape", "none"],
    ["max_pool", "none"],
  ]);
  const before = floatRunner(graph);
  const after = floatRunner(fused);
  for (const input of randomInputs(graph, 50, 1)) assert.deepEqual(after(input), before(input));
});

Deno.test("a relu stays on the network's input, and behind a tensor that others read", () => {
  const onInput = fuseActivations(graphOf([relu("z", "x"), dense("a", "z")]));
  assert.deepEqual(onInput.nodes.map(({ op }) => op), ["relu", "dense"]);
  const shared = fuseActivations(graphOf([dense("a", "x"), relu("z", "a"), dense("b", "a")]));
  assert.equal(shared.nodes[0]!.activation, "none");
});

const clip = (name: string, input: string, low: number, high: number): Node => ({
  ...plain,
  name,
  op: "clip",
  inputs: [input],
  output: name,
  attributes: { low, high },
});

Deno.test("clips with the limits of an activation are fused, others are not; two become one", () => {
  const fused = (...limits: [number, number][]) =>
    fuseActivations(graphOf([
      dense("a", "x"),
      ...limits.map(([low, high], i) => clip(`c${i}`, i === 0 ? "a" : `c${i - 1}`, low, high)),
    ])).nodes.map(({ op, activation }) => `${op} ${activation}`);
  assert.deepEqual(fused([0, 6]), ["dense relu6"]);
  assert.deepEqual(fused([-1, 1]), ["dense relu_n1_to_1"]);
  assert.deepEqual(fused([0, Infinity], [0, 6], [0, Infinity]), ["dense relu6"]);
  assert.deepEqual(fused([0, 3.4028235e38]), ["dense relu"]);
  assert.deepEqual(fused([0, 5]), ["dense none", "clip none"]);
  assert.deepEqual(fused([-1, 1], [0, 6]), ["dense relu_n1_to_1", "clip none"]);
});

Deno.test("a pool takes an activation that its producer cannot; sums take theirs", () => {
  const window = { kernel: [1, 1], stride: [1, 1], dilation: [1, 1], padding: noPadding };
  const pool: Node = {
    ...plain,
    name: "p",
    op: "max_pool",
    inputs: ["x"],
    output: "p",
    attributes: window,
  };
  const pooled = fuseActivations(graphOf([pool, relu("z", "p")]));
  assert.deepEqual(pooled.nodes.map(({ op, activation }) => `${op} ${activation}`), [
    "max_pool relu",
  ]);
  const sum: Node = { ...plain, name: "s", op: "add", inputs: ["a", "b"], output: "s" };
  const added = fuseActivations(graphOf([dense("a", "x"), dense("b", "x"), sum, relu("z", "s")]));
  assert.equal(added.nodes.at(-1)!.activation, "relu");
});

Deno.test("an activation that changes the scale stays; one that keeps it changes no byte", () => {
  const graph = graphOf([dense("a", "x"), relu("z", "a"), dense("b", "z")]);
  const x = { scale: 0.02, zeroPoint: 3 };
  const a = { scale: 0.05, zeroPoint: -10 };
  const b = { scale: 0.3, zeroPoint: 0 };
  const withEncodings = (z: Encoding): Graph => ({
    ...graph,
    encodings: new Map(Object.entries({ x, a, z, b })),
  });
  assert.equal(fuseActivations(withEncodings({ scale: 0.025, zeroPoint: -128 })).nodes.length, 3);
  const before = quantize(withEncodings(a), []);
  const fused = quantize(fuseActivations(withEncodings(a)), []);
  assert.equal(fused.nodes.length, 2);
  const [runBefore, runAfter] = [referenceRunner(before), referenceRunner(fused)];
  for (let i = 0; i < 50; i++) {
    const input = Int8Array.from({ length: 4 }, (_, k) => (i * 37 + k * 91) % 256 - 128);
    assert.deepEqual(runAfter(input), runBefore(input));
  }
});

Deno.test("thousands of moves and relus take no time to speak of", () => {
  const shape = (i: number) => i % 2 === 0 ? [2, 2] : [4];
  const moves = Array.from({ length: 5000 }, (_, i): Node => ({
    ...plain,
    name: `m${i}`,
    op: "reshape",
    inputs: [i === 0 ? "a" : `m${i - 1}`],
    output: `m${i}`,
    attributes: { shape: shape(i) },
  }));
  const relus = Array.from(
    { length: 100 },
    (_, i) => relu(`r${i}`, i === 0 ? moves.at(-1)!.output : `r${i - 1}`),
  );
  const graph = graphOf([dense("a", "x"), ...moves, ...relus]);
  const start = performance.now();
  const fused = fuseActivations(graph);
  assert.ok(performance.now() - start < 5000);
  assert.equal(fused.nodes.length, 5001);
  assert.equal(fused.nodes[0]!.activation, "relu");
});
