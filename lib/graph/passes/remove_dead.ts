import type { Graph } from "../../types.ts";

/** Leaves out the nodes whose results do not reach the output. The order of the others is kept. */
export function removeDead<G extends Pick<Graph, "nodes" | "output">>(graph: G): G {
  const needed = new Set([graph.output]);
  // Backwards: whoever reads a tensor comes after whoever writes it.
  const nodes = graph.nodes.toReversed().filter((node) => {
    if (!needed.has(node.output)) return false;
    for (const input of node.inputs) needed.add(input);
    return true;
  });
  return { ...graph, nodes: nodes.toReversed() };
}
