import assert from "node:assert/strict";
import { randomInputs } from "../../../tests/random_graph.ts";
import { noPadding } from "../../ops/window.ts";
import { quantize } from "../../quantize/quantize.ts";
import { referenceRunner } from "../../run/reference.ts";
import type { Graph, Node } from "../../types.ts";
import { floatRunner } from "../float.ts";
import { verify } from "../verify.ts";
import { foldPads } from "./fold_pads.ts";

const plain = { attributes: {}, activation: "none" } as const;
const geometry = { kernel: [3, 2], stride: [2, 1], dilation: [1, 1], padding: noPadding };
const padNode = (value: number, input = "x", output = "padded", channels = 0): Node => ({
  ...plain,
  name: output,
  op: "pad",
  inputs: [input],
  output,
  attributes: { before: [1, 0, 0], after: [2, 1, channels], value },
});
const windowNode = (op: string, rest: Partial<Node> = {}): Node => ({
  ...plain,
  name: op,
  op,
  inputs: ["padded"],
  output: "y",
  attributes: geometry,
  ...rest,
});
const weights = (...shape: number[]) => {
  const size = shape.reduce((product, d) => product * d, 1);
  return {
    weights: { shape, data: Float32Array.from({ length: size }, (_, i) => (i * 5 % 9) - 4) },
    bias: Float32Array.from({ length: shape[0]! }, (_, i) => i - 1),
  };
};
const graphOf = (...nodes: Node[]): Graph =>
  verify({ name: "g", nodes, input: "x", output: "y", notes: [] }, [5, 4, 2]);
const opsOf = (graph: Graph) => graph.nodes.map(({ op }) => op);

/** Asserts that folding leaves one node less and the meaning as it is, in floats and in codes. */
function foldsAway(graph: Graph, left: readonly string[]): Graph {
  const folded = foldPads(graph);
  assert.deepEqual(opsOf(folded), left);
  const [before, after] = [floatRunner(graph), floatRunner(folded)];
  const inputs = randomInputs(graph, 20, 1);
  for (const input of inputs) assert.deepEqual(after(input), before(input));
  const whole = quantize(graph, inputs, { calibrator: "max" });
  const integer = referenceRunner(quantize(folded, inputs, { calibrator: "max" }));
  const reference = referenceRunner(whole);
  for (let i = 0; i < 20; i++) {
    const codes = Int8Array.from({ length: 40 }, (_, k) => (i * 37 + k * 91) % 256 - 128);
    assert.deepEqual(integer(codes), reference(codes));
  }
  return folded;
}

Deno.test("zeros around a convolution become its padding", () => {
  foldsAway(graphOf(padNode(0), windowNode("conv2d", weights(3, 3, 2, 2))), ["conv2d"]);
  foldsAway(graphOf(padNode(0), windowNode("depthwise_conv2d", weights(4, 3, 2))), [
    "depthwise_conv2d",
  ]);
});

Deno.test("pads of pads, and of windows that have padding of their own, add up", () => {
  const padding = { top: 1, bottom: 0, left: 0, right: 2 };
  const conv = windowNode("conv2d", {
    ...weights(3, 3, 2, 2),
    inputs: ["twice"],
    attributes: { ...geometry, padding },
  });
  const graph = graphOf(padNode(0), padNode(0, "padded", "twice"), conv);
  const { nodes: [folded] } = foldsAway(graph, ["conv2d"]);
  assert.deepEqual(
    (folded!.attributes as typeof geometry).padding,
    { top: 3, bottom: 4, left: 0, right: 4 },
  );
});

Deno.test("an average pool counts the zeros", () => {
  const pool = (countPadding: boolean, padding = {}) =>
    windowNode("average_pool", {
      attributes: { ...geometry, padding: { ...noPadding, ...padding }, countPadding },
    });
  foldsAway(graphOf(padNode(0), pool(false)), ["average_pool"]);
  foldsAway(graphOf(padNode(0), pool(true, { top: 1 })), ["average_pool"]);
  assert.equal(foldPads(graphOf(padNode(0), pool(false, { top: 1 }))).nodes.length, 2);
});

Deno.test("a max pool takes in what cannot be the largest", () => {
  const pool = windowNode("max_pool");
  foldsAway(graphOf(padNode(-3e38), pool), ["max_pool"]);
  foldsAway(graphOf(padNode(0), { ...pool, activation: "relu" }), ["max_pool"]);
  const relu: Node = { ...plain, name: "r", op: "relu", inputs: ["x"], output: "r" };
  foldsAway(graphOf(relu, padNode(0, "r"), pool), ["relu", "max_pool"]);
  assert.equal(foldPads(graphOf(padNode(0), pool)).nodes.length, 2);
});

Deno.test("a pad stays if it is of another value, of channels, read otherwise, or changes the scale", () => {
  const conv = windowNode("conv2d", weights(3, 3, 2, 2));
  assert.equal(foldPads(graphOf(padNode(1), conv)).nodes.length, 2);
  const wider = windowNode("conv2d", weights(3, 3, 2, 3));
  assert.equal(foldPads(graphOf(padNode(0, "x", "padded", 1), wider)).nodes.length, 2);
  const other = windowNode("max_pool", { output: "z" });
  const both = foldPads(graphOf(padNode(0), conv, { ...other, name: "z" }));
  assert.deepEqual(opsOf(both), ["pad", "conv2d", "max_pool"]);
  assert.deepEqual(both.nodes[1]!.inputs, ["x"]);
  const encodings = new Map([["padded", { scale: 0.1, zeroPoint: 0 }]]);
  assert.equal(foldPads({ ...graphOf(padNode(0), conv), encodings }).nodes.length, 2);
});
