import assert from "node:assert/strict";
import { randomInputs, seededRandom } from "../../../tests/random_graph.ts";
import { noPadding } from "../../ops/window.ts";
import type { FloatTensor, Graph, Node } from "../../types.ts";
import { floatRunner } from "../float.ts";
import { verify } from "../verify.ts";
import { foldBatchNorm } from "./fold_batch_norm.ts";

const random = seededRandom(3);
const tensor = (...shape: number[]): FloatTensor => ({
  shape,
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random() + 0.1),
});
const node = (name: string, op: string, input: string, rest: Partial<Node> = {}): Node => ({
  name,
  op,
  inputs: [input],
  output: name,
  attributes: {},
  activation: "none",
  ...rest,
});
const normalize = (name: string, input: string, channels: number) =>
  node(name, "batch_norm", input, {
    attributes: { epsilon: 0.01 },
    parameters: new Map(
      ["gamma", "beta", "mean", "variance"].map((kind) => [kind, tensor(channels)]),
    ),
  });
const window = (kernel: number, padding: number) => ({
  kernel: [kernel, kernel],
  stride: [1, 1],
  dilation: [1, 1],
  padding: padding === 0
    ? noPadding
    : { top: padding, bottom: padding, left: padding, right: padding },
});
const linear = (name: string, op: string, input: string, weights: FloatTensor, attributes = {}) =>
  node(name, op, input, { attributes, weights, bias: tensor(weights.shape[0]!).data });

/** The ops that are left, after it is checked that they mean the same. */
function folded(
  nodes: Node[],
  shape: number[],
  constants: Graph["constants"] = new Map(),
): string[] {
  const parts = {
    name: "g",
    nodes,
    input: "x",
    output: nodes.at(-1)!.output,
    notes: [],
    constants,
  };
  const graph = verify(parts, shape);
  const after = foldBatchNorm(graph);
  const [before, run] = [floatRunner(graph), floatRunner(after)];
  for (const input of randomInputs(graph, 3, 5)) {
    const expected = before(input).slice();
    run(input).forEach((value, i) =>
      assert.ok(Math.abs(value - expected[i]!) < 1e-4 * Math.max(1, Math.abs(expected[i]!)))
    );
  }
  return after.nodes.map(({ op }) => op);
}

Deno.test("normalization becomes part of the layer before it, whatever its kind", () => {
  assert.deepEqual(
    folded([
      linear("a", "conv2d", "x", tensor(6, 3, 3, 3), window(3, 1)),
      normalize("b", "a", 6),
      linear("c", "depthwise_conv2d", "b", tensor(12, 3, 3), window(3, 1)),
      { ...normalize("d", "c", 12), activation: "relu" },
      linear("e", "conv2d_transpose", "d", tensor(2, 2, 2, 12), {
        ...window(2, 0),
        output: [6, 6],
      }),
      normalize("f", "e", 2),
      linear("g", "dense", "f", tensor(5, 72)),
      normalize("h", "g", 5),
    ], [5, 5, 3]),
    ["conv2d", "depthwise_conv2d", "conv2d_transpose", "dense"],
  );
});

Deno.test("it becomes part of the layer behind it unless that sees padding", () => {
  const conv = (groups: number, padding: number) =>
    linear("b", "conv2d", "a", tensor(4, 3, 3, 4 / groups), { ...window(3, padding), groups });
  assert.deepEqual(folded([normalize("a", "x", 4), conv(1, 0)], [5, 5, 4]), ["conv2d"]);
  assert.deepEqual(folded([normalize("a", "x", 4), conv(2, 0)], [5, 5, 4]), ["conv2d"]);
  assert.deepEqual(
    folded([normalize("a", "x", 4), conv(1, 1)], [5, 5, 4]),
    ["depthwise_conv2d", "conv2d"],
  );
  const dense = linear("b", "dense", "a", tensor(3, 20));
  assert.deepEqual(folded([normalize("a", "x", 4), dense], [5, 4]), ["dense"]);
  const depthwise = linear("b", "depthwise_conv2d", "a", tensor(8, 3, 3), window(3, 0));
  assert.deepEqual(folded([normalize("a", "x", 4), depthwise], [5, 5, 4]), ["depthwise_conv2d"]);
});

Deno.test("alone it becomes a depthwise convolution, for inputs that are no images too", () => {
  assert.deepEqual(
    folded([node("r", "relu", "x"), normalize("a", "r", 4), node("s", "relu", "a")], [6, 4]),
    ["relu", "reshape", "depthwise_conv2d", "reshape", "relu"],
  );
});

Deno.test("products and sums with constants a channel are folded, others and shared layers are not", () => {
  const constants = new Map([["k", tensor(4)], ["one", tensor(1)], ["map", tensor(5, 5, 1)]]);
  const conv = linear("a", "conv2d", "x", tensor(4, 1, 1, 2), window(1, 0));
  const nodes = [
    conv,
    node("b", "mul", "a", { inputs: ["a", "k"] }),
    node("c", "sub", "b", { inputs: ["k", "b"] }),
    node("d", "add", "c", { inputs: ["one", "c"], activation: "relu" }),
  ];
  assert.deepEqual(folded(nodes, [5, 5, 2], constants), ["conv2d"]);
  const map = node("b", "mul", "a", { inputs: ["a", "map"] });
  assert.deepEqual(folded([conv, map], [5, 5, 2], constants), ["conv2d", "mul"]);
  const shared = [nodes[0]!, nodes[1]!, node("z", "add", "b", { inputs: ["a", "b"] })];
  assert.deepEqual(folded(shared, [5, 5, 2], constants), ["conv2d", "mul", "add"]);
});
