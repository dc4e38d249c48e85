import type { Graph, Node } from "../../types.ts";
import { verify } from "../verify.ts";
import { removeDead } from "./remove_dead.ts";

/**
 * Makes x · sigmoid(x) one `silu`, and x · hard_sigmoid(x) with slope 1/6 and offset 1/2 one
 * `hard_swish`: a table each where there were a table and a product. Gates whose quantization the
 * model brings stay.
 */
export function recogniseActivations(graph: Graph): Graph {
  const producers = new Map(graph.nodes.map((node) => [node.output, node]));
  let found = false;
  const nodes = graph.nodes.map((node) => {
    const activation = gated(node, graph, producers);
    if (activation === undefined) return node;
    found = true;
    return { ...node, ...activation, attributes: {} };
  });
  if (!found) return graph;
  return verify(removeDead({ ...graph, nodes }), graph.tensors.get(graph.input)!);
}

/** The op and input of a product of a tensor with a gate of itself. */
function gated(node: Node, { encodings }: Graph, producers: ReadonlyMap<string, Node>) {
  if (node.op !== "mul" || node.inputs.length !== 2) return undefined;
  for (const [x, other] of [node.inputs, node.inputs.toReversed()] as [string, string][]) {
    const gate = producers.get(other);
    if (gate === undefined || gate.inputs[0] !== x || gate.activation !== "none") continue;
    if (encodings?.has(other)) continue;
    if (gate.op === "sigmoid") return { op: "silu", inputs: [x] };
    const { alpha, beta } = gate.attributes as { alpha?: number; beta?: number };
    const sixth = Math.abs((alpha ?? 0) - 1 / 6) < 1e-6 && beta === 0.5;
    if (gate.op === "hard_sigmoid" && sixth) return { op: "hard_swish", inputs: [x] };
  }
  return undefined;
}
