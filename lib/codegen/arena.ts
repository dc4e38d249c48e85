import { opOf } from "../ops/mod.ts";
import { contextOf, elements } from "../ops/op.ts";
import type { ArenaSlot, QuantizedGraph, QuantizedNode } from "../types.ts";
import type { Chain } from "./chain.ts";
import { type Buffer, placeBuffers } from "./place.ts";

/** Where a tensor lives while the program runs: the caller's buffer, the arena, or flash. */
export type Place = "input" | "output" | "constant" | { readonly offset: number };

/** The arena of one program. */
export interface ArenaPlan {
  readonly bytes: number;
  readonly slots: readonly ArenaSlot[];
  /** Bytes that are alive at each step; no arena is smaller than the most of them. */
  readonly alive: readonly number[];
  /** Every tensor's place; aliases share one. */
  readonly places: ReadonlyMap<string, Place>;
  /** Offset of a layer's scratch bytes, for layers that asked for any. */
  readonly scratch: ReadonlyMap<string, number>;
  /** Offset of the bytes that a layer keeps between inferences, for layers that asked for any. */
  readonly state: ReadonlyMap<string, number>;
}

/** Arena bytes that a layer asks for besides its tensors. */
export interface LayerBytes {
  /** While it runs. */
  readonly scratch: number;
  /** From one inference to the next. */
  readonly state: number;
  /** How far before its first input its output may begin and take over the bytes; see `Emission`. */
  readonly distance?: number;
  readonly distanceUnit?: number;
}

/** How to plan. */
export interface ArenaOptions {
  /** Layers that run together, strip by strip. */
  readonly chains?: readonly Pick<Chain, "first" | "last" | "between" | "distance">[];
  /** True to spend little time: for comparing plans. */
  readonly quick?: boolean;
}

/**
 * Places every activation tensor. Tensors that are not alive at the same time share bytes; an op
 * that can work in place writes over its input, one that walks over rows may write over those it has
 * seen; the input and output buffers are the caller's.
 *
 * @param layerBytes what each layer needs besides, by layer name
 */
export function planArena(
  graph: QuantizedGraph,
  layerBytes: ReadonlyMap<string, LayerBytes>,
  { chains = [], quick = false }: ArenaOptions = {},
): ArenaPlan {
  const { homes, buffers } = assignBuffers(graph, layerBytes, chains);
  const scratch = new Map<string, Buffer>();
  const state = new Map<string, Buffer>();
  const last = graph.nodes.length - 1;
  graph.nodes.forEach(({ name }, i) => {
    const bytes = layerBytes.get(name) ?? { scratch: 0, state: 0 };
    if (bytes.scratch > 0) {
      scratch.set(name, { name: `${name}.scratch`, bytes: bytes.scratch, from: i, to: i });
    }
    if (bytes.state > 0) {
      state.set(name, { name: `${name}.state`, bytes: bytes.state, from: 0, to: last });
    }
  });
  const placed = placeBuffers([...buffers, ...scratch.values(), ...state.values()], quick);
  const offsets = (of: ReadonlyMap<string, Buffer>) =>
    new Map([...of].map(([layer, buffer]) => [layer, offsetOf(buffer)]));
  // By identity: a tensor may be called what another layer's scratch is called.
  const offsetOf = (buffer: Buffer) => placed.get(buffer)!;
  const slots = [...placed]
    .map(([{ name, bytes, from, to }, offset]): ArenaSlot => ({ name, bytes, from, to, offset }))
    .sort((a, b) => a.from - b.from || a.offset - b.offset);
  return {
    bytes: slots.reduce((end, slot) => Math.max(end, slot.offset + slot.bytes), 0),
    slots,
    alive: graph.nodes.map((_, step) => aliveBytes([...placed.keys()], step)),
    places: new Map(
      [...homes].map((
        [tensor, home],
      ) => [tensor, typeof home === "string" ? home : { offset: offsetOf(home) }]),
    ),
    scratch: offsets(scratch),
    state: offsets(state),
  };
}

/** Bytes of the buffers that are alive at a step, counting once what one takes over of another. */
function aliveBytes(buffers: readonly Buffer[], step: number): number {
  const alive = buffers.filter(({ from, to }) => from <= step && step <= to);
  return alive.reduce((sum, { bytes, over }) => {
    if (over === undefined || !alive.includes(over.buffer)) return sum + bytes;
    return sum + Math.max(over.distance, bytes - over.buffer.bytes);
  }, 0);
}

/** Gives every tensor the caller's buffer or one of the arena's, with sizes and lifetimes. */
function assignBuffers(
  graph: QuantizedGraph,
  layerBytes: ReadonlyMap<string, LayerBytes>,
  chains: NonNullable<ArenaOptions["chains"]>,
) {
  const { nodes } = graph;
  const homes = new Map<string, Buffer | Exclude<Place, object>>([[graph.input, "input"]]);
  for (const name of graph.constants.keys()) homes.set(name, "constant");
  const buffers: Buffer[] = [];
  const result = aliasRoot(graph, graph.output);
  nodes.forEach((node, i) => {
    const chain = chains.find(({ first, last }) => first <= i && i <= last);
    const between = (name: string | undefined) => chain?.between.has(name!) ?? false;
    for (const name of node.inputs) {
      const home = homes.get(name)!;
      // What is read strip by strip is alive as long as there are strips.
      if (typeof home === "object") {
        home.to = Math.max(home.to, between(name) ? i : chain?.last ?? i);
      }
    }
    const source = homes.get(node.inputs[0]!)!;
    const readLater = (home: Buffer | string) =>
      nodes.slice(i + 1).some(({ inputs }) => inputs.some((name) => homes.get(name) === home));
    if (opOf(node.op).emit === undefined) {
      homes.set(node.output, source);
      return;
    }
    if (node.output === result) {
      homes.set(node.output, "output");
      return;
    }
    const bytes = chain?.between.get(node.output) ??
      elements(graph.tensors.get(node.output)!.shape);
    const whole = chain !== undefined && !between(node.output);
    const over = inPlaceInputs(graph, node).filter((name) => between(name) === between(node.output))
      .map((name) => homes.get(name)!)
      .find((home) =>
        typeof home === "object" && !readLater(home) &&
        (!whole || onlyReader(home, nodes.slice(chain.first, i), homes))
      );
    if (typeof over === "object") {
      over.bytes = Math.max(over.bytes, bytes);
      homes.set(node.output, over);
      return;
    }
    const buffer: Buffer = { name: node.output, bytes, from: whole ? chain.first : i, to: i };
    const first = whole ? nodes[chain.first]! : node;
    const victim = homes.get(first.inputs[0]!)!;
    const { distance, distanceUnit: unit = 1 }: Partial<LayerBytes> = chain ??
      layerBytes.get(node.name) ?? {};
    if (
      typeof victim === "object" && distance !== undefined && !between(node.output) &&
      !readLater(victim) &&
      (!whole || onlyReader(victim, nodes.slice(chain.first + 1, i + 1), homes))
    ) {
      buffer.over = { buffer: victim, distance, unit };
    }
    buffers.push(buffer);
    homes.set(node.output, buffer);
  });
  return { homes, buffers };
}

/** The inputs that a node's output may be written over, element by element or row by row. */
function inPlaceInputs(graph: QuantizedGraph, node: QuantizedNode): string[] {
  const context = contextOf(graph, node);
  const [first, second] = node.inputs;
  const op = opOf(node.op);
  const inputs = op.inPlace(node, context) ? [first!] : [];
  // Of a sum both inputs are read where the output is written.
  if (node.op === "add" && elements(context.inputs[1]!.shape) === elements(context.output.shape)) {
    inputs.push(second!);
  }
  return inputs;
}

/** True if none of the nodes reads those bytes. */
function onlyReader(
  home: Buffer,
  others: readonly QuantizedNode[],
  homes: ReadonlyMap<string, unknown>,
): boolean {
  return others.every(({ inputs }) => inputs.every((name) => homes.get(name) !== home));
}

/** The tensor whose bytes `tensor` shows, through ops that cost nothing. */
function aliasRoot(graph: QuantizedGraph, tensor: string): string {
  const node = graph.nodes.find(({ output }) => output === tensor);
  if (node === undefined || opOf(node.op).emit !== undefined) return tensor;
  return aliasRoot(graph, node.inputs[0]!);
}
