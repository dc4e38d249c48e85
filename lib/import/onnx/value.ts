/**
 * Where the elements of an ONNX tensor lie in a tensor of ours. ONNX keeps images as channels × height
 * × width behind a batch of one; we keep them as height × width × channels without the batch. So that
 * nothing has to move at run time, an ONNX tensor is taken apart into *parts*: its dimensions in their
 * order, each split into factors where a reshape has joined what lies apart, those of size one left
 * out. `order` says in which order the parts lie in memory. Transposing then only renames the parts,
 * reshaping only splits or joins them, and whoever needs another order in memory asks for it.
 *
 * @module
 */
import { elements } from "../../ops/op.ts";
import type { Shape } from "../../types.ts";

/** An ONNX tensor that is known only at run time. */
export interface Value {
  /** The tensor of the graph that holds its elements. */
  readonly tensor: string;
  /** As ONNX has it, batch included. */
  readonly shape: Shape;
  /** Sizes of its parts, row-major in ONNX's order, all above one. */
  readonly parts: readonly number[];
  /** Indices of the parts as they lie in memory, outermost first. */
  readonly order: readonly number[];
}

/** A value whose elements lie in ONNX's own order. */
export function plainValue(tensor: string, shape: Shape): Value {
  const parts = shape.filter((d) => d > 1);
  return { tensor, shape, parts, order: parts.map((_, i) => i) };
}

/** A value whose dimensions lie in memory in the order of `axes`; those of size one may be left out. */
export function orderedValue(tensor: string, shape: Shape, axes: readonly number[]): Value {
  const groups = partsOfAxes({ ...plainValue(tensor, shape) });
  return { ...plainValue(tensor, shape), order: axes.flatMap((axis) => groups[axis]!) };
}

/** For every dimension of the ONNX shape, the indices of its parts. */
export function partsOfAxes({ shape, parts }: Value): number[][] {
  let next = 0;
  return shape.map((size) => {
    const group: number[] = [];
    for (let product = 1; product < size; next++) {
      group.push(next);
      product *= parts[next]!;
    }
    return group;
  });
}

/** True if the elements lie in ONNX's own order. */
export function isPlain({ order }: Value): boolean {
  return order.every((part, i) => part === i);
}

/** Products of everything behind: the boundaries between parts, from the whole to one. */
function boundaries(sizes: readonly number[]): number[] {
  const found = [1];
  for (const size of sizes.toReversed()) found.unshift(found[0]! * size);
  return found;
}

/**
 * The same elements in finer parts, so that there is a boundary at each of `wanted` (numbers of
 * elements behind it); undefined if a part does not divide there.
 */
export function refine(value: Value, wanted: readonly number[]): Value | undefined {
  const found = new Set([...boundaries(value.parts), ...wanted]);
  const cuts = [...found].sort((a, b) => b - a);
  const parts: number[] = [];
  for (let i = 0; i + 1 < cuts.length; i++) {
    if (cuts[i]! % cuts[i + 1]! !== 0) return undefined;
    parts.push(cuts[i]! / cuts[i + 1]!);
  }
  const starts = boundaries(value.parts);
  const pieces = value.parts.map((_, part) =>
    parts.map((_, i) => i).filter((i) => cuts[i]! <= starts[part]! && cuts[i]! > starts[part + 1]!)
  );
  return { ...value, parts, order: value.order.flatMap((part) => pieces[part]!) };
}

/** Joins parts that lie one behind the other, without regard to dimensions if `across`. */
function join(value: Value, across: boolean): Value {
  const groups = partsOfAxes(value);
  const axisOf = (part: number) => groups.findIndex((group) => group.includes(part));
  const place = new Map(value.order.map((part, at) => [part, at]));
  const sizes: number[] = [];
  /** Old part → new part; undefined for those joined to the part before. */
  const renamed: (number | undefined)[] = [];
  value.parts.forEach((size, part) => {
    const follows = part > 0 && place.get(part) === place.get(part - 1)! + 1 &&
      (across || axisOf(part) === axisOf(part - 1));
    if (follows) sizes[sizes.length - 1]! *= size;
    else sizes.push(size);
    renamed.push(follows ? undefined : sizes.length - 1);
  });
  const order = value.order.map((part) => renamed[part]).filter((part) => part !== undefined);
  return { ...value, parts: sizes, order };
}

/** The value in as few parts as say the same. */
export function simplify(value: Value): Value {
  return join(value, false);
}

/**
 * The same elements under another ONNX shape; undefined if they would have to be put into ONNX's
 * order first.
 */
export function reshaped(value: Value, shape: Shape): Value | undefined {
  // Without its dimensions, the value is one part for each run of memory.
  const runs = join({ ...value, shape: value.parts }, true);
  const split = refine(runs, boundaries(shape.filter((d) => d > 1)));
  return split && simplify({ ...split, shape });
}

/** The dimensions in another order; nothing moves. */
export function transposed(value: Value, permutation: readonly number[]): Value {
  const groups = partsOfAxes(value);
  const sequence = permutation.flatMap((axis) => groups[axis]!);
  const renamed = new Map(sequence.map((part, i) => [part, i]));
  return simplify({
    ...value,
    shape: permutation.map((axis) => value.shape[axis]!),
    parts: sequence.map((part) => value.parts[part]!),
    order: value.order.map((part) => renamed.get(part)!),
  });
}

/**
 * The dimensions of size above one as they lie in memory, outermost first; undefined if one of them
 * does not lie in one piece.
 */
export function axisOrder(value: Value): number[] | undefined {
  const groups = partsOfAxes(value);
  const axes: number[] = [];
  let at = 0;
  while (at < value.order.length) {
    const axis = groups.findIndex((group) => group[0] === value.order[at]);
    if (axis < 0) return undefined;
    for (const part of groups[axis]!) {
      if (value.order[at++] !== part) return undefined;
    }
    axes.push(axis);
  }
  return axes;
}

/** How elements in the order `from` of their parts are put into the order `to`. */
export interface Move {
  /** Dimensions before, in the order `from`. */
  readonly dimensions: Shape;
  /** Dimension i after is dimension `permutation[i]` before. */
  readonly permutation: readonly number[];
}

/** The move with the fewest dimensions that puts parts from one order into another. */
export function moveOf(
  parts: readonly number[],
  from: readonly number[],
  to: readonly number[],
): Move {
  const next = new Map(to.map((part, i) => [part, to[i + 1]]));
  const dimensions: number[] = [];
  const heads = new Map<number, number>();
  from.forEach((part, i) => {
    if (i > 0 && next.get(from[i - 1]!) === part) {
      dimensions[dimensions.length - 1]! *= parts[part]!;
    } else {
      heads.set(part, dimensions.length);
      dimensions.push(parts[part]!);
    }
  });
  const permutation = to.map((part) => heads.get(part)).filter((d) => d !== undefined);
  return { dimensions, permutation };
}

/** For every element of the transposed array in order, its index before: `transpose` of indices. */
export function transposedIndices({ dimensions, permutation }: Move): Int32Array {
  const strides = dimensions.map((_, i) => elements(dimensions.slice(i + 1)));
  let indices = Int32Array.of(0);
  for (const axis of permutation) {
    const size = dimensions[axis]!;
    const stride = strides[axis]!;
    const longer = new Int32Array(indices.length * size);
    for (let i = 0, at = 0; i < indices.length; i++) {
      for (let k = 0; k < size; k++) longer[at++] = indices[i]! + k * stride;
    }
    indices = longer;
  }
  return indices;
}
