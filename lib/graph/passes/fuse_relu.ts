import type { Graph, Node } from "../../types.ts";
import { verify } from "../verify.ts";

/**
 * Moves every relu into the op that produces its input, through max pools and reshapes, which it
 * commutes with: the clamp is then part of a requantization and costs nothing. A relu whose
 * producer is read by others, or that acts on the network's input, stays where it is.
 */
export function fuseRelu(graph: Graph): Graph {
  const nodes = [...graph.nodes];
  let output = graph.output;
  for (let i = 0; i < nodes.length; i++) {
    const relu = nodes[i]!;
    if (relu.op !== "relu") continue;
    const target = producerOf(nodes, relu.inputs[0]!, output);
    if (target === undefined) continue;
    nodes[target] = { ...nodes[target]!, activation: "relu" };
    nodes.splice(i, 1);
    // The relu's readers now read what the relu read.
    for (let j = i; j < nodes.length; j++) {
      nodes[j] = rename(nodes[j]!, relu.output, relu.inputs[0]!);
    }
    if (output === relu.output) output = relu.inputs[0]!;
    i--;
  }
  return verify({ ...graph, nodes, output }, graph.tensors.get(graph.input)!);
}

/** Index of the op that can take over a relu on `tensor`. */
function producerOf(nodes: readonly Node[], tensor: string, output: string): number | undefined {
  const readers = nodes.filter((node) => node.inputs.includes(tensor));
  const at = nodes.findIndex((node) => node.output === tensor);
  if (at < 0 || readers.length !== 1 || tensor === output) return undefined;
  const node = nodes[at]!;
  if (node.op === "conv2d" || node.op === "dense") return at;
  if (node.op !== "max_pool" && node.op !== "reshape") return undefined;
  return producerOf(nodes, node.inputs[0]!, output);
}

function rename(node: Node, from: string, to: string): Node {
  return { ...node, inputs: node.inputs.map((name) => name === from ? to : name) };
}
