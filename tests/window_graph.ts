import { verify } from "../lib/graph/verify.ts";
import type { Graph, Node, Rounding, Shape } from "../lib/types.ts";
import { randomWeights } from "./op_graphs.ts";
import { seededRandom } from "./random_graph.ts";

/** A network with every op that has a window or reduces, one after the other. */
export function windowGraph(rounding: Rounding): Graph {
  const random = seededRandom(1);
  const padding = { top: 1, bottom: 1, left: 0, right: 1 };
  const window = { kernel: [3, 2], stride: [1, 1], dilation: [1, 1], padding };
  const wide = { ...window, dilation: [2, 1], padding: { ...padding, top: 0 } };
  // Without padding above and to the left, a pool works in place.
  const late = { ...window, padding: { ...padding, top: 0 } };
  const weights = (...shape: Shape) => randomWeights(random, shape);
  const slope = { shape: [5], data: Float32Array.of(0.1, -0.3, 0, 1.5, 0.25) };
  const steps: readonly (readonly [op: string, rest: Partial<Node>])[] = [
    ["conv2d", { attributes: { ...window, groups: 2 }, ...weights(6, 3, 2, 3) }],
    ["depthwise_conv2d", { attributes: window, ...weights(12, 3, 2) }],
    ["depthwise_conv2d", { attributes: wide, ...weights(12, 3, 2), activation: "relu6" }],
    ["average_pool", { attributes: { ...window, countPadding: true } }],
    ["max_pool", { attributes: wide }],
    ["conv2d_transpose", {
      attributes: { ...window, stride: [2, 2], output: [11, 13] },
      ...weights(5, 3, 2, 12),
    }],
    ["prelu", { inputs: ["", "slope"] }],
    ["quantize", {}],
    ["average_pool", { attributes: { ...late, countPadding: false } }],
    ["sum", { attributes: { axes: [1], keepDims: false } }],
    ["mean", { attributes: { axes: [0], keepDims: true } }],
  ];
  let last = "x";
  const nodes = steps.map(([op, rest], i): Node => {
    const { inputs = [""] } = rest;
    const output = `${i} ${op}`;
    const node = { name: output, op, output, attributes: {}, activation: "none", ...rest } as const;
    const reads = [last, ...inputs.slice(1)];
    last = output;
    return { ...node, inputs: reads };
  });
  const constants = new Map([["slope", slope]]);
  const graph = {
    name: "windows",
    nodes,
    constants,
    input: "x",
    output: last,
    notes: [],
    rounding,
  };
  return verify(graph, [9, 8, 6]);
}
