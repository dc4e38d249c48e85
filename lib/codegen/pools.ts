import type { Conv2d } from "../ops/conv2d.ts";
import { contextOf } from "../ops/op.ts";
import type { Window } from "../ops/window.ts";
import type { QuantizedGraph, QuantizedNode } from "../types.ts";
import { type Choice, choicesOf, type Choosing } from "./choose.ts";

/**
 * The graph with convolutions and the 2×2 max pools behind them as one node each, where a kernel
 * computes both for fewer cycles; at the level `size` where one does at all (`smallest.ts` keeps those
 * from it that would take more flash). Codes rise with sums, so that the largest of four sums need be
 * turned into a code only.
 */
export function joinPools(graph: QuantizedGraph, choosing: Choosing): QuantizedGraph {
  if (choosing.optimize === "ram") return graph;
  const joined = new Map<QuantizedNode, QuantizedNode>();
  const gone = new Set<QuantizedNode>();
  for (const node of graph.nodes) {
    const readers = graph.nodes.filter(({ inputs }) => inputs.includes(node.output));
    const [pool] = readers;
    if (node.op !== "conv2d" || readers.length !== 1 || node.output === graph.output) continue;
    if (pool!.op !== "max_pool" || !isQuarter(pool as QuantizedNode<Window>)) continue;
    // What the pool limits must have been limited already.
    if (pool!.clamp[0] > node.clamp[0] || pool!.clamp[1] < node.clamp[1]) continue;
    const both: QuantizedNode<Conv2d> = {
      ...node,
      attributes: { ...node.attributes as Conv2d, pool: { name: pool!.name } },
      output: pool!.output,
    };
    const best = (each: QuantizedNode): Choice | undefined =>
      choicesOf(each, contextOf(graph, each), each.name, choosing)[0];
    const together = best(both);
    if (together === undefined) continue;
    const apart = best(node)!.cycles + best(pool!)!.cycles;
    if (choosing.optimize !== "size" && together.cycles >= apart) continue;
    joined.set(node, both);
    gone.add(pool!);
  }
  if (gone.size === 0) return graph;
  const nodes = graph.nodes.filter((node) => !gone.has(node))
    .map((node) => joined.get(node) ?? node);
  const whole = { ...graph, nodes };
  const trimmed = trim(whole);
  const fits = [...joined.values()].every((node) =>
    choicesOf(node, contextOf(trimmed, node), node.name, choosing).length > 0
  );
  return fits ? trimmed : whole;
}

/** The graph without the last rows and columns of joined nodes that the next convolution does not see. */
function trim(graph: QuantizedGraph): QuantizedGraph {
  const tensors = new Map(graph.tensors);
  for (const node of graph.nodes.toReversed()) {
    const [input] = node.inputs as [string];
    const producer = graph.nodes.find(({ output }) => output === input);
    const readers = graph.nodes.filter(({ inputs }) => inputs.includes(input));
    if (node.op !== "conv2d" || readers.length !== 1 || input === graph.output) continue;
    if (producer === undefined || !("pool" in producer.attributes)) continue;
    const { kernel, stride, dilation, padding, pool } = node.attributes as Conv2d;
    const output = tensors.get(node.output)!.shape;
    const tensor = tensors.get(input)!;
    const seen = ([0, 1] as const).map((i) => {
      const pixels = output[i]! * (pool === undefined ? 1 : 2);
      const end = (pixels - 1) * stride[i] + (kernel[i] - 1) * dilation[i] + 1;
      return Math.max(1, Math.min(tensor.shape[i]!, end - [padding.top, padding.left][i]!));
    });
    tensors.set(input, { ...tensor, shape: [...seen, tensor.shape[2]!] });
  }
  return { ...graph, tensors };
}

/** Whether it takes the largest of every 2×2 values that lie next to each other. */
function isQuarter({ attributes: { kernel, stride, dilation, padding } }: QuantizedNode<Window>) {
  return [...kernel, ...stride].every((size) => size === 2) &&
    dilation[0] * dilation[1] === 1 && Object.values(padding).every((size) => size === 0);
}
