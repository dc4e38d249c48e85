import assert from "node:assert/strict";
import { elements } from "../../ops/op.ts";
import type { Attributes, Encoding, FloatTensor, Graph, Node, Shape } from "../../types.ts";
import { floatRunner } from "../float.ts";
import { verify } from "../verify.ts";
import { removeNoops } from "./remove_noops.ts";

const node = (op: string, output: string, inputs: string[], attributes: Attributes = {}): Node => ({
  name: output,
  op,
  inputs,
  output,
  attributes,
  activation: "none",
});

const constants = new Map<string, FloatTensor>([
  ["zero", { shape: [1], data: Float32Array.of(0) }],
  ["one", { shape: [4], data: Float32Array.of(1, 1, 1, 1) }],
  ["column", { shape: [5, 1], data: new Float32Array(5) }],
]);

function graphOf(shape: Shape, nodes: readonly Node[], encodings?: Map<string, Encoding>): Graph {
  const output = nodes.at(-1)!.output;
  const rest = encodings === undefined ? {} : { encodings };
  return verify({ name: "g", nodes, input: "x", output, notes: [], constants, ...rest }, shape);
}

/** The ops that are left; the results are the same. */
function left(graph: Graph): string[] {
  const after = removeNoops(graph);
  const size = elements(graph.tensors.get(graph.input)!);
  const sample = Float32Array.from({ length: size }, (_, i) => i - 2);
  assert.deepEqual(floatRunner(after)(sample), floatRunner(graph)(sample));
  return after.nodes.map(({ op }) => op);
}

Deno.test("what gives back its input is left out", () => {
  const graph = graphOf([2, 4], [
    node("reshape", "a", ["x"], { shape: [2, 4] }),
    node("transpose", "b", ["a"], { permutation: [0, 1] }),
    node("slice", "c", ["b"], { begin: [0, 0], size: [2, 4], stride: [1, 1] }),
    node("pad", "d", ["c"], { before: [0, 0], after: [0, 0], value: 3 }),
    node("concat", "e", ["d"], { axis: 0 }),
    node("add", "f", ["zero", "e"]),
    node("sub", "g", ["f", "zero"]),
    node("mul", "h", ["g", "one"]),
    node("relu", "y", ["h"]),
  ]);
  assert.deepEqual(left(graph), ["relu"]);
  assert.deepEqual([...removeNoops(graph).constants!.keys()], []);
});

Deno.test("what does something stays", () => {
  const ops = (nodes: readonly Node[], encodings?: Map<string, Encoding>) =>
    left(graphOf([1, 4], nodes, encodings));
  assert.deepEqual(ops([node("sub", "a", ["zero", "x"])]), ["sub"]);
  assert.deepEqual(ops([node("add", "a", ["x", "column"])]), ["add"]);
  assert.deepEqual(ops([{ ...node("add", "a", ["x", "zero"]), activation: "relu" }]), ["add"]);
  assert.deepEqual(
    ops([node("slice", "a", ["x"], { begin: [0, 3], size: [1, 4], stride: [1, -1] })]),
    ["slice"],
  );
  // Something has to write the output.
  assert.deepEqual(ops([node("add", "a", ["x", "zero"])]), ["add"]);
  const encoded = new Map([["a", { scale: 2, zeroPoint: 0 }], ["x", { scale: 1, zeroPoint: 0 }]]);
  const relu = node("relu", "y", ["a"]);
  assert.deepEqual(ops([node("add", "a", ["x", "zero"]), relu], encoded), ["add", "relu"]);
  assert.deepEqual(ops([node("concat", "a", ["x"], { axis: 0 }), relu], encoded), [
    "concat",
    "relu",
  ]);
});

Deno.test("transposes merge with those before them", () => {
  const transposes = [
    node("transpose", "a", ["x"], { permutation: [2, 0, 1] }),
    node("transpose", "b", ["a"], { permutation: [2, 1, 0] }),
    node("transpose", "c", ["b"], { permutation: [1, 0, 2] }),
  ];
  const two = graphOf([2, 3, 4], [...transposes.slice(0, 2), node("relu", "y", ["b"])]);
  assert.deepEqual(left(two), ["transpose", "relu"]);
  assert.deepEqual(removeNoops(two).nodes[0]!.attributes, { permutation: [1, 0, 2] });
  const three = graphOf([2, 3, 4], [...transposes, node("relu", "y", ["c"])]);
  assert.deepEqual(left(three), ["relu"]);
});

Deno.test("a transpose that moves only ones is a reshape", () => {
  const graph = graphOf([1, 3, 4], [
    node("transpose", "a", ["x"], { permutation: [1, 0, 2] }),
    node("reshape", "b", ["a"], { shape: [12] }),
    node("relu", "c", ["b"]),
    node("reshape", "d", ["c"], { shape: [3, 4] }),
    node("reshape", "e", ["d"], { shape: [12] }),
    node("relu", "y", ["e"]),
  ]);
  assert.deepEqual(left(graph), ["reshape", "relu", "relu"]);
});

Deno.test("a network of nothing else keeps what it has", () => {
  const nodes = [
    node("transpose", "a", ["x"], { permutation: [1, 0] }),
    node("transpose", "b", ["a"], { permutation: [1, 0] }),
    node("reshape", "y", ["b"], { shape: [8] }),
  ];
  assert.deepEqual(left(graphOf([2, 4], nodes)), nodes.map(({ op }) => op));
});
