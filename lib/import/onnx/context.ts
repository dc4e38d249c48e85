import { UserError } from "../../errors.ts";
import { opOf } from "../../ops/mod.ts";
import { elements, formatShape } from "../../ops/op.ts";
import type {
  Attributes as NodeAttributes,
  Encoding,
  FloatTensor,
  ModelOrder,
  Node,
  Shape,
} from "../../types.ts";
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

/** Elements that constants computed at import may have, whatever the size of the file. */
const ROOM = 2 ** 24;

/** The graph that grows during an import, and how ONNX tensors lie in it. */
export class GraphParts {
  readonly nodes: Node[] = [];
  readonly constants = new Map<string, FloatTensor>();
  readonly encodings = new Map<string, Encoding>();
  readonly notes = new Set<string>();
  /** How the model orders the input's dimensions, if not as they are here. */
  inputOrder: ModelOrder | undefined;
  /** ONNX's names of tensors that are read by a node or leave the network. */
  readonly used = new Set<string>();
  readonly shapes = new Map<string, Shape>();
  /** By ONNX's names. */
  readonly operands = new Map<string, Operand>();
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly opset: number;
  /** Elements that may still be made of nothing: what a file can ask for is limited by its size. */
  #room: number;
  readonly #producers = new Map<string, Node>();
  /** Tensors made of others by moves and reshapes, so that none is made twice. */
  readonly #made = new Map<string, string>();
  /** What a reshaped tensor was before. */
  readonly #bases = new Map<string, string>();

  constructor(files: ReadonlyMap<string, Uint8Array>, opset: number) {
    this.files = files;
    this.opset = opset;
    const bytes = [...files.values()].reduce((sum, { length }) => sum + length, 0);
    this.#room = ROOM + 8 * bytes;
  }

  /** True if the file is worth so many elements more. */
  spend(count: number): boolean {
    this.#room -= count;
    return this.#room >= 0;
  }

  free(wanted: string): string {
    let name = wanted;
    for (let i = 2; this.shapes.has(name); i++) name = `${wanted}_${i}`;
    return name;
  }

  shapeOf(tensor: string): Shape {
    return this.shapes.get(tensor)!;
  }

  add(node: Node): string {
    const inputs = node.inputs.map((name) => this.shapeOf(name));
    this.shapes.set(node.output, opOf(node.op).infer(node, inputs));
    this.nodes.push(node);
    this.#producers.set(node.output, node);
    return node.output;
  }

  /** A tensor that never changes. */
  addConstant(wanted: string, tensor: FloatTensor, encoding?: Encoding): string {
    const name = this.free(wanted);
    this.constants.set(name, tensor);
    this.shapes.set(name, tensor.shape);
    if (encoding !== undefined) this.encodings.set(name, encoding);
    return name;
  }

  /** The tensor under another shape of as many elements. */
  reshape(tensor: string, shape: Shape): string {
    const same = (name: string) => formatShape(this.shapeOf(name)) === formatShape(shape);
    if (same(tensor)) return tensor;
    const base = this.#bases.get(tensor) ?? tensor;
    if (same(base)) return base;
    return this.#once(`${base} as ${formatShape(shape)}`, () => {
      const made = this.constants.has(base)
        ? this.addConstant(
          base,
          { shape, data: this.constants.get(base)!.data },
          this.encodings.get(base),
        )
        : this.#helper(base, "reshape", { shape });
      this.#bases.set(made, base);
      return made;
    });
  }

  /** The tensor with its dimensions in another order. */
  transpose(tensor: string, permutation: readonly number[]): string {
    if (permutation.every((axis, i) => axis === i)) return tensor;
    return this.#once(`${tensor} ${formatShape(this.shapeOf(tensor))} by ${permutation}`, () => {
      const constant = this.constants.get(tensor);
      if (constant === undefined) return this.#helper(tensor, "transpose", { permutation });
      const indices = transposedIndices({ dimensions: constant.shape, permutation });
      const shape = permutation.map((axis) => constant.shape[axis]!);
      const data = Float32Array.from(indices, (i) => constant.data[i]!);
      return this.addConstant(tensor, { shape, data }, this.encodings.get(tensor));
    });
  }

  #once(key: string, make: () => string): string {
    const made = this.#made.get(key) ?? make();
    this.#made.set(key, made);
    return made;
  }

  #helper(tensor: string, op: string, attributes: NodeAttributes): string {
    const name = this.free(`${tensor}/${op}`);
    return this.add({ name, op, inputs: [tensor], output: name, attributes, activation: "none" });
  }

  /** The tensor whose scale this one has: back through ops that only move or select values. */
  #scaleSource(tensor: string): string {
    const node = this.#producers.get(tensor);
    if (node === undefined || opOf(node.op).quantization !== "same") return tensor;
    return this.#scaleSource(node.inputs[0]!);
  }

  /** The encoding that a tensor has by the model, if any. */
  encodingOf(tensor: string): Encoding | undefined {
    const source = this.#scaleSource(tensor);
    const given = this.encodings.get(source);
    const node = this.#producers.get(source);
    if (given !== undefined || node === undefined) return given;
    const { quantization } = opOf(node.op);
    if (quantization === "follow") return this.encodingOf(node.inputs[0]!);
    // The output of a probability has an encoding of its own that cannot be chosen.
    return FIXED.has(node.op) && typeof quantization === "object" ? quantization : undefined;
  }

  /**
   * Gives what is limited by an activation the activation's encoding, if nobody else reads it and
   * the model says nothing of it: then the two can become one.
   */
  encodeBeforeActivations(): void {
    const readers = new Map<string, number>();
    for (const { inputs } of this.nodes) {
      for (const name of inputs) readers.set(name, (readers.get(name) ?? 0) + 1);
    }
    const alone = (tensor: string): string | undefined => {
      const node = this.#producers.get(tensor);
      if (node === undefined || readers.get(tensor) !== 1) return undefined;
      return opOf(node.op).quantization === "same" ? alone(node.inputs[0]!) : tensor;
    };
    for (const { op, inputs, output } of this.nodes) {
      const encoding = this.encodings.get(output);
      if (encoding === undefined || opOf(op).quantization !== "follow") continue;
      const source = alone(inputs[0]!);
      if (source !== undefined && this.encodingOf(source) === undefined) {
        this.encode(source, encoding);
      }
    }
  }

  /** Says what encoding a tensor has; it must have none yet. */
  encode(tensor: string, encoding: Encoding): void {
    this.encodings.set(this.#scaleSource(tensor), encoding);
  }
}

/** Ops whose output encoding is part of their arithmetic. */
const FIXED = new Set(["softmax", "log_softmax", "argmax"]);

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
