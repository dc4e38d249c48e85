import { activationRange, activations } from "../../ops/activation.ts";
import type { Clip } from "../../ops/clip.ts";
import { sameEncoding } from "../../ops/recode.ts";
import type { Activation, Graph, Node } from "../../types.ts";
import { verify } from "../verify.ts";

/** Ops whose last step is to limit what they store, so that an activation costs them nothing. */
const limiting: ReadonlySet<string> = new Set([
  "add",
  "average_pool",
  "conv2d",
  "conv2d_transpose",
  "dense",
  "depthwise_conv2d",
  "max",
  "max_pool",
  "mean",
  "min",
  "mul",
  "prelu",
  "sub",
  "sum",
]);

/** Ops that only move values or choose the largest, which may as well be limited before. */
const commuting: ReadonlySet<string> = new Set([
  "max_pool",
  "reshape",
  "resize_nearest",
  "slice",
  "transpose",
]);

/**
 * Moves every relu, relu6 and clip to −1…1 into the op that produces its input, through pools and
 * moves, which it commutes with: the clamp is then part of a requantization and costs nothing. One
 * whose producer is read by others, or that acts on the network's input, stays where it is; so does
 * one that changes the scale or zero point, in a model that says what those are.
 */
export function fuseActivations(graph: Graph): Graph {
  const nodes = [...graph.nodes];
  let output = graph.output;
  for (let i = 0; i < nodes.length; i++) {
    const node = nodes[i]!;
    const activation = activationOf(node);
    if (activation === undefined) continue;
    const [input] = node.inputs as [string];
    const target = targetOf({ ...graph, nodes, output }, activation, node.output, input);
    if (target === undefined) continue;
    nodes[target.at] = { ...nodes[target.at]!, activation: target.activation };
    nodes.splice(i, 1);
    // The activation's readers now read what it read.
    for (let j = i; j < nodes.length; j++) nodes[j] = rename(nodes[j]!, node.output, input);
    if (output === node.output) output = input;
    i--;
  }
  return verify({ ...graph, nodes, output }, graph.tensors.get(graph.input)!);
}

/** The activation that a node is, if it is one. */
function activationOf({ op, attributes, activation }: Node): Activation | undefined {
  if (activation !== "none") return undefined;
  if (op === "relu") return "relu";
  if (op !== "clip") return undefined;
  const { low, high } = attributes as Clip;
  return named(orInfinite(low), orInfinite(high));
}

/** Exporters write the largest number of single precision for no limit. */
function orInfinite(limit: number): number {
  return Math.abs(limit) > 3.4e38 ? Math.sign(limit) * Infinity : limit;
}

function named(low: number, high: number): Activation | undefined {
  return activations.find((name) => {
    const range = activationRange(name);
    return range[0] === low && range[1] === high;
  });
}

/** The op that can take over an activation of `tensor`, and the activation it then has. */
function targetOf(
  graph: Graph,
  activation: Activation,
  result: string,
  tensor: string,
): { at: number; activation: Activation } | undefined {
  const { nodes, output } = graph;
  const readers = nodes.filter((node) => node.inputs.includes(tensor));
  const at = nodes.findIndex((node) => node.output === tensor);
  if (at < 0 || readers.length !== 1 || tensor === output) return undefined;
  if (!keepsEncoding(graph, tensor, result)) return undefined;
  const node = nodes[at]!;
  if (commuting.has(node.op) && node.activation === "none") {
    const before = targetOf(graph, activation, result, node.inputs[0]!);
    if (before !== undefined) return before;
  }
  const both = intersection(node.activation, activation);
  return limiting.has(node.op) && both !== undefined ? { at, activation: both } : undefined;
}

/** True if the model gives both tensors one scale and zero point, or the second takes the first's. */
function keepsEncoding({ encodings }: Graph, tensor: string, result: string): boolean {
  const [before, after] = [encodings?.get(tensor), encodings?.get(result)];
  return after === undefined || (before !== undefined && sameEncoding(before, after));
}

/** One activation after another as one, if there is such a one. */
function intersection(first: Activation, second: Activation): Activation | undefined {
  const [a, b] = [activationRange(first), activationRange(second)];
  return named(Math.max(a[0], b[0]), Math.min(a[1], b[1]));
}

function rename(node: Node, from: string, to: string): Node {
  return { ...node, inputs: node.inputs.map((name) => name === from ? to : name) };
}
