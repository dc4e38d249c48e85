import { UserError } from "../../errors.ts";
import type { Shape } from "../../types.ts";
import { type NodeContext, wholesOf } from "./values.ts";

/** What is taken along one dimension. */
export interface SliceRange {
  readonly begin: number;
  /** Number of elements taken. */
  readonly size: number;
  readonly stride: number;
}

/**
 * What Slice or StridedSlice takes of a tensor, and the shape that is left.
 * @throws {UserError} if it reaches outside, takes nothing, or uses an ellipsis or new axes
 */
export function sliceRanges(
  context: NodeContext,
  shape: Shape,
): { readonly ranges: readonly SliceRange[]; readonly shape: Shape } {
  const { node } = context;
  const found = node.op === "Slice" ? plain(context, shape) : strided(context, shape);
  for (const [i, { begin, size, stride }] of found.ranges.entries()) {
    const last = begin + (size - 1) * stride;
    const inside = (at: number) => Number.isSafeInteger(at) && at >= 0 && at < shape[i]!;
    if (!(size > 0) || !inside(begin) || !inside(last)) {
      throw new UserError(
        `Node ${node.name} (${node.op}) takes ${size} elements from ${begin} on of dimension ${i}, ` +
          `which has ${shape[i]}.`,
      );
    }
  }
  return found;
}

function plain(context: NodeContext, shape: Shape) {
  const begins = wholesOf(context, 1);
  const sizes = wholesOf(context, 2);
  requireRank(context, shape, begins, sizes);
  const ranges = shape.map((d, i) => {
    const begin = begins[i]!;
    return { begin, size: sizes[i] === -1 ? d - begin : sizes[i]!, stride: 1 };
  });
  return { ranges, shape: ranges.map(({ size }) => size) };
}

function strided(context: NodeContext, shape: Shape) {
  const { node: { attributes, name } } = context;
  const [begins, ends, strides] = [1, 2, 3].map((i) => wholesOf(context, i)) as [
    number[],
    number[],
    number[],
  ];
  const mask = (key: string) => {
    const bits = attributes.whole(`${key}_mask`, 0);
    return (i: number) => (bits >> i & 1) === 1;
  };
  if (attributes.whole("ellipsis_mask", 0) !== 0 || attributes.whole("new_axis_mask", 0) !== 0) {
    throw new UserError(
      `Node ${name} (StridedSlice) uses an ellipsis or new axes, which intnic does not read.`,
    );
  }
  const [openBegin, openEnd, shrink] = [mask("begin"), mask("end"), mask("shrink_axis")];
  if (begins.length > shape.length || ends.length !== begins.length) {
    requireRank(context, shape, begins, ends);
  }
  const ranges = shape.map((d, i): SliceRange => {
    if (i >= begins.length) return { begin: 0, size: d, stride: 1 };
    const stride = strides[i] ?? 1;
    const forwards = stride > 0;
    const from = (at: number) => at < 0 ? at + d : at;
    const clamp = (at: number) =>
      forwards ? Math.min(d, Math.max(0, at)) : Math.min(d - 1, Math.max(-1, at));
    const begin = openBegin(i) ? forwards ? 0 : d - 1 : clamp(from(begins[i]!));
    if (shrink(i)) return { begin: from(begins[i]!), size: 1, stride: 1 };
    const end = openEnd(i) ? forwards ? d : -1 : clamp(from(ends[i]!));
    return { begin, size: Math.ceil((end - begin) / stride), stride };
  });
  const left = ranges.map(({ size }) => size).filter((_, i) => i >= begins.length || !shrink(i));
  return { ranges, shape: left };
}

function requireRank({ node }: NodeContext, shape: Shape, ...lists: readonly number[][]): void {
  for (const list of lists) {
    if (list.length === shape.length) continue;
    throw new UserError(
      `Node ${node.name} (${node.op}) tells ${list.length} dimensions of a tensor that has ` +
        `${shape.length}.`,
    );
  }
}
