import { elements, formatShape } from "../../ops/op.ts";
import type { Shape } from "../../types.ts";
import { type Context, floatTensor, isValue, type Operand } from "./context.ts";
import type { Constant } from "./tensor.ts";
import { partsOfAxes, refine, type Value } from "./value.ts";

/** A constant of one number. */
export function scalarOf(value: number): Constant {
  return { shape: [], type: "float", data: Float32Array.of(value) };
}

/** The shape of two operands combined by numpy's rule. */
export function broadcast(context: Context, a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  const [left, right] = [widen(a, rank), widen(b, rank)];
  return left.map((size, axis) => {
    const other = right[axis]!;
    if (size === other || size === 1) return other;
    if (other === 1) return size;
    throw context.error(
      `combines ${formatShape(a)} with ${formatShape(b)}; aligned at the last, every two ` +
        `dimensions must be equal or one of them 1`,
    );
  });
}

function widen(shape: Shape, rank: number): Shape {
  return [...Array<number>(rank - shape.length).fill(1), ...shape];
}

/**
 * A node that combines two operands element by element, each repeated where it is shorter. The
 * result lies in memory as the longer of them does; the other is made to fit, a constant at import.
 */
export function combine(context: Context, op: string, a: Operand, b: Operand): Value {
  const shape = broadcast(context, a.shape, b.shape);
  const whole = (operand: Operand): operand is Value =>
    isValue(operand) && elements(operand.shape) === elements(shape);
  if (!whole(a) && !whole(b)) return combineOuter(context, op, a, b, shape);
  const first = whole(a) && (!whole(b) || rankOf(context, a) >= rankOf(context, b));
  let lead: Value = { ...(first ? a as Value : b as Value), shape };
  const given: Operand = first ? b : a;
  let other: Operand = { ...given, shape: widen(given.shape, shape.length) };
  if (isValue(other)) {
    const matched = match(lead, other);
    if (matched === undefined) {
      lead = context.plain(lead);
      other = context.plain(other);
    } else [lead, other] = matched;
  }
  const { leadShape, otherShape } = layout(context, lead, other.shape);
  const x = context.parts.reshape(lead.tensor, leadShape);
  const y = isValue(other)
    ? context.move(other, orderIn(lead, other), otherShape)
    : layConstant(context, other, lead, otherShape, context.node.inputs[first ? 1 : 0] || op);
  return { ...lead, tensor: context.add(op, first ? [x, y] : [y, x]) };
}

function rankOf(context: Context, value: Value): number {
  return context.parts.shapeOf(value.tensor).length;
}

/** Both values in the same parts along the dimensions they share; undefined if they cannot be. */
function match(lead: Value, other: Value): [Value, Value] | undefined {
  const ends = (value: Value, shape: Shape, axis: number) => {
    // Boundaries inside one dimension, as numbers of elements behind them in that dimension alone.
    const found: number[] = [];
    let behind = 1;
    for (const part of partsOfAxes(value)[axis]!.toReversed()) {
      behind *= value.parts[part]!;
      if (behind < shape[axis]!) found.push(behind);
    }
    return found;
  };
  const wanted = (from: Value, to: Value) =>
    to.shape.flatMap((size, axis) =>
      size === 1 || from.shape[axis] === 1
        ? []
        : ends(from, from.shape, axis).map((n) => n * elements(to.shape.slice(axis + 1)))
    );
  const x = refine(lead, wanted(other, lead));
  const y = refine(other, wanted(lead, other));
  return x === undefined || y === undefined ? undefined : [x, y];
}

/** The parts of the other value, which are some of the lead's, in the order of the lead's. */
function orderIn(lead: Value, other: Value): number[] {
  const own = partsOfAxes(other);
  const numbers = new Map<number, number>();
  partsOfAxes(lead).forEach((parts, axis) => {
    if (other.shape[axis] === 1) return;
    parts.forEach((part, i) => numbers.set(part, own[axis]![i]!));
  });
  return lead.order.map((part) => numbers.get(part)).filter((part) => part !== undefined);
}

/**
 * Shapes under which a tensor and another that repeats along some of its dimensions broadcast as
 * they lie: those of the tensor itself if each of its dimensions repeats as a whole or not at all.
 */
function layout(context: Context, lead: Value, other: Shape) {
  const repeats = new Map<number, boolean>();
  partsOfAxes(lead).forEach((parts, axis) => {
    for (const part of parts) repeats.set(part, other[axis] === 1);
  });
  const own = context.parts.shapeOf(lead.tensor);
  const otherShape: number[] = [];
  let at = 0;
  const fits = own.every((size) => {
    let product = 1;
    let repeated: boolean | undefined;
    while (product < size) {
      const part = lead.order[at++]!;
      product *= lead.parts[part]!;
      if (repeated !== undefined && repeated !== repeats.get(part)) return false;
      repeated = repeats.get(part);
    }
    otherShape.push(repeated === false ? size : 1);
    return product === size;
  });
  if (fits) return { leadShape: own, otherShape: trimmed(otherShape) };
  const leadShape: number[] = [];
  const runs: number[] = [];
  lead.order.forEach((part, i) => {
    const size = lead.parts[part]!;
    if (i > 0 && repeats.get(part) === repeats.get(lead.order[i - 1]!)) {
      leadShape[leadShape.length - 1]! *= size;
      if (!repeats.get(part)) runs[runs.length - 1]! *= size;
    } else {
      leadShape.push(size);
      runs.push(repeats.get(part) ? 1 : size);
    }
  });
  return { leadShape, otherShape: trimmed(runs) };
}

/** Without dimensions of one at the front, but for the last. */
function trimmed(shape: readonly number[]): Shape {
  const first = shape.findIndex((size) => size !== 1);
  return first < 0 ? [1] : shape.slice(first);
}

/** A constant laid out as the value that it is combined with. */
function layConstant(
  context: Context,
  constant: Constant,
  lead: Value,
  shape: Shape,
  name: string,
): string {
  const value = context.constantValue(constant, name);
  // Its dimensions are the value's or one, so that its parts can be as fine as the value's.
  const parts: number[] = [];
  const numbers = new Map<number, number>();
  partsOfAxes(lead).forEach((own, axis) => {
    if (constant.shape[axis] === 1) return;
    for (const part of own) numbers.set(part, parts.push(lead.parts[part]!) - 1);
  });
  const to = lead.order.map((part) => numbers.get(part)).filter((part) => part !== undefined);
  const order = parts.map((_, i) => i);
  return context.move({ ...value, parts, order }, to, shape);
}

/** Two operands that both repeat: in ONNX's own order, a dimension for each of the result's. */
function combineOuter(
  context: Context,
  op: string,
  a: Operand,
  b: Operand,
  shape: Shape,
): Value {
  const axes = shape.map((_, axis) => axis).filter((axis) => shape[axis]! > 1);
  const tensors = [a, b].map((operand, i) => {
    const value = isValue(operand)
      ? operand
      : context.constantValue(operand, context.node.inputs[i] || op);
    const wide = widen(value.shape, shape.length);
    return context.arrange({ ...value, shape: wide }, axes.map((axis) => [axis])).tensor;
  });
  return context.ordered(context.add(op, tensors), shape, axes);
}

/** Data of a constant per element of a dimension of `size`, where it is one number or one for each. */
export function spread(context: Context, constant: Constant, size: number): Float32Array {
  const { data } = floatTensor(constant);
  if (data.length === size) return data;
  if (data.length === 1) return new Float32Array(size).fill(data[0]!);
  throw context.error(`has ${data.length} values where ${size} are needed`);
}

/** The elements of a list in the order of `places`. */
export function gather(data: Float32Array, places: Int32Array | undefined): Float32Array {
  return places === undefined ? data : Float32Array.from(places, (place) => data[place]!);
}
