import { opOf } from "../ops/mod.ts";
import { contextOf } from "../ops/op.ts";
import type { Optimize, QuantizedGraph, QuantizedNode } from "../types.ts";
import { type ArenaPlan, type LayerBytes, planArena } from "./arena.ts";
import { type Chain, planChain } from "./chain.ts";
import type { Choice, Choosing } from "./choose.ts";
import { comesInStrips } from "./strips.ts";

/** Cycles that chains may cost beyond their layers one by one, as a share of the network's. */
const MOST_CYCLES: Readonly<Record<Optimize, number>> = {
  speed: 0.005,
  balanced: 0.05,
  size: 0,
  ram: 0.5,
};

/** Layers of a chain: the longest that are tried at first, then longer ones. */
const LENGTHS = [2, 3, 5];
/** Rows of the last layer in a strip. */
const HEIGHTS = [1, 2, 3, 4, 5, 6, 8];
/** Share of the arena that chains must save. */
const WORTH = 0.01;
/** Arenas about as small as the smallest, among which the fewest cycles decide. */
const NEAR = 0.01;

/** Nodes that follow each other, from the first to the last. */
type Run = readonly [first: number, last: number];

/** A layer as it would be computed by itself. */
export interface Single {
  readonly node: QuantizedNode;
  readonly choice: Choice;
}

/** Some chains, and what comes of them. */
interface Plan {
  readonly chains: readonly Chain[];
  /** Cycles beyond those of the layers one by one. */
  readonly more: number;
  readonly arena: ArenaPlan;
}

/**
 * Finds the layers to compute in strips: those that run while most of the arena is in use, if that
 * makes it smaller for few cycles more. At the level `speed` these are only layers that a pool
 * follows, which costs nothing; at `size` there are none, because strips take code.
 */
export function chooseChains(
  graph: QuantizedGraph,
  singles: readonly Single[],
  choosing: Choosing,
): readonly Chain[] {
  const { optimize } = choosing;
  if (optimize === "size") return [];
  const cycles = new Map(singles.map(({ node, choice }) => [node.name, choice.cycles]));
  const total = [...cycles.values()].reduce((sum, each) => sum + each, 0);
  const bytes = new Map(singles.map(({ node, choice }) => [node.name, bytesOf(choice)]));
  const possible = runsOf(graph).filter(([, last]) =>
    optimize !== "speed" || isPool(graph.nodes[last]!)
  );
  const known = new Map<string, Chain | undefined>();
  const chainOf = (run: Run, rows: number) => {
    const key = `${run} ${rows}`;
    if (!known.has(key)) known.set(key, planChain(graph, run, rows, choosing));
    return known.get(key);
  };
  const planOf = (chains: readonly Chain[]): Plan => ({
    chains,
    more: chains.reduce((sum, chain) => {
      const nodes = graph.nodes.slice(chain.first, chain.last + 1);
      return nodes.reduce((rest, { name }) => rest - cycles.get(name)!, sum + chain.cycles);
    }, 0),
    arena: planArena(graph, bytes, { chains, quick: true }),
  });
  const alone = planOf([]);
  /** One chain more, where the arena is full; undefined if none makes it smaller or less full. */
  const improve = (plan: Plan, length: number, near: number): Plan | undefined => {
    const most = Math.max(...plan.arena.alive);
    const full = fullSteps(plan.arena, most);
    // Chains that make a buffer smaller, or take it away, which is in use then.
    const wide = plan.arena.slots.filter(({ from, to }) =>
      full.some((step) => from <= step && step <= to)
    );
    const plans = possible.filter(([first, last]) =>
      last - first < length && wide.some(({ from, to }) => first <= to && from <= last) &&
      plan.chains.every((chain) => last < chain.first || chain.last < first)
    ).flatMap((run) => HEIGHTS.map((rows) => chainOf(run, rows)))
      .filter((chain) => chain !== undefined)
      .map((chain) => planOf([...plan.chains, chain]))
      .filter(({ more }) => more <= MOST_CYCLES[optimize] * total)
      .map((next) => ({
        ...next,
        full: fullSteps(next.arena, most).length,
      }))
      .filter((next) => next.full < full.length);
    const [best] = plans.sort((a, b) => a.full - b.full || a.arena.bytes - b.arena.bytes);
    if (best === undefined) return undefined;
    return plans.filter(({ full, arena }) =>
      full === best.full && arena.bytes <= best.arena.bytes * (1 + near)
    ).sort((a, b) => a.more - b.more || a.arena.bytes - b.arena.bytes)
      .find(({ chains }) => chains.at(-1)!.layers.every((layer) => layer.sharesWeights()));
  };
  // Greedy, by several measures: while another chain is to follow, a smaller arena says little.
  const plans = LENGTHS.flatMap((length) =>
    [NEAR, Infinity].map((near) => {
      let plan = alone;
      for (;;) {
        const next = improve(plan, length, near);
        if (next === undefined) return prune(plan, planOf);
        plan = next;
      }
    })
  );
  const least = Math.min(...plans.map(({ arena }) => arena.bytes));
  if (least > alone.arena.bytes * (1 - WORTH)) return [];
  return plans.filter(({ arena }) => arena.bytes <= least * (1 + NEAR))
    .sort((a, b) => a.more - b.more)[0]!.chains;
}

/** The plan without the chains that the arena is no larger without. */
function prune(plan: Plan, planOf: (chains: readonly Chain[]) => Plan): Plan {
  for (const chain of plan.chains) {
    const without = planOf(plan.chains.filter((other) => other !== chain));
    if (without.arena.bytes <= plan.arena.bytes) return prune(without, planOf);
  }
  return plan;
}

/** What a layer by itself needs of the arena. */
export function bytesOf({ emission }: Pick<Choice, "emission">): LayerBytes {
  const { scratchBytes, state, distance, distanceUnit } = emission;
  return {
    scratch: scratchBytes,
    state: state?.bytes ?? 0,
    ...(distance === undefined ? {} : { distance }),
    ...(distanceUnit === undefined ? {} : { distanceUnit }),
  };
}

/** All runs of nodes, each the only one that reads what the one before gives, that come in strips. */
function runsOf(graph: QuantizedGraph): Run[] {
  const { nodes } = graph;
  const readers = Map.groupBy(nodes.flatMap(({ inputs }) => inputs), (name) => name);
  const strips = nodes.map((node) =>
    opOf(node.op).emit !== undefined && comesInStrips(node, contextOf(graph, node))
  );
  const follows = (i: number) =>
    strips[i] && strips[i - 1] && nodes[i]!.inputs[0] === nodes[i - 1]!.output &&
    readers.get(nodes[i - 1]!.output)!.length === 1 && nodes[i - 1]!.output !== graph.output;
  const runs: Run[] = [];
  nodes.forEach((_, first) => {
    if (graph.constants.has(nodes[first]!.inputs[0]!)) return;
    for (
      let last = first + 1;
      last < Math.min(nodes.length, first + Math.max(...LENGTHS));
      last++
    ) {
      if (!follows(last)) return;
      runs.push([first, last]);
    }
  });
  return runs;
}

function isPool({ op }: QuantizedNode): boolean {
  return op === "max_pool" || op === "average_pool";
}

/** The steps at which so many bytes are alive, but for a few. */
function fullSteps({ alive }: ArenaPlan, bytes: number): number[] {
  return [...alive.keys()].filter((step) => alive[step]! > bytes * (1 - NEAR));
}
