/**
 * Operators whose inputs are all known at import: the arithmetic on shapes that exporters leave in
 * their graphs, and what they do to weights.
 *
 * @module
 */
import { elements } from "../../ops/op.ts";
import type { Shape } from "../../types.ts";
import { broadcast, scalarOf } from "./broadcast.ts";
import { type Context, isValue } from "./context.ts";
import { binaryFunctions, reduceFunctions, unaryFunctions } from "./functions.ts";
import { dequantize, quantizeConstant } from "./quantized.ts";
import {
  flattenedShape,
  permutationOf,
  readCuts,
  squeezedShape,
  targetShape,
  unsqueezedShape,
} from "./shapes.ts";
import { allocate, type Constant, type ConstantType, typeOf } from "./tensor.ts";
import { transposedIndices } from "./value.ts";

/** Computes an operator's outputs from constants. */
type Folder = (
  context: Context,
  inputs: readonly (Constant | undefined)[],
) => Constant | Constant[];

/** True for operators that are computed at import if they read nothing but constants. */
export function isFoldable(op: string): boolean {
  return op === "Shape" || op === "Size" || Object.hasOwn(folders, op);
}

/**
 * The outputs of a node that can be computed now; undefined if it reads what is known only at run
 * time, or is no operator that is computed here.
 */
export function fold(context: Context): readonly Constant[] | undefined {
  const { op, inputs } = context.node;
  if (op === "Shape" || op === "Size") return [shapeOf(context)];
  if (!Object.hasOwn(folders, op)) return undefined;
  const folder = folders[op]!;
  const constants = inputs.map((_, i) => context.optional(i));
  if (constants.some(isValue)) return undefined;
  const needed = op === "Concat"
    ? inputs.length
    : Object.hasOwn(binaryFunctions, op)
    ? 2
    : counts[op] ?? 1;
  for (let i = 0; i < needed; i++) context.operand(i);
  const result = folder(context, constants as (Constant | undefined)[]);
  return Array.isArray(result) ? result : [result];
}

/** Inputs that an operator cannot be without, where they are not one, or two of a binary one. */
const counts: Readonly<Record<string, number>> = {
  Constant: 0,
  Expand: 2,
  Gather: 2,
  Range: 3,
  Tile: 2,
  Where: 3,
};

/** An array for a result, if the file is worth as much memory. */
function make(context: Context, type: ConstantType, shape: Shape) {
  if (!shape.every((d) => Number.isSafeInteger(d) && d >= 0)) {
    throw context.error(`makes a tensor of shape [${shape}]`);
  }
  context.spend(elements(shape));
  return allocate(type, elements(shape));
}

/** A constant whose elements are those of another in places. */
function select(
  context: Context,
  from: Constant,
  shape: Shape,
  places: ArrayLike<number>,
): Constant {
  const data = make(context, from.type, shape);
  for (let i = 0; i < data.length; i++) data[i] = from.data[places[i]!]!;
  return { shape, type: from.type, data };
}

function wholes(values: readonly number[], shape: Shape = [values.length]): Constant {
  return { shape, type: "int64", data: Float64Array.from(values) };
}

function shapeOf(context: Context): Constant {
  const { shape } = context.operand(0);
  if (context.node.op === "Size") return wholes([elements(shape)], []);
  const end = context.attributes.integer("end", shape.length);
  return wholes(shape.slice(context.attributes.integer("start", 0), end));
}

const constant: Folder = (context) => {
  const { attributes } = context;
  const tensor = attributes.tensor("value");
  if (tensor !== undefined) return tensor;
  if (attributes.has("value_float")) return scalarOf(attributes.float("value_float", 0));
  if (attributes.has("value_int")) return wholes([attributes.integer("value_int", 0)], []);
  const floats = attributes.floats("value_floats");
  if (floats !== undefined) return { shape: [floats.length], type: "float", data: floats };
  const list = attributes.integers("value_ints");
  if (list !== undefined) return wholes(list);
  throw context.error("is a constant of a kind that intnic does not read");
};

const constantOfShape: Folder = (context, [shape]) => {
  const value = context.attributes.tensor("value") ?? scalarOf(0);
  const list = [...shape!.data];
  return {
    shape: list,
    type: value.type,
    data: make(context, value.type, list).fill(value.data[0] ?? 0),
  };
};

const cast: Folder = (context, [x]) => {
  const number = context.attributes.integer("to", 1);
  const type = typeOf(number);
  if (type === undefined) throw context.error(`casts to ONNX data type ${number}`);
  const data = make(context, type, x!.shape);
  for (let i = 0; i < data.length; i++) {
    const value = x!.data[i]!;
    data[i] = type === "float" ? value : type === "bool" ? Number(value !== 0) : Math.trunc(value);
  }
  return { shape: x!.shape, type, data };
};

const transpose: Folder = (context, [x]) => {
  const permutation = permutationOf(context, x!.shape.length);
  const indices = transposedIndices({ dimensions: x!.shape, permutation });
  const turn = (from: Constant) =>
    select(context, from, permutation.map((axis) => x!.shape[axis]!), indices);
  if (x!.quantized === undefined) return turn(x!);
  const { codes, axis } = x!.quantized;
  return {
    ...turn(x!),
    quantized: { ...x!.quantized, codes: turn(codes), axis: permutation.indexOf(axis) },
  };
};

/** The same elements under another shape; codes with one scale stay codes. */
function reshape(shapeFor: (context: Context, shape: Shape) => Shape): Folder {
  return (context, [x]) => {
    const shape = shapeFor(context, x!.shape);
    const { quantized, ...rest } = x!;
    const keep = quantized?.scales.length === 1
      ? { quantized: { ...quantized, codes: { ...quantized.codes, shape } } }
      : {};
    return { ...rest, shape, ...keep };
  };
}

const concat: Folder = (context, inputs) => {
  const list = inputs.map((input) => input!);
  const [first] = list;
  if (first === undefined) throw context.error("joins nothing");
  const axis = context.axis(context.attributes.integer("axis", 0), first.shape.length);
  const length = list.reduce((sum, { shape }) => sum + (shape[axis] ?? 0), 0);
  const shape = first.shape.map((d, i) => i === axis ? length : d);
  const total = list.reduce((sum, { data }) => sum + data.length, 0);
  if (elements(shape) !== total) throw context.error("joins tensors that do not fit");
  const data = make(context, first.type, shape);
  const outer = elements(shape.slice(0, axis));
  const inner = elements(shape.slice(axis + 1));
  let at = 0;
  for (let o = 0; o < outer; o++) {
    for (const { data: from, shape: own } of list) {
      const run = own[axis]! * inner;
      data.set(from.subarray(o * run, (o + 1) * run) as never, at);
      at += run;
    }
  }
  return { shape, type: first.type, data };
};

/** Indices of the elements at given places along one axis. */
function placesAlong(shape: Shape, axis: number, list: readonly number[]): Int32Array {
  const outer = elements(shape.slice(0, axis));
  const inner = elements(shape.slice(axis + 1));
  const places = new Int32Array(outer * list.length * inner);
  let at = 0;
  for (let o = 0; o < outer; o++) {
    for (const index of list) {
      for (let i = 0; i < inner; i++) places[at++] = (o * shape[axis]! + index) * inner + i;
    }
  }
  return places;
}

const gather: Folder = (context, [x, indices]) => {
  const axis = context.axis(context.attributes.integer("axis", 0), x!.shape.length);
  const length = x!.shape[axis] ?? 0;
  const list = [...indices!.data].map((i) => i < 0 ? i + length : i);
  const bad = list.find((i) => !Number.isInteger(i) || i < 0 || i >= length);
  if (bad !== undefined) throw context.error(`picks element ${bad} of an axis of length ${length}`);
  const shape = [...x!.shape.slice(0, axis), ...indices!.shape, ...x!.shape.slice(axis + 1)];
  context.spend(elements(shape));
  return select(context, x!, shape, placesAlong(x!.shape, axis, list));
};

const slice: Folder = (context, [x]) => {
  let result = x!;
  for (const { axis, begin, size, stride } of readCuts(context, x!.shape)) {
    const list = Array.from({ length: size }, (_, i) => begin + i * stride);
    const shape = result.shape.map((d, i) => i === axis ? size : d);
    result = select(context, result, shape, placesAlong(result.shape, axis, list));
  }
  return result;
};

const expand: Folder = (context, [x, wanted]) => {
  const shape = broadcast(context, x!.shape, [...wanted!.data]);
  context.spend(elements(shape));
  return select(context, x!, shape, repeated(x!.shape, shape));
};

const tile: Folder = (context, [x, repeats]) => {
  let result = x!;
  for (const [axis, times] of [...repeats!.data].entries()) {
    const length = result.shape[axis] ?? 1;
    if (!(times >= 0 && times <= 2 ** 20)) throw context.error(`repeats ${times} times`);
    const list = Array.from({ length: times * length }, (_, i) => i % length);
    const shape = result.shape.map((d, i) => i === axis ? d * times : d);
    context.spend(elements(shape));
    result = select(context, result, shape, placesAlong(result.shape, axis, list));
  }
  return result;
};

const range: Folder = (context, [start, limit, delta]) => {
  const [from, to, step] = [start!.data[0]!, limit!.data[0]!, delta!.data[0]!];
  const count = Math.max(0, Math.ceil((to - from) / step));
  const data = make(context, start!.type, [count]);
  for (let i = 0; i < count; i++) data[i] = from + i * step;
  return { shape: [count], type: start!.type, data };
};

/** For every element of the wider shape, the index of the narrower one's. */
function repeated(from: Shape, to: Shape): Int32Array {
  const shape = [...Array<number>(to.length - from.length).fill(1), ...from];
  let places = Int32Array.of(0);
  to.forEach((size, axis) => {
    const own = shape[axis]!;
    const next = new Int32Array(places.length * size);
    for (let i = 0, at = 0; i < places.length; i++) {
      for (let k = 0; k < size; k++) next[at++] = places[i]! * own + (own === 1 ? 0 : k);
    }
    places = next;
  });
  return places;
}

const comparisons = new Set([
  "Equal",
  "Greater",
  "GreaterOrEqual",
  "Less",
  "LessOrEqual",
  "And",
  "Or",
]);

function binary(compute: (a: number, b: number) => number): Folder {
  return (context, [a, b]) => {
    const shape = broadcast(context, a!.shape, b!.shape);
    const type = comparisons.has(context.node.op) ? "bool" : a!.type;
    const data = make(context, type, shape);
    context.spend(2 * data.length);
    const [i, k] = [repeated(a!.shape, shape), repeated(b!.shape, shape)];
    for (let at = 0; at < data.length; at++) {
      const value = compute(a!.data[i[at]!]!, b!.data[k[at]!]!);
      data[at] = type === "float" || type === "bool" ? value : Math.trunc(value);
    }
    return { shape, type, data };
  };
}

function unary(compute: (x: number) => number): Folder {
  return (context, [x]) => {
    const data = make(context, x!.type, x!.shape);
    for (let i = 0; i < data.length; i++) data[i] = compute(x!.data[i]!);
    return { shape: x!.shape, type: x!.type, data };
  };
}

const where: Folder = (context, [condition, a, b]) => {
  const shape = broadcast(context, broadcast(context, a!.shape, b!.shape), condition!.shape);
  const data = make(context, a!.type, shape);
  context.spend(3 * data.length);
  const [c, i, k] = [condition!, a!, b!].map((each) => repeated(each.shape, shape));
  for (let at = 0; at < data.length; at++) {
    data[at] = condition!.data[c![at]!] ? a!.data[i![at]!]! : b!.data[k![at]!]!;
  }
  return { shape, type: a!.type, data };
};

function reduce(combine: (a: number, b: number) => number, isMean: boolean): Folder {
  return (context, [x]) => {
    const rank = x!.shape.length;
    const given = context.list("axes", 1);
    const axes = given === undefined || given.length === 0
      ? x!.shape.map((_, i) => i)
      : given.map((axis) => context.axis(axis, rank));
    const kept = x!.shape.map((d, axis) => axes.includes(axis) ? 1 : d);
    const places = repeated(kept, x!.shape);
    const data = make(context, x!.type, kept);
    const seen = new Uint8Array(data.length);
    x!.data.forEach((value, i) => {
      const at = places[i]!;
      data[at] = seen[at] ? combine(data[at]!, value) : value;
      seen[at] = 1;
    });
    const count = x!.data.length / Math.max(1, data.length);
    if (isMean) { for (let i = 0; i < data.length; i++) data[i]! /= count; }
    const keep = context.attributes.integer("keepdims", 1) !== 0;
    const shape = keep ? kept : kept.filter((_, axis) => !axes.includes(axis));
    return { shape, type: x!.type, data };
  };
}

const clip: Folder = (context, [x]) => {
  const [low, high] = [context.scalar("min", 1, -Infinity), context.scalar("max", 2, Infinity)];
  return unary((value) => Math.min(high, Math.max(low, value)))(context, [x]);
};

const folders: Readonly<Record<string, Folder>> = {
  Cast: cast,
  Clip: clip,
  Concat: concat,
  Constant: constant,
  ConstantOfShape: constantOfShape,
  DequantizeLinear: dequantize,
  Dropout: (_, [x]) => x!,
  Expand: expand,
  Flatten: reshape((context, shape) => flattenedShape(context, shape)),
  Gather: gather,
  Identity: (_, [x]) => x!,
  QuantizeLinear: quantizeConstant,
  Range: range,
  Reshape: reshape((context, shape) => targetShape(context, shape, context.list("shape", 1) ?? [])),
  Slice: slice,
  Squeeze: reshape((context, shape) => squeezedShape(context, shape, context.list("axes", 1))),
  Tile: tile,
  Transpose: transpose,
  Unsqueeze: reshape((context, shape) =>
    unsqueezedShape(context, shape, context.list("axes", 1) ?? [])
  ),
  Where: where,
  ...Object.fromEntries(Object.entries(binaryFunctions).map(([op, f]) => [op, binary(f)])),
  ...Object.fromEntries(Object.entries(unaryFunctions).map(([op, f]) => [op, unary(f)])),
  ...Object.fromEntries(
    Object.entries(reduceFunctions).map(([op, f]) => [op, reduce(f, op === "ReduceMean")]),
  ),
};
