import { opOf } from "../ops/mod.ts";
import { contextOf, elements } from "../ops/op.ts";
import type { ArenaSlot, QuantizedGraph } from "../types.ts";
import { type Buffer, placeBuffers } from "./place.ts";

/** Where a tensor lives while the program runs: the caller's buffer, the arena, or flash. */
export type Place = "input" | "output" | "constant" | { readonly offset: number };

/** The arena of one program. */
export interface ArenaPlan {
  readonly bytes: number;
  readonly slots: readonly ArenaSlot[];
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
): ArenaPlan {
  const { homes, buffers } = assignBuffers(graph, layerBytes);
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
  const placed = placeBuffers([...buffers, ...scratch.values(), ...state.values()]);
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
    places: new Map(
      [...homes].map((
        [tensor, home],
      ) => [tensor, typeof home === "string" ? home : { offset: offsetOf(home) }]),
    ),
    scratch: offsets(scratch),
    state: offsets(state),
  };
}

/** Gives every tensor the caller's buffer or one of the arena's, with sizes and lifetimes. */
function assignBuffers(graph: QuantizedGraph, layerBytes: ReadonlyMap<string, LayerBytes>) {
  const { nodes } = graph;
  const homes = new Map<string, Buffer | Exclude<Place, object>>([[graph.input, "input"]]);
  for (const name of graph.constants.keys()) homes.set(name, "constant");
  const buffers: Buffer[] = [];
  const result = aliasRoot(graph, graph.output);
  nodes.forEach((node, i) => {
    const op = opOf(node.op);
    const source = homes.get(node.inputs[0]!)!;
    for (const name of node.inputs) {
      const home = homes.get(name)!;
      if (typeof home === "object") home.to = i;
    }
    const bytes = elements(graph.tensors.get(node.output)!.shape);
    const readLater = nodes.slice(i + 1).some((later) =>
      later.inputs.some((name) => homes.get(name) === source)
    );
    if (op.emit === undefined) {
      homes.set(node.output, source);
    } else if (node.output === result) {
      homes.set(node.output, "output");
    } else if (
      typeof source === "object" && !readLater && op.inPlace(node, contextOf(graph, node))
    ) {
      source.bytes = Math.max(source.bytes, bytes);
      homes.set(node.output, source);
    } else {
      const buffer: Buffer = { name: node.output, bytes, from: i, to: i };
      const distance = layerBytes.get(node.name)?.distance;
      if (typeof source === "object" && !readLater && distance !== undefined) {
        buffer.over = { buffer: source, distance };
      }
      buffers.push(buffer);
      homes.set(node.output, buffer);
    }
  });
  return { homes, buffers };
}

/** The tensor whose bytes `tensor` shows, through ops that cost nothing. */
function aliasRoot(graph: QuantizedGraph, tensor: string): string {
  const node = graph.nodes.find(({ output }) => output === tensor);
  if (node === undefined || opOf(node.op).emit !== undefined) return tensor;
  return aliasRoot(graph, node.inputs[0]!);
}
