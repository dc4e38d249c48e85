/**
 * TensorFlow operations on constants: the arithmetic on shapes that converters leave behind, and
 * what batch normalization was taken apart into.
 *
 * @module
 */
import { UserError } from "../../errors.ts";
import { elements } from "../../ops/op.ts";
import type { Shape } from "../../types.ts";
import { sliceRanges } from "./slices.ts";
import {
  broadcast,
  computed,
  type Constant,
  constantOf,
  dimension,
  type NodeContext,
  requireComputable,
  wholesOf,
} from "./values.ts";

type ConstantOp = (context: NodeContext) => Constant;

const binary = (compute: (a: number, b: number) => number): ConstantOp => (context) => {
  const [a, b] = [constantOf(context, 0), constantOf(context, 1)];
  const shape = broadcast(context, a.shape, b.shape);
  requireComputable(context, shape);
  const data = like(a.data, elements(shape));
  const [at, bt] = [a, b].map((tensor) => stridesOf(tensor.shape, shape));
  forEachIndex(
    shape,
    (index, i) => data[i] = compute(a.data[dot(index, at!)]!, b.data[dot(index, bt!)]!),
  );
  return computed(shape, data);
};

const unary = (compute: (a: number) => number): ConstantOp => (context) => {
  const { shape, data } = constantOf(context, 0);
  return computed(shape, data.map(compute) as typeof data);
};

/** Picks elements: for each index of the result, the position in the first input. */
function gather(
  context: NodeContext,
  { data }: Constant,
  shape: Shape,
  from: (index: readonly number[]) => number,
): Constant {
  requireComputable(context, shape);
  const picked = like(data, elements(shape));
  forEachIndex(shape, (index, i) => picked[i] = data[from(index)]!);
  return computed(shape, picked);
}

const reshape =
  (shapeFor: (context: NodeContext, value: Constant) => Shape): ConstantOp => (context) => {
    const value = constantOf(context, 0);
    return computed(shapeFor(context, value), value.data);
  };

const concat = (context: NodeContext, parts: readonly Constant[], axis: number): Constant => {
  const rank = parts[0]!.shape.length;
  const shape = parts[0]!.shape.map((d, i) =>
    i === axis ? parts.reduce((n, p) => n + p.shape[i]!, 0) : d
  );
  const same = parts.every((part) =>
    part.shape.length === rank && part.shape.every((d, i) => i === axis || d === shape[i])
  );
  if (!same) throw new UserError(`Node ${context.node.name} joins constants that do not fit.`);
  requireComputable(context, shape);
  const data = like(parts[0]!.data, elements(shape));
  const inner = elements(shape.slice(axis + 1));
  const outer = elements(shape.slice(0, axis));
  let at = 0;
  for (let o = 0; o < outer; o++) {
    for (const part of parts) {
      const run = part.shape[axis]! * inner;
      data.set(part.data.subarray(o * run, (o + 1) * run), at);
      at += run;
    }
  }
  return computed(shape, data);
};

/** Shape that Reshape, Squeeze or ExpandDims gives. */
export function newShape(context: NodeContext, shape: Shape): Shape {
  const { node } = context;
  const rank = shape.length;
  if (node.op === "ExpandDims") {
    const axis = dimension(context, wholesOf(context, 1)[0], rank + 1);
    return [...shape.slice(0, axis), 1, ...shape.slice(axis)];
  }
  if (node.op === "Squeeze") {
    const named = node.attributes.wholes("squeeze_dims", node.attributes.wholes("axis", []));
    const axes = named.map((axis) => dimension(context, axis, rank));
    if (axes.some((axis) => shape[axis] !== 1)) {
      throw new UserError(`Node ${node.name} leaves out dimensions that are not 1.`);
    }
    return shape.filter((d, i) => named.length === 0 ? d !== 1 : !axes.includes(i));
  }
  const wanted = wholesOf(context, 1);
  const rest = elements(shape) / elements(wanted.filter((d) => d !== -1));
  const found = wanted.map((d) => d === -1 ? rest : d);
  const sound = wanted.filter((d) => d === -1).length <= 1 && elements(found) === elements(shape) &&
    found.every((d) => Number.isSafeInteger(d) && d >= 0);
  if (sound) return found;
  throw new UserError(
    `Node ${node.name} reshapes ${shape.join("×")} to ${wanted.join("×")}, which does not fit.`,
  );
}

const convertTranspose: ConstantOp = (context) => {
  const value = constantOf(context, 0);
  const order = wholesOf(context, 1).map((axis) => dimension(context, axis, value.shape.length));
  const strides = stridesOf(value.shape, value.shape);
  return gather(
    context,
    value,
    order.map((axis) => value.shape[axis]!),
    (index) => index.reduce((sum, at, i) => sum + at * strides[order[i]!]!, 0),
  );
};

const convertSlice: ConstantOp = (context) => {
  const value = constantOf(context, 0);
  const { ranges, shape } = sliceRanges(context, value.shape);
  const strides = stridesOf(value.shape, value.shape);
  const whole = gather(
    context,
    value,
    ranges.map(({ size }) => size),
    (index) =>
      index.reduce(
        (sum, at, i) => sum + (ranges[i]!.begin + at * ranges[i]!.stride) * strides[i]!,
        0,
      ),
  );
  return computed(shape, whole.data);
};

const convertGather: ConstantOp = (context) => {
  const value = constantOf(context, 0);
  const indices = constantOf(context, 1);
  const axis = context.inputs.length > 2 ? wholesOf(context, 2)[0] : 0;
  if (dimension(context, axis, value.shape.length) !== 0) {
    throw new UserError(
      `Node ${context.node.name} gathers along dimension ${axis}, not the first.`,
    );
  }
  const inner = value.shape.slice(1);
  const size = elements(inner);
  const row = (i: number) => {
    const at = indices.data[i]!;
    if (at >= 0 && at < value.shape[0]!) return at;
    throw new UserError(
      `Node ${context.node.name} gathers row ${at} of ${value.shape[0]}.`,
    );
  };
  const shape = [...indices.shape, ...inner];
  requireComputable(context, shape);
  const data = like(value.data, elements(shape));
  for (let i = 0; i < data.length; i++) {
    data[i] = value.data[row(Math.floor(i / size)) * size + i % size]!;
  }
  return computed(shape, data);
};

const convertFill: ConstantOp = (context) => {
  const shape = wholesOf(context, 0);
  requireComputable(context, shape);
  const { data } = constantOf(context, 1);
  return computed(shape, like(data, elements(shape)).fill(data[0]!));
};

const convertRange: ConstantOp = (context) => {
  const [start, end, step] = [0, 1, 2].map((i) => constantOf(context, i).data[0]!) as [
    number,
    number,
    number,
  ];
  const count = Math.max(0, Math.ceil((end - start) / step));
  requireComputable(context, [count]);
  const { data } = constantOf(context, 0);
  return computed(
    [count],
    like(data, count).map((_: number, i: number) => start + i * step) as typeof data,
  );
};

const convertReduce =
  (start: number, join: (a: number, b: number) => number): ConstantOp => (context) => {
    const { data } = constantOf(context, 0);
    const all = constantOf(context, 0).shape.length;
    const axes = new Set(wholesOf(context, 1).map((axis) => dimension(context, axis, all)));
    if (axes.size !== all) {
      throw new UserError(
        `Node ${context.node.name} reduces some dimensions of a constant, not all.`,
      );
    }
    const keep = context.node.attributes.boolean("keep_dims", false);
    const result = like(data, 1);
    result[0] = (data as Float32Array).reduce(join, start);
    return computed(keep ? Array<number>(all).fill(1) : [], result);
  };

/** What can be computed while importing, by TensorFlow's name. */
export const constantOps: Readonly<Record<string, ConstantOp>> = {
  Abs: unary(Math.abs),
  Add: binary((a, b) => a + b),
  AddV2: binary((a, b) => a + b),
  Cast: (context) => {
    const { shape, data } = constantOf(context, 0);
    const whole = context.node.attributes.type("DstT") !== "DT_FLOAT";
    return computed(shape, whole ? Int32Array.from(data) : Float32Array.from(data));
  },
  ConcatV2: (context) => {
    const parts = context.inputs.slice(0, -1).map((_, i) => constantOf(context, i));
    const [axis] = wholesOf(context, parts.length);
    return concat(context, parts, dimension(context, axis, parts[0]?.shape.length ?? 0));
  },
  Exp: unary(Math.exp),
  ExpandDims: reshape((context, { shape }) => newShape(context, shape)),
  Fill: convertFill,
  FloorDiv: binary((a, b) => Math.floor(a / b)),
  GatherV2: convertGather,
  Log: unary(Math.log),
  Maximum: binary(Math.max),
  Minimum: binary(Math.min),
  Mul: binary((a, b) => a * b),
  Neg: unary((a) => -a),
  Pack: (context) => {
    const parts = context.inputs.map((_, i) => constantOf(context, i));
    const axis = dimension(
      context,
      context.node.attributes.whole("axis", 0),
      (parts[0]?.shape.length ?? 0) + 1,
    );
    const open = parts.map(({ shape, data }) =>
      computed([...shape.slice(0, axis), 1, ...shape.slice(axis)], data)
    );
    if (open.length === 0) throw new UserError(`Node ${context.node.name} packs nothing.`);
    return concat(context, open, axis);
  },
  Prod: convertReduce(1, (a, b) => a * b),
  Range: convertRange,
  RealDiv: binary((a, b) => a / b),
  Reshape: reshape((context, { shape }) => newShape(context, shape)),
  Rsqrt: unary((a) => 1 / Math.sqrt(a)),
  Shape: (context) => shapeConstant(constantOf(context, 0).shape),
  Slice: convertSlice,
  Sqrt: unary(Math.sqrt),
  Square: unary((a) => a * a),
  Squeeze: reshape((context, { shape }) => newShape(context, shape)),
  StridedSlice: convertSlice,
  Sub: binary((a, b) => a - b),
  Sum: convertReduce(0, (a, b) => a + b),
  Transpose: convertTranspose,
};

/** A shape as a constant: what Shape gives, of constants and of the network's own tensors. */
export function shapeConstant(shape: Shape): Constant {
  return computed([shape.length], Int32Array.from(shape));
}

/** An array of the same type. */
function like(data: Float32Array | Int32Array, length: number): Float32Array | Int32Array {
  return data instanceof Float32Array ? new Float32Array(length) : new Int32Array(length);
}

/** Distances in memory between neighbours along each dimension of `shape`; 0 where repeated. */
function stridesOf(tensor: Shape, shape: Shape): number[] {
  const missing = shape.length - tensor.length;
  return shape.map((_, i) => {
    const at = i - missing;
    return at < 0 || tensor[at] === 1 ? 0 : elements(tensor.slice(at + 1));
  });
}

function dot(index: readonly number[], strides: readonly number[]): number {
  return index.reduce((sum, at, i) => sum + at * strides[i]!, 0);
}

/** Every index of a tensor in row-major order; the array is reused. */
function forEachIndex(shape: Shape, visit: (index: readonly number[], i: number) => void): void {
  const index = shape.map(() => 0);
  const count = elements(shape);
  for (let i = 0; i < count; i++) {
    visit(index, i);
    for (let d = shape.length - 1; d >= 0 && ++index[d]! === shape[d]; d--) index[d] = 0;
  }
}
