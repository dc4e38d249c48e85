import type { Graph } from "../../types.ts";

/**
 * Leaves out the nodes whose results do not reach the output, and the constants that no node left
 * reads. The order of the others is kept.
 */
export function removeDead<G extends Pick<Graph, "nodes" | "output" | "constants">>(graph: G): G {
  const needed = new Set([graph.output]);
  // Backwards: whoever reads a tensor comes after whoever writes it.
  const nodes = graph.nodes.toReversed().filter((node) => {
    if (!needed.has(node.output)) return false;
    for (const input of node.inputs) needed.add(input);
    return true;
  });
  const rest = { ...graph, nodes: nodes.toReversed() };
  if (graph.constants === undefined) return rest;
  return { ...rest, constants: new Map([...graph.constants].filter(([name]) => needed.has(name))) };
}
