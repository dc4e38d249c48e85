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
  const readers = countReaders(graph);
  const nodes: Node[] = [];
  // Where in `nodes` each tensor is written.
  const places = new Map<string, number>();
  // What is written into the producer of its input is that input from then on.
  const aliases = new Map<string, string>();
  const resolve = (name: string) => aliases.get(name) ?? name;
  for (const original of graph.nodes) {
    const node = { ...original, inputs: original.inputs.map(resolve) };
    const [input] = node.inputs as [string];
    const activation = activationOf(node);
    const target = activation === undefined
      ? undefined
      : targetOf({ graph, nodes, places, readers }, activation, node.output, input);
    if (target === undefined) {
      places.set(node.output, nodes.push(node) - 1);
      continue;
    }
    nodes[target.at] = { ...nodes[target.at]!, activation: target.activation };
    aliases.set(node.output, input);
    readers.set(input, readers.get(node.output) ?? 0);
  }
  const output = resolve(graph.output);
  return verify({ ...graph, nodes, output }, graph.tensors.get(graph.input)!);
}

/** How many nodes read each tensor; whoever runs the network reads the output. */
function countReaders({ nodes, output }: Graph): Map<string, number> {
  const readers = new Map([[output, 1]]);
  for (const { inputs } of nodes) {
    for (const name of new Set(inputs)) readers.set(name, (readers.get(name) ?? 0) + 1);
  }
  return readers;
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

/** The graph as far as it has been gone through. */
interface Progress {
  readonly graph: Graph;
  readonly nodes: readonly Node[];
  readonly places: ReadonlyMap<string, number>;
  readonly readers: ReadonlyMap<string, number>;
}

/** The op that can take over an activation of `tensor`, and the activation it then has. */
function targetOf(
  progress: Progress,
  activation: Activation,
  result: string,
  tensor: string,
): { at: number; activation: Activation } | undefined {
  const { graph, nodes, places, readers } = progress;
  // The closest one that can, unless those before it only move values; then the farthest of them.
  let found: { at: number; activation: Activation } | undefined;
  for (let from: string | undefined = tensor; from !== undefined;) {
    const at = places.get(from);
    if (at === undefined || readers.get(from) !== 1) break;
    if (!keepsEncoding(graph, from, result)) break;
    const node: Node = nodes[at]!;
    const both = intersection(node.activation, activation);
    if (limiting.has(node.op) && both !== undefined) found = { at, activation: both };
    const commutes = commuting.has(node.op) && node.activation === "none";
    from = commutes ? node.inputs[0] : undefined;
  }
  return found;
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
