/**
 * What flows through a TensorFlow graph while it is imported: constants, and tensors that become
 * known only when the network runs. Shapes here are TensorFlow's, the batch of one included; the
 * graph's own shapes leave a leading one out.
 *
 * @module
 */
import { UserError } from "../../errors.ts";
import { elements, formatShape } from "../../ops/op.ts";
import type { FloatTensor, Node, Shape } from "../../types.ts";
import type { GraphBuilder } from "../builder.ts";
import type { StoredTensor } from "./files.ts";
import type { NodeDef } from "./node_def.ts";

/** A tensor whose values the import knows. */
export interface Constant extends StoredTensor {
  readonly kind: "constant";
}

/** A tensor that the network computes. */
export interface Activation {
  readonly kind: "activation";
  /** Its name in the graph. */
  readonly tensor: string;
  readonly shape: Shape;
}

export type Value = Constant | Activation;

/** A node on its way into the graph. */
export interface NodeContext {
  readonly node: NodeDef;
  readonly builder: GraphBuilder;
  readonly inputs: readonly Value[];
  /** True if nothing but this node reads its input of that number. */
  readonly soleReader: (input: number) => boolean;
}

/** Adds a node's operations to the graph; returns its outputs. */
export type NodeConverter = (context: NodeContext) => readonly Value[];

/** Largest constant that the import computes from others. */
const MAX_COMPUTED = 2 ** 22;

/** A constant made from others. */
export function computed(shape: Shape, data: Float32Array | Int32Array): Constant {
  return { kind: "constant", shape, data };
}

/** @throws {UserError} if a constant of that shape is larger than any that makes sense */
export function requireComputable({ node }: NodeContext, shape: Shape): void {
  if (elements(shape) > MAX_COMPUTED || shape.some((d) => d < 0 || !Number.isSafeInteger(d))) {
    throw new UserError(
      `Node ${node.name} (${node.op}) makes a constant of ${formatShape(shape)}; at most ` +
        `${MAX_COMPUTED} values make sense.`,
    );
  }
}

/** A shape as the graph has it: without the batch, and never without dimensions. */
export function graphShape(shape: Shape): Shape {
  if (shape.length === 0) return [1];
  return shape.length > 1 && shape[0] === 1 ? shape.slice(1) : shape;
}

/** The input of that number, wherever it comes from. */
export function valueOf({ node, inputs }: NodeContext, i: number): Value {
  const value = inputs[i];
  if (value === undefined) {
    throw new UserError(
      `Node ${node.name} (${node.op}) has ${inputs.length} inputs; it needs at least ${i + 1}.`,
    );
  }
  return value;
}

/** The input of that number, which the network computes. */
export function activationOf(context: NodeContext, i: number): Activation {
  const value = valueOf(context, i);
  if (value.kind === "activation") return value;
  const { node } = context;
  throw new UserError(
    `Node ${node.name} (${node.op}) reads a constant as input ${i}, where the network's own values ` +
      `are expected.`,
  );
}

/** The input of that number, which must be constant. */
export function constantOf(context: NodeContext, i: number): Constant {
  const value = valueOf(context, i);
  if (value.kind === "constant") return value;
  const { node } = context;
  throw new UserError(
    `Node ${node.name} (${node.op}) reads ${node.inputs[i]!.node} as input ${i}, which must be ` +
      `constant.`,
  );
}

/** A constant input of floats, `rank` dimensions if told. */
export function floatsOf(context: NodeContext, i: number, rank?: number): FloatTensor {
  const { shape, data } = constantOf(context, i);
  const { node } = context;
  if (data instanceof Float32Array && (rank === undefined || shape.length === rank)) {
    return { shape, data };
  }
  throw new UserError(
    `Node ${node.name} (${node.op}) has a constant of ${
      formatShape(shape)
    } as input ${i}; it must ` +
      `be of floats${rank === undefined ? "" : ` with ${rank} dimensions`}.`,
  );
}

/** A constant input of whole numbers: a vector, or one number. */
export function wholesOf(context: NodeContext, i: number): number[] {
  return Array.from(constantOf(context, i).data);
}

/** A dimension counted from the start, or from the end if negative, as one counted from the start. */
export function dimension({ node }: NodeContext, axis: number | undefined, rank: number): number {
  const positive = axis !== undefined && axis < 0 ? axis + rank : axis ?? NaN;
  if (Number.isInteger(positive) && positive >= 0 && positive < rank) return positive;
  throw new UserError(
    `Node ${node.name} (${node.op}) works along dimension ${axis} of a tensor that has ${rank}.`,
  );
}

/** Number of leading dimensions that the graph's shape leaves out: the batch. */
export function leading(shape: Shape): number {
  return shape.length - graphShape(shape).length;
}

/**
 * A dimension of a tensor as the graph counts it.
 * @throws {UserError} if it is the batch
 */
export function graphAxis(context: NodeContext, shape: Shape, axis: number | undefined): number {
  const found = dimension(context, axis, shape.length) - leading(shape);
  if (found >= 0) return found;
  const { node } = context;
  throw new UserError(
    `Node ${node.name} (${node.op}) works along the batch; intnic runs one sample at a time.`,
  );
}

/** The image, `[1, height, width, channels]`, that an input must be. */
export function imageOf(context: NodeContext, i: number): Activation {
  const value = activationOf(context, i);
  const { node } = context;
  const format = node.attributes.text("data_format", "NHWC");
  if (value.shape.length !== 4 || value.shape[0] !== 1 || format !== "NHWC") {
    throw new UserError(
      `Node ${node.name} (${node.op}) reads an image of ${
        formatShape(value.shape)
      } in the format ` +
        `${format}; it must be 1×height×width×channels, NHWC.`,
    );
  }
  return value;
}

/** Adds an operation under the node's own name; `shape` is its result's in TensorFlow. */
export function emit(
  { node, builder }: NodeContext,
  op: string,
  inputs: readonly string[],
  attributes: object,
  shape: Shape,
  constants: Pick<Node, "weights" | "bias" | "parameters"> = {},
): Activation {
  const y = builder.add(node.name, op, inputs, attributes, constants);
  return settle({ node, builder }, y, shape);
}

/** The tensor as TensorFlow shapes it. */
export function settle(
  { node, builder }: Pick<NodeContext, "node" | "builder">,
  tensor: string,
  shape: Shape,
): Activation {
  const settled = builder.reshape([node.name, "shape"], tensor, graphShape(shape));
  return { kind: "activation", tensor: settled, shape };
}

/**
 * Shape of the result of combining two tensors element by element.
 * @throws {UserError} if they do not fit
 */
export function broadcast({ node }: NodeContext, a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const left = a[a.length - rank + i] ?? 1;
    const right = b[b.length - rank + i] ?? 1;
    if (left === right || right === 1) return left;
    if (left === 1) return right;
    throw new UserError(
      `Node ${node.name} (${node.op}) combines ${formatShape(a)} with ${
        formatShape(b)
      }, which do ` +
        `not fit.`,
    );
  });
}

/** The value as an input of an operation whose result has `rank` dimensions in the graph. */
export function operand(context: NodeContext, i: number, rank: number): string {
  const value = valueOf(context, i);
  if (value.kind === "activation") return value.tensor;
  const { builder, node } = context;
  const [first, ...rest] = value.shape;
  let shape = first === undefined ? [1] : [first, ...rest];
  while (shape.length > rank && shape[0] === 1) shape = shape.slice(1);
  const data = Float32Array.from(value.data);
  return builder.constant([node.name, `constant_${i}`], { shape, data });
}
