import { contextOf, elements } from "../ops/op.ts";
import type { QuantizedGraph, QuantizedNode, Target } from "../types.ts";
import { type ArenaPlan, planArena } from "./arena.ts";
import type { Chain } from "./chain.ts";
import { bytesOf } from "./chains.ts";
import { choicesOf, type Choosing } from "./choose.ts";
import { codeBytes, kernelText } from "./kernel_text.ts";
import { joinPools } from "./pools.ts";
import { emitLayers, type Emitted } from "./layers.ts";
import { kernelsTooLarge } from "./smallest.ts";

/** Bytes that a target has for a program and all that it needs. */
export interface Limits {
  readonly flash: number;
  readonly ram: number;
}

/** How every layer is computed, and where tensors lie. */
export interface LayerPlan {
  /** The network, with convolutions and pools joined (`pools.ts`). */
  readonly graph: QuantizedGraph;
  readonly layers: readonly Emitted[];
  readonly chains: readonly Chain[];
  readonly arena: ArenaPlan;
}

/** What is not known before there is a compiler: start-up code, calls, and so on. */
const BASE = { flash: 1024, ram: 1024 };
/** Flash of a layer besides its weights: its call, its structure; and of each of its channels. */
const LAYER_BYTES = 250;
const CHANNEL_BYTES = 16;

/**
 * Chooses how every layer is computed such that the program fits: where what is best at the level is
 * too large, the layers take the next best, those first that save most for the cycles they lose.
 * Where nothing helps the program is too large, which is told when it is built.
 *
 * @param strips false to compute all layers one after the other
 */
export function planLayers(
  graph: QuantizedGraph,
  choosing: Choosing,
  options: { readonly strips: boolean; readonly limits?: Limits },
): LayerPlan {
  const apart = planGraph(graph, choosing, options);
  if (choosing.optimize !== "ram" || !options.strips) return apart;
  // Convolutions with their pools need no strips, or strips need less; which is not known before.
  const joined = joinPools(graph, { ...choosing, optimize: "balanced" });
  if (joined === graph) return apart;
  const together = planGraph(joined, choosing, options);
  return together.arena.bytes < apart.arena.bytes ? together : apart;
}

/** The same for a graph whose pools stay as they are at the level `ram`. */
function planGraph(
  graph: QuantizedGraph,
  choosing: Choosing,
  { strips, limits }: { readonly strips: boolean; readonly limits?: Limits },
): LayerPlan {
  const avoid = choosing.optimize === "size"
    ? kernelsTooLarge(graph, choosing)
    : new Map<string, Map<string, string>>();
  const plan = (chosen: Choosing, inStrips: boolean): LayerPlan => {
    const avoiding = { ...chosen, avoid };
    const joined = strips ? joinPools(graph, avoiding) : graph;
    const { layers, chains } = emitLayers(joined, avoiding, { strips: inStrips });
    const bytes = new Map(layers.map((layer) => [layer.node.name, bytesOf(layer)]));
    return { graph: joined, layers, chains, arena: planArena(joined, bytes, { chains }) };
  };
  // Strips have no part in how much flash the weights take, and take time to find.
  while (limits !== undefined) {
    const current = plan(choosing, false);
    const over = flashOf(graph, current, choosing) - limits.flash;
    if (over <= 0) break;
    const saves = (a: Emitted, b: Emitted) => a.emission.weightBytes - b.emission.weightBytes;
    if (!degrade(graph, current.layers, { choosing, avoid, saves, what: "flash", over })) break;
  }
  return smallEnough(graph, plan(choosing, strips), {
    again: () => plan(choosing, strips),
    // At last more is computed in strips, whatever that costs.
    last: () => plan({ ...choosing, optimize: "ram" }, strips),
    most: choosing.optimize === "ram" ? 0 : limits?.ram ?? Infinity,
    choosing,
    avoid,
  });
}

/** Plans that are tried for no smaller an arena. */
const PATIENCE = 3;

/** A plan that needs at most so much RAM, or as little as is found. */
function smallEnough(
  graph: QuantizedGraph,
  first: LayerPlan,
  { again, last, most, choosing, avoid }: Pick<Degrading, "choosing" | "avoid"> & {
    readonly again: () => LayerPlan;
    readonly last: () => LayerPlan;
    readonly most: number;
  },
): LayerPlan {
  const saves = (a: Emitted, b: Emitted) => a.emission.scratchBytes - b.emission.scratchBytes;
  const less = (a: LayerPlan, b: LayerPlan) => a.arena.bytes < b.arena.bytes ? a : b;
  let best = first;
  let current = first;
  for (let left = PATIENCE; ramOf(graph, best) > most && left > 0;) {
    const { alive } = current.arena;
    const full = current.layers.filter(({ node }) =>
      alive[current.graph.nodes.indexOf(node)]! >= Math.max(...alive)
    );
    const over = ramOf(graph, current) - most;
    if (!degrade(graph, full, { choosing, avoid, saves, what: "RAM", over })) break;
    current = again();
    left = current.arena.bytes < best.arena.bytes ? PATIENCE : left - 1;
    best = less(current, best);
  }
  return ramOf(graph, best) > most && choosing.optimize !== "ram" ? less(last(), best) : best;
}

/** How to make a program smaller. */
interface Degrading {
  readonly choosing: Choosing;
  readonly avoid: Map<string, Map<string, string>>;
  readonly saves: (a: Emitted, b: Emitted) => number;
  readonly what: string;
  /** Bytes too many. */
  readonly over: number;
}

/** Takes from one layer its kernel; false if no layer has another that would save anything. */
function degrade(
  graph: QuantizedGraph,
  layers: readonly Emitted[],
  { choosing, avoid, saves, what, over }: Degrading,
): boolean {
  const options = layers.flatMap((layer) => {
    const { node, identifier, kernel, cycles } = layer;
    if (kernel === "generic") return [];
    const without = new Map([...avoid.get(node.name) ?? [], [kernel, ""]]);
    const others = (each: QuantizedNode) =>
      choicesOf(each, contextOf(graph, each), identifier, {
        ...choosing,
        avoid: new Map([[node.name, without]]),
      });
    // With no other way to take its pool as well, a convolution goes without.
    const alone = graph.nodes.find(({ name }) => name === node.name)!;
    const [choice] = [...others(node), ...others(alone)];
    if (choice === undefined) return [];
    const saved = saves(layer, { ...layer, emission: choice.emission });
    return saved > 0 ? [{ layer, price: (choice.cycles - cycles) / saved }] : [];
  });
  const best = options.sort((a, b) => a.price - b.price)[0]?.layer;
  if (best === undefined) return false;
  const reasons = avoid.get(best.node.name) ?? new Map<string, string>();
  reasons.set(
    best.kernel,
    choosing.optimize === "ram" && what === "RAM"
      ? "less RAM"
      : `${Math.ceil(over / 1024)} KB too much ${what}`,
  );
  avoid.set(best.node.name, reasons);
  return true;
}

/** About how much flash a program takes. */
function flashOf(graph: QuantizedGraph, { layers }: LayerPlan, { kernels }: Choosing): number {
  const files = new Set(layers.flatMap(({ emission }) => emission.kernels));
  const code = [...files].reduce((sum, file) => sum + codeBytes(kernelText(kernels, file)), 0);
  const constants = [...graph.constants.values()].reduce((sum, { length }) => sum + length, 0);
  return layers.reduce(
    (sum, { node, emission }) =>
      sum + emission.weightBytes + LAYER_BYTES + CHANNEL_BYTES * (node.linear?.bias.length ?? 0),
    BASE.flash + constants + code,
  );
}

/** About how much RAM a program takes, the buffers of its input and output included. */
function ramOf(graph: QuantizedGraph, { arena }: LayerPlan): number {
  const edges = [graph.input, graph.output].map((name) => elements(graph.tensors.get(name)!.shape));
  return BASE.ram + arena.bytes + edges[0]! + edges[1]!;
}

/** The options of `generateC` for a target: what it has, if it has a memory map. */
export function limitsOf({ memory }: Pick<Target, "memory">): { limits?: Limits } {
  if (memory === undefined) return {};
  return { limits: { flash: memory.flash.size, ram: memory.ram.size } };
}
