import type {
  Attributes,
  Encoding,
  FloatTensor,
  Node,
  QuantizedGraph,
  QuantizedNode,
  QuantizedTensor,
  Rounding,
  Shape,
} from "../types.ts";

import type { Kernel } from "../kernels/kernel.ts";

/** Runs one float op: reads its inputs, fills its output. */
export type FloatKernel = (inputs: readonly Float32Array[], output: Float32Array) => void;

/** Runs one integer op: the meaning that the generated C must equal byte for byte. */
export type ReferenceKernel = (inputs: readonly Int8Array[], output: Int8Array) => void;

/** A kernel of an op that keeps state from one inference to the next. */
export type Stateful<K> = K & {
  /** Puts the state back to what it is before the first inference. */
  reset?(): void;
};

/** What a float op sees of its surroundings. */
export interface FloatContext {
  readonly inputs: readonly Shape[];
  readonly output: Shape;
}

/** What an integer op sees of its surroundings. */
export interface QuantizedContext {
  readonly inputs: readonly QuantizedTensor[];
  readonly output: QuantizedTensor;
  readonly rounding: Rounding;
}

/** The C of one layer. */
export interface Emission {
  /** Kernel files it calls, without folder and extension, callees first. */
  readonly kernels: readonly string[];
  /** Definitions of its constants, at file scope. */
  readonly constants: string;
  /** Bytes of flash its weights take. */
  readonly weightBytes: number;
  /** Arena bytes it needs only while it runs. */
  readonly scratchBytes: number;
  /**
   * Present if the output may take over the first input's bytes while that is still being read, as
   * long as it begins at least this many bytes before it; see `rowDistance`.
   */
  readonly distance?: number;
  /**
   * If given, that distance may be exceeded only by multiples of so many bytes: for an op that goes
   * through the image channel by channel, those of a pixel.
   */
  readonly distanceUnit?: number;
  /** Arena bytes that keep their contents from one inference to the next. */
  readonly state?: {
    readonly bytes: number;
    /** Statements that put them back to the start, with `int8_t *state` in scope. */
    readonly reset: string;
  };
  /**
   * Statements of its function, which has the inputs `x`, `x1`, `x2` … and `y` in scope, all
   * `int8_t *` aligned to four bytes at most in the arena, and, where asked for, `scratch` and
   * `state`, aligned to four.
   */
  readonly body: string;
}

/**
 * How an op's output gets its scale and zero point, unless the model brings them:
 *
 * - `linear`: from calibration; the op has weights, which are quantized too;
 * - `range`: from calibration, without weights;
 * - `same`: those of its first input, because the op only moves or selects values;
 * - `follow`: those of its first input too, but the op can requantize if the model brings others;
 * - an encoding: always that one, because the values that can come out are known.
 */
export type Quantization = "linear" | "range" | "same" | "follow" | Encoding;

/**
 * Everything intnic knows of one operation. Adding an op is one file that exports this, one line in
 * `mod.ts`, and a kernel under `firmware/kernels/`.
 */
export interface Op<A extends Attributes = Attributes> {
  /**
   * Shape of the output.
   * @throws {UserError} if the inputs or constants do not fit the op
   */
  infer(node: Node<A>, inputs: readonly Shape[]): Shape;
  /** Multiply-accumulates of one inference. */
  macs(node: Node<A>, context: FloatContext): number;
  /** Prepares the float meaning, fused activation included. */
  float(node: Node<A>, context: FloatContext): Stateful<FloatKernel>;
  readonly quantization: Quantization;
  /**
   * Integers made once, for ops that need more than weights: `Node.parameters` quantized, or factors
   * between the scales of inputs and output.
   * @throws {UserError} naming the layer, if the scales or values cannot be expressed
   */
  quantize?(node: Node<A>, context: QuantizedContext): object;
  /** Prepares the integer meaning. */
  reference(node: QuantizedNode<A>, context: QuantizedContext): Stateful<ReferenceKernel>;
  /** Writes plain C. Absent if the op costs nothing because its output is its input's bytes. */
  readonly emit?: (node: QuantizedNode<A>, context: QuantizedContext, name: string) => Emission;
  /** Faster ways to run it on some cores. */
  readonly kernels?: readonly Kernel<A>[];
  /** True if the C may write its output over its first input, starting at the same address. */
  inPlace(node: QuantizedNode<A>, context: QuantizedContext): boolean;
}

/** Number of elements of a tensor. */
export function elements(shape: Shape): number {
  return shape.reduce((product, dimension) => product * dimension, 1);
}

/** A shape as people write it: `28×28×1`. */
export function formatShape(shape: Shape): string {
  return shape.join("×");
}

/** The weights and bias of an op that cannot be without; the importers guarantee them. */
export function linearConstants(node: Node): { weights: FloatTensor; bias: Float32Array } {
  if (node.weights === undefined || node.bias === undefined) {
    throw new Error(`Layer ${node.name} (${node.op}) reached an op without its weights or bias.`);
  }
  return { weights: node.weights, bias: node.bias };
}

/** What a node of a quantized graph sees of its surroundings. */
export function contextOf(graph: QuantizedGraph, node: QuantizedNode): QuantizedContext {
  const tensor = (name: string) => graph.tensors.get(name)!;
  return {
    inputs: node.inputs.map(tensor),
    output: tensor(node.output),
    rounding: graph.rounding,
  };
}

/** The quantized weights of an op that cannot be without; the quantizer guarantees them. */
export function quantizedLinear(node: QuantizedNode) {
  if (node.linear === undefined) {
    throw new Error(`Layer ${node.name} (${node.op}) was quantized without its weights.`);
  }
  return node.linear;
}
