import type { Graph } from "../../types.ts";

/**
 * Leaves out the nodes whose results do not reach the output, and the constants that none of the
 * others reads. The order of the others is kept.
 */
export function removeDead<G extends Pick<Graph, "nodes" | "output" | "constants">>(graph: G): G {
  const needed = new Set([graph.output]);
  // Backwards: whoever reads a tensor comes after whoever writes it.
  const nodes = graph.nodes.toReversed().filter((node) => {
    if (!needed.has(node.output)) return false;
    for (const input of node.inputs) needed.add(input);
    return true;
  });
  if (graph.constants === undefined) return { ...graph, nodes: nodes.toReversed() };
  const constants = new Map([...graph.constants].filter(([name]) => needed.has(name)));
  return { ...graph, nodes: nodes.toReversed(), constants };
}
