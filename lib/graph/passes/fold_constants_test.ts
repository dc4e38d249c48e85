import assert from "node:assert/strict";
import { quantize } from "../../quantize/quantize.ts";
import { referenceRunner } from "../../run/reference.ts";
import type { Attributes, Encoding, Graph, Node } from "../../types.ts";
import { floatRunner } from "../float.ts";
import { verify } from "../verify.ts";
import { foldConstants } from "./fold_constants.ts";

const node = (op: string, output: string, inputs: string[], attributes: Attributes = {}): Node => ({
  name: output,
  op,
  inputs,
  output,
  attributes,
  activation: "none",
});

/** y = x + ((a + b) transposed). */
function graphOf(encodings: Map<string, Encoding>): Graph {
  const data = (from: number) => Float32Array.from({ length: 6 }, (_, i) => (from + 7 * i) * 0.25);
  return verify({
    name: "g",
    nodes: [
      node("add", "s", ["a", "b"]),
      node("transpose", "t", ["s"], { permutation: [1, 0] }),
      node("add", "y", ["x", "t"]),
    ],
    constants: new Map([
      ["a", { shape: [2, 3], data: data(-9) }],
      ["b", { shape: [2, 3], data: data(3) }],
    ]),
    encodings,
    input: "x",
    output: "y",
    notes: [],
    rounding: "tflite",
  }, [3, 2]);
}

Deno.test("nodes that read only constants become constants", () => {
  const graph = graphOf(new Map());
  const folded = foldConstants(graph);
  assert.deepEqual(folded.nodes.map(({ name }) => name), ["y"]);
  const sample = Float32Array.of(1, 2, 3, 4, 5, 6);
  assert.deepEqual(floatRunner(folded)(sample), floatRunner(graph)(sample));
});

Deno.test("constants that came quantized fold to the codes that the integers give", () => {
  const scale = 0.25;
  const encodings = new Map(["a", "b", "s", "x", "y"].map((name, i) => [
    name,
    { scale: scale * (1 + i / 7), zeroPoint: 3 * i - 4 },
  ]));
  const graph = graphOf(encodings);
  const folded = foldConstants(graph);
  assert.deepEqual(folded.nodes.map(({ name }) => name), ["y"]);
  assert.deepEqual(folded.encodings!.get("t"), encodings.get("s"));
  const codes = Int8Array.of(-128, -5, 0, 7, 99, 127);
  const run = (graph: Graph) => referenceRunner(quantize(graph, []))(codes);
  assert.deepEqual(run(folded), run(graph));
});

Deno.test("what writes the output stays", () => {
  const graph = graphOf(new Map());
  const nodes = graph.nodes.slice(0, 1);
  const folded = foldConstants(verify({ ...graph, nodes, output: "s" }, [3, 2]));
  assert.equal(folded.nodes.length, 1);
});
