import assert from "node:assert/strict";
import { randomInputs } from "../../../tests/random_graph.ts";
import { noPadding } from "../../ops/window.ts";
import type { Graph, Node } from "../../types.ts";
import { floatRunner } from "../float.ts";
import { verify } from "../verify.ts";
import { fuseRelu } from "./fuse_relu.ts";

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
  const fused = fuseRelu(graph);
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
  const onInput = fuseRelu(graphOf([relu("z", "x"), dense("a", "z")]));
  assert.deepEqual(onInput.nodes.map(({ op }) => op), ["relu", "dense"]);
  const shared = fuseRelu(graphOf([dense("a", "x"), relu("z", "a"), dense("b", "a")]));
  assert.equal(shared.nodes[0]!.activation, "none");
});
