/**
 * Operations of TensorFlow graphs that pool, reduce, move or join values.
 *
 * @module
 */
import { UserError } from "../../errors.ts";
import { formatShape } from "../../ops/op.ts";
import type { Shape } from "../../types.ts";
import { newShape, shapeConstant } from "./constant_ops.ts";
import { type SliceRange, sliceRanges } from "./slices.ts";
import {
  type Activation,
  activationOf,
  constantOf,
  dimension,
  emit,
  graphAxis,
  graphShape,
  imageOf,
  leading,
  type NodeContext,
  type NodeConverter,
  operand,
  settle,
  type Value,
  valueOf,
  wholesOf,
} from "./values.ts";
import { windowOf } from "./weighted_nodes.ts";

const pool = (op: "max_pool" | "average_pool"): NodeConverter => (context) => {
  const { node: { name, attributes }, builder } = context;
  const { tensor } = imageOf(context, 0);
  const [batch, height = 0, width = 0, channels] = attributes.wholes("ksize", []);
  if (batch !== 1 || channels !== 1) {
    throw new UserError(`Node ${name} pools over samples or channels; intnic pools over pixels.`);
  }
  const window = windowOf(context, builder.shape(tensor), [height, width]);
  const attribute = op === "max_pool" ? window : { ...window, countPadding: false };
  const y = builder.add(name, op, [tensor], attribute);
  return [settle(context, y, [1, ...builder.shape(y)])];
};

const reduce = (op: "mean" | "sum"): NodeConverter => (context) => {
  const { tensor, shape } = activationOf(context, 0);
  const all = wholesOf(context, 1).map((axis) => dimension(context, axis, shape.length));
  const keep = context.node.attributes.boolean("keep_dims", false);
  const left = shape.flatMap((d, i) => all.includes(i) ? keep ? [1] : [] : [d]);
  // Over dimensions of one, the batch among them, there is nothing to do.
  const axes = [...new Set(all)].filter((axis) => shape[axis] !== 1)
    .map((axis) => graphAxis(context, shape, axis)).sort((a, b) => a - b);
  if (axes.length === 0) return [settle(context, tensor, left)];
  return [emit(context, op, [tensor], { axes, keepDims: true }, left)];
};

const convertArgMax: NodeConverter = (context) => {
  const { tensor, shape } = activationOf(context, 0);
  const [along] = wholesOf(context, 1);
  const axis = graphAxis(context, shape, along);
  const left = shape.toSpliced(dimension(context, along, shape.length), 1);
  return [emit(context, "argmax", [tensor], { axis, keepDims: true }, left)];
};

const lastAxis = (op: string, attributes: object): NodeConverter => (context) => {
  const value = activationOf(context, 0);
  return [emit(context, op, [value.tensor], attributes, value.shape)];
};

const reshape: NodeConverter = (context) => {
  const { tensor, shape } = activationOf(context, 0);
  const wanted = newShape(context, shape);
  // Without a node where the graph's own shape stays as it is.
  if (formatShape(graphShape(wanted)) === formatShape(graphShape(shape))) {
    return [{ kind: "activation", tensor, shape: wanted }];
  }
  return [emit(context, "reshape", [tensor], { shape: graphShape(wanted) }, wanted)];
};

const convertTranspose: NodeConverter = (context) => {
  const { tensor, shape } = activationOf(context, 0);
  const order = wholesOf(context, 1).map((axis) => dimension(context, axis, shape.length));
  if (new Set(order).size !== shape.length) {
    throw new UserError(`Node ${context.node.name} transposes in the order ${order}.`);
  }
  const skip = leading(shape);
  const fixed = order.slice(0, skip).every((axis, i) => axis === i);
  if (!fixed) {
    throw new UserError(
      `Node ${context.node.name} moves the batch; intnic runs one sample at a time.`,
    );
  }
  const permutation = order.slice(skip).map((axis) => axis - skip);
  const moved = order.map((axis) => shape[axis]!);
  return [emit(context, "transpose", [tensor], { permutation }, moved)];
};

const convertConcat: NodeConverter = (context) => {
  const parts = context.inputs.slice(0, -1);
  const [along] = wholesOf(context, parts.length);
  const first = valueOf(context, 0);
  const axis = dimension(context, along, first.shape.length);
  const rank = graphShape(first.shape).length;
  const operands = parts.map((part, i) => {
    const fits = part.shape.length === first.shape.length &&
      part.shape.every((d, k) => k === axis || d === first.shape[k]);
    if (fits) return operand(context, i, rank);
    throw new UserError(
      `Node ${context.node.name} joins ${formatShape(first.shape)} with ${
        formatShape(part.shape)
      }.`,
    );
  });
  const inner = graphAxis(context, first.shape, along);
  const joined = first.shape.with(axis, parts.reduce((sum, { shape }) => sum + shape[axis]!, 0));
  return [emit(context, "concat", operands, { axis: inner }, joined)];
};

/** Takes the ranges of a tensor, the batch whole; a part has a name of its own. */
function slice(
  context: NodeContext,
  { tensor, shape }: Activation,
  ranges: readonly SliceRange[],
  left: Shape,
  part?: number,
): Value {
  const { builder, node: { name } } = context;
  const inner = ranges.slice(leading(shape));
  const attributes = {
    begin: inner.map(({ begin }) => begin),
    size: inner.map(({ size }) => size),
    stride: inner.map(({ stride }) => stride),
  };
  const node = part === undefined ? name : [name, `${part}`];
  return settle(context, builder.add(node, "slice", [tensor], attributes), left);
}

const convertSlice: NodeConverter = (context) => {
  const value = activationOf(context, 0);
  const { ranges, shape } = sliceRanges(context, value.shape);
  return [slice(context, value, ranges, shape)];
};

/** Parts that a tensor may be split into: far beyond any use. */
const MAX_PARTS = 1024;

/** Split into equal parts, or into parts of given sizes. */
const split = (sized: boolean): NodeConverter => (context) => {
  const { node: { name, op, attributes } } = context;
  const value = activationOf(context, sized ? 0 : 1);
  const [along] = wholesOf(context, sized ? 2 : 0);
  const axis = dimension(context, along, value.shape.length);
  const whole = value.shape[axis]!;
  const count = attributes.whole("num_split", 1);
  if (!sized && !(count >= 1 && count <= Math.min(whole, MAX_PARTS))) {
    throw new UserError(`Node ${name} (${op}) splits ${whole} into ${count} parts.`);
  }
  const given = sized ? wholesOf(context, 1) : Array<number>(count).fill(whole / count);
  const rest = whole - given.filter((size) => size !== -1).reduce((sum, size) => sum + size, 0);
  const sizes = given.map((size) => size === -1 ? rest : size);
  const sound = sizes.every((size) => Number.isSafeInteger(size) && size > 0) &&
    sizes.reduce((sum, size) => sum + size, 0) === whole;
  if (!sound) throw new UserError(`Node ${name} (${op}) splits ${whole} into ${sizes.join(", ")}.`);
  graphAxis(context, value.shape, along);
  let begin = 0;
  return sizes.map((size, i) => {
    const ranges = value.shape.map((d, k) =>
      k === axis ? { begin, size, stride: 1 } : { begin: 0, size: d, stride: 1 }
    );
    begin += size;
    return slice(context, value, ranges, value.shape.with(axis, size), i);
  });
};

const convertPad: NodeConverter = (context) => {
  const { node: { name } } = context;
  const { tensor, shape } = activationOf(context, 0);
  const margins = wholesOf(context, 1);
  const value = context.inputs.length > 2 ? Number(constantOf(context, 2).data[0]) : 0;
  const sound = margins.length === 2 * shape.length &&
    margins.every((margin) => margin >= 0 && margin < 2 ** 20);
  if (!sound) {
    throw new UserError(
      `Node ${name} pads ${formatShape(shape)} by ${
        margins.join(", ")
      }; it takes two numbers of at ` +
        `least 0 a dimension.`,
    );
  }
  const skip = leading(shape);
  const before = shape.map((_, i) => margins[2 * i]!);
  const after = shape.map((_, i) => margins[2 * i + 1]!);
  if ([...before.slice(0, skip), ...after.slice(0, skip)].some((margin) => margin !== 0)) {
    throw new UserError(`Node ${name} pads the batch; intnic runs one sample at a time.`);
  }
  const attributes = { before: before.slice(skip), after: after.slice(skip), value };
  const padded = shape.map((d, i) => d + before[i]! + after[i]!);
  return [emit(context, "pad", [tensor], attributes, padded)];
};

const convertResize: NodeConverter = (context) => {
  const { node: { attributes } } = context;
  const { tensor, shape } = imageOf(context, 0);
  const size = wholesOf(context, 1);
  const [height = 0, width = 0] = size;
  const how = {
    size,
    alignCorners: attributes.boolean("align_corners", false),
    halfPixelCenters: attributes.boolean("half_pixel_centers", false),
  };
  return [emit(context, "resize_nearest", [tensor], how, [1, height, width, shape[3]!])];
};

const passThrough: NodeConverter = (context) => [activationOf(context, 0)];

const convertCast: NodeConverter = (context) => {
  const { node: { name, attributes } } = context;
  const [from, to] = [attributes.type("SrcT"), attributes.type("DstT")];
  if (from === "DT_FLOAT" && to === "DT_FLOAT") return passThrough(context);
  throw new UserError(`Node ${name} casts ${from} to ${to}, which intnic cannot deploy.`);
};

/** Converters by TensorFlow's name. */
export const shapeNodes: Readonly<Record<string, NodeConverter>> = {
  ArgMax: convertArgMax,
  AvgPool: pool("average_pool"),
  Cast: convertCast,
  ConcatV2: convertConcat,
  ExpandDims: reshape,
  Identity: passThrough,
  LogSoftmax: lastAxis("log_softmax", {}),
  MaxPool: pool("max_pool"),
  Mean: reduce("mean"),
  Pad: convertPad,
  PadV2: convertPad,
  Reshape: reshape,
  ResizeNearestNeighbor: convertResize,
  Shape: (context) => [shapeConstant(activationOf(context, 0).shape)],
  Slice: convertSlice,
  Softmax: lastAxis("softmax", { beta: 1 }),
  Split: split(false),
  SplitV: split(true),
  Squeeze: reshape,
  StopGradient: passThrough,
  StridedSlice: convertSlice,
  Sum: reduce("sum"),
  Transpose: convertTranspose,
};
