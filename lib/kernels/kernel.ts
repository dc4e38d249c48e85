import type { Emission, QuantizedContext } from "../ops/op.ts";
import type { Attributes, Optimize, QuantizedNode } from "../types.ts";

/** What a kernel would cost for one layer, and how to write it. */
export interface Plan {
  /** Rough cycles of one inference on the core it is made for, to compare kernels by. */
  readonly cycles: number;
  /** Bytes of flash that its data take beyond one byte a weight. */
  readonly extraFlash: number;
  /** Arena bytes while it runs. */
  readonly scratch: number;
  /** What lets it be chosen, in a few words: proved bounds, what it costs. */
  readonly why: string;
  /** @param name the layer's identifier in C */
  emit(name: string): Emission;
}

/**
 * One more way to run an op besides its `emit`, which is plain C and runs everywhere. It is considered
 * where the target's flavours have its file.
 */
export interface Kernel<A extends Attributes = Attributes> {
  /** As the record and the C name it. */
  readonly name: string;
  /** The file under `firmware/kernels/<flavour>/` that the target must have, without extension. */
  readonly file: string;
  /** True if it also takes the max pool of what it computes, where the node says so. */
  readonly pools?: true;
  /** The only level at which it is considered, where its code is dear for what it saves. */
  readonly level?: Optimize;
  /** What it would cost, or why it cannot run this layer. */
  plan(node: QuantizedNode<A>, context: QuantizedContext): Plan | string;
}
