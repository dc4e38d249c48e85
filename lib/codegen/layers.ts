import { opOf } from "../ops/mod.ts";
import { contextOf, type Emission } from "../ops/op.ts";
import type { QuantizedGraph, QuantizedNode } from "../types.ts";
import type { Chain } from "./chain.ts";
import { chooseChains } from "./chains.ts";
import { chooseKernel, type Choosing } from "./choose.ts";
import { toIdentifiers } from "./literals.ts";

/** A layer that has code. */
export interface Emitted {
  readonly node: QuantizedNode;
  readonly identifier: string;
  readonly emission: Emission;
  readonly kernel: string;
  readonly why: string;
  /** Rough cycles of one inference. */
  readonly cycles: number;
  /** The layers it is computed with, strip by strip. */
  readonly chain?: Chain;
}

/** Chooses how every layer is computed, and writes its C. */
export function emitLayers(
  graph: QuantizedGraph,
  choosing: Choosing,
  { strips }: { readonly strips: boolean },
): { layers: Emitted[]; chains: readonly Chain[] } {
  const nodes = graph.nodes.filter((node) => opOf(node.op).emit !== undefined);
  const identifiers = toIdentifiers(nodes.map((node) => node.name));
  const singles = nodes.map((node, i) => ({
    node,
    choice: chooseKernel(node, contextOf(graph, node), identifiers[i]!, choosing),
  }));
  const chains = strips ? chooseChains(graph, singles, choosing) : [];
  const layers = singles.map(({ node, choice }, i): Emitted => {
    const identifier = identifiers[i]!;
    for (const chain of chains) {
      const layer = chain.layers.find((candidate) => candidate.node === node);
      if (layer === undefined) continue;
      const { kernel, why, emit } = layer;
      const place = `${chain.strips} strips with ${
        chain.layers.filter((other) => other !== layer).map((other) => other.node.name).join(", ")
      }`;
      return {
        node,
        identifier,
        kernel,
        why: `${why}; in ${place}`,
        cycles: choice.cycles,
        emission: emit(identifier),
        chain,
      };
    }
    const { kernel, why, cycles, emission } = choice;
    return { node, identifier, kernel, why, cycles, emission };
  });
  return { layers, chains };
}
