import { UserError } from "../../errors.ts";
import { elements, formatShape } from "../../ops/op.ts";
import type {
  Attributes as NodeAttributes,
  Encoding,
  FloatTensor,
  Node,
  Shape,
} from "../../types.ts";
import type { GraphParts } from "./graph_parts.ts";
import { Attributes, type OnnxNode } from "./schema.ts";
import type { Constant } from "./tensor.ts";
import {
  axisOrder,
  moveOf,
  orderedValue,
  partsOfAxes,
  plainValue,
  reshaped,
  transposedIndices,
  type Value,
} from "./value.ts";

/** What a node reads: values known at import, or a tensor known at run time. */
export type Operand = Constant | Value;

/** Turns one ONNX node into ours; gives the operands for its outputs, in order. */
export type Converter = (context: Context) => readonly Operand[];

/** True for an operand known only at run time. */
export function isValue(operand: Operand | undefined): operand is Value {
  return operand !== undefined && "tensor" in operand;
}

/** What the converter of one node sees. */
export class Context {
  readonly node: OnnxNode;
  readonly parts: GraphParts;
  readonly attributes: Attributes;

  constructor(node: OnnxNode, parts: GraphParts) {
    this.node = node;
    this.parts = parts;
    this.attributes = new Attributes(node, parts.files);
  }

  get opset(): number {
    return this.parts.opset;
  }

  /** A complaint that names the node. */
  error(what: string): UserError {
    return new UserError(`Node ${this.node.name} (${this.node.op}) ${what}.`);
  }

  /** @throws {UserError} if the elements computed at import become more than the file is worth */
  spend(count: number): void {
    if (!this.parts.spend(count)) {
      throw this.error(`makes a constant of ${count} elements, far more than the file is worth`);
    }
  }

  optional(index: number): Operand | undefined {
    const name = this.node.inputs[index];
    if (name === undefined || name === "") return undefined;
    return this.parts.operands.get(name);
  }

  operand(index: number): Operand {
    const operand = this.optional(index);
    if (operand === undefined) {
      throw this.error(`has ${this.node.inputs.length} inputs; it needs one at place ${index}`);
    }
    return operand;
  }

  /** An input as a tensor of the graph, a constant one if need be. */
  value(index: number): Value {
    const operand = this.operand(index);
    return isValue(operand) ? operand : this.constantValue(operand, this.node.inputs[index]!);
  }

  constantValue(constant: Constant, name: string): Value {
    const shape = constant.shape.length === 0 ? [1] : constant.shape;
    const tensor = this.parts.addConstant(name, floatTensor(constant, shape), encodingOf(constant));
    return plainValue(tensor, constant.shape);
  }

  /** An input that must be known at import. */
  constant(index: number): Constant {
    const operand = this.operand(index);
    if (isValue(operand)) throw this.notConstant(index);
    return operand;
  }

  optionalConstant(index: number): Constant | undefined {
    return this.optional(index) === undefined ? undefined : this.constant(index);
  }

  notConstant(index: number): UserError {
    return this.error(
      `reads ${this.node.inputs[index]} at place ${index}, which is computed from the network's ` +
        `input; intnic needs a constant there`,
    );
  }

  /** A list of whole numbers: an attribute in older files, a constant input in newer ones. */
  list(attribute: string, index: number): number[] | undefined {
    const constant = this.optionalConstant(index);
    return constant === undefined ? this.attributes.integers(attribute) : [...constant.data];
  }

  /** One number: an attribute in older files, a constant input in newer ones. */
  scalar(attribute: string, index: number, otherwise: number): number {
    const constant = this.optionalConstant(index);
    if (constant === undefined) return this.attributes.float(attribute, otherwise);
    if (constant.data.length !== 1) {
      throw this.error(`has ${constant.data.length} values for ${attribute}; it takes one`);
    }
    return constant.data[0]!;
  }

  /** A dimension that may count from the end, as one that counts from the start. */
  axis(given: number, rank: number): number {
    if (!Number.isInteger(given) || given < -rank || given >= Math.max(1, rank)) {
      throw this.error(`names axis ${given} of a tensor with ${rank} dimensions`);
    }
    return given < 0 ? given + rank : given;
  }

  /** Adds a node that does the work of this one; returns its tensor. */
  add(
    op: string,
    inputs: readonly string[],
    attributes: NodeAttributes = {},
    more: Pick<Node, "weights" | "bias" | "parameters" | "codes"> = {},
  ): string {
    const name = this.parts.free(this.node.name);
    return this.parts.add({
      name,
      op,
      inputs,
      output: name,
      attributes,
      activation: "none",
      ...more,
    });
  }

  /** The tensor that an op on single elements makes of a value, which lies as the value does. */
  map(value: Value, op: string, attributes: NodeAttributes = {}): Value {
    return { ...value, tensor: this.add(op, [value.tensor], attributes) };
  }

  /**
   * A tensor of one dimension for each group of ONNX axes, in that order. Every axis longer than one
   * must be in a group.
   *
   * @param free index of a group whose elements may lie in any order among themselves
   * @returns the tensor, the order of its parts, and for the free group the place in ONNX's order of
   * each of its elements, unless they lie in that order
   */
  arrange(
    value: Value,
    groups: readonly (readonly number[])[],
    free = -1,
  ): { tensor: string; order: number[]; places: Int32Array | undefined } {
    const parts = partsOfAxes(value);
    const wanted = groups.map((axes, g) => {
      const own = axes.flatMap((axis) => parts[axis]!);
      return g === free ? value.order.filter((part) => own.includes(part)) : own;
    });
    const to = wanted.flat();
    if (to.length !== value.order.length) throw new Error("A dimension was left out.");
    const shape = wanted.map((own) => elements(own.map((part) => value.parts[part]!)));
    const tensor = this.move(value, to, shape);
    const sorted = (wanted[free] ?? []).toSorted((a, b) => a - b);
    if (free < 0 || `${sorted}` === `${wanted[free]}`) {
      return { tensor, order: to, places: undefined };
    }
    const places = transposedIndices({
      dimensions: sorted.map((part) => value.parts[part]!),
      permutation: wanted[free]!.map((part) => sorted.indexOf(part)),
    });
    return { tensor, order: to, places };
  }

  /** The elements of a value in another order of its parts, under a shape. */
  move(value: Value, to: readonly number[], shape: Shape): string {
    const { dimensions, permutation } = moveOf(value.parts, value.order, to);
    if (permutation.every((axis, i) => axis === i)) return this.parts.reshape(value.tensor, shape);
    const apart = this.parts.reshape(value.tensor, dimensions);
    return this.parts.reshape(this.parts.transpose(apart, permutation), shape);
  }

  /** The value with its elements in ONNX's own order. */
  plain(value: Value): Value {
    const to = value.parts.map((_, part) => part);
    const shape = value.parts.length === 0 ? [1] : value.parts;
    return plainValue(this.move(value, to, shape), value.shape);
  }

  /** The value under another ONNX shape; moves only what must be moved. */
  reshaped(value: Value, shape: Shape): Value {
    if (elements(shape) !== elements(value.shape)) {
      throw this.error(`reshapes ${formatShape(value.shape)} to ${formatShape(shape)}`);
    }
    return reshaped(value, shape) ?? plainValue(this.plain(value).tensor, shape);
  }

  /**
   * ONNX's axes in the order that is best to lay them: as they lie where that is possible, else
   * channels last. Those of size one are left out unless `needed`.
   */
  axesOf(value: Value, needed: readonly number[] = []): number[] {
    const rank = value.shape.length;
    const all = value.shape.map((_, axis) => axis);
    const long = (axis: number) => value.shape[axis]! > 1;
    const known = axisOrder(value);
    const last = rank > 2 ? [0, ...all.slice(2), 1] : all;
    const fits = (order: readonly number[]) =>
      known === undefined || `${order.filter(long)}` === `${known}`;
    // Of the usual orders the first that fits; images of one row or channel count as images.
    const order = [...(rank === 4 ? [last, all] : [all, last])].find(fits) ??
      [...known!, ...needed.filter((axis) => !known!.includes(axis))];
    return order.filter((axis) => long(axis) || needed.includes(axis));
  }

  /**
   * The value with one dimension of its tensor for each ONNX axis that is longer than one or in
   * `needed`, in the order of `axesOf`.
   */
  byAxes(value: Value, needed: readonly number[] = []): { tensor: string; axes: number[] } {
    const axes = this.axesOf(value, needed);
    return { tensor: this.arrange(value, axes.map((axis) => [axis])).tensor, axes };
  }

  /** The ONNX tensor whose axes lie in a tensor in this order. */
  ordered(tensor: string, shape: Shape, axes: readonly number[]): Value {
    return orderedValue(tensor, shape, axes.filter((axis) => shape[axis]! > 1));
  }

  /**
   * The value with an encoding that the model gives: as it is if it has none yet, else requantized
   * where the two differ.
   */
  encoded(value: Value, encoding: Encoding): Value {
    const known = this.parts.encodingOf(value.tensor);
    if (known === undefined) {
      this.parts.encode(value.tensor, encoding);
      return value;
    }
    if (sameEncoding(known, encoding)) return value;
    const tensor = this.add("quantize", [value.tensor]);
    this.parts.encodings.set(tensor, encoding);
    return { ...value, tensor };
  }
}

/** True if codes mean the same. */
export function sameEncoding(a: Encoding, b: Encoding): boolean {
  return a.zeroPoint === b.zeroPoint && Math.abs(a.scale - b.scale) <= 1e-6 * a.scale;
}

/** A constant as a float tensor. */
export function floatTensor({ data, shape }: Constant, as: Shape = shape): FloatTensor {
  return { shape: as, data: data instanceof Float32Array ? data : Float32Array.from(data) };
}

/** The encoding of a constant that came as codes with one scale. */
function encodingOf({ quantized }: Constant): Encoding | undefined {
  if (quantized === undefined || quantized.scales.length !== 1) return undefined;
  const offset = quantized.codes.type === "uint8" ? 128 : 0;
  if (quantized.codes.type !== "int8" && offset === 0) return undefined;
  return { scale: quantized.scales[0]!, zeroPoint: quantized.zeroPoints[0]! - offset };
}
