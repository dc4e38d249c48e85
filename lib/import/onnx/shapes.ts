import { elements, formatShape } from "../../ops/op.ts";
import type { Shape } from "../../types.ts";
import { type Context, type Converter, isValue, type Operand } from "./context.ts";
import { transposed, type Value } from "./value.ts";

/** The shape that a `Reshape` asks for, its 0 and −1 worked out. */
export function targetShape(
  context: Context,
  from: Shape,
  wanted: readonly number[],
): Shape {
  const keep = !context.attributes.flag("allowzero");
  const shape = wanted.map((d, i) => d === 0 && keep ? from[i] ?? 0 : d);
  const known = elements(shape.filter((d) => d !== -1));
  const whole = elements(from);
  const full = shape.map((d) => d === -1 ? whole / known : d);
  const sound = full.every((d) => Number.isInteger(d) && d > 0) && elements(full) === whole;
  if (!sound) {
    throw context.error(`reshapes ${formatShape(from)} to [${wanted}]; that does not fit`);
  }
  return full;
}

/** The shape without some of its axes; all of size one if not told which. */
export function squeezedShape(context: Context, from: Shape, axes?: readonly number[]): Shape {
  const gone = new Set(axes?.map((axis) => context.axis(axis, from.length)));
  for (const axis of gone) {
    if (from[axis] !== 1) throw context.error(`squeezes axis ${axis} of ${formatShape(from)}`);
  }
  return from.filter((d, axis) => axes === undefined ? d !== 1 : !gone.has(axis));
}

/** The shape with axes of size one put in. */
export function unsqueezedShape(context: Context, from: Shape, axes: readonly number[]): Shape {
  const rank = from.length + axes.length;
  const added = new Set(axes.map((axis) => context.axis(axis, rank)));
  if (rank > 16 || added.size !== axes.length) throw context.error(`adds the axes [${axes}]`);
  const rest = [...from];
  return Array.from({ length: rank }, (_, axis) => added.has(axis) ? 1 : rest.shift()!);
}

/** The two-dimensional shape of a `Flatten`. */
export function flattenedShape(context: Context, from: Shape): Shape {
  const given = context.attributes.integer("axis", 1);
  const axis = given === from.length ? given : context.axis(given, from.length);
  return [elements(from.slice(0, axis)), elements(from.slice(axis))];
}

/** The permutation of a `Transpose`. */
export function permutationOf(context: Context, rank: number): number[] {
  const given = context.attributes.integers("perm") ??
    Array.from({ length: rank }, (_, i) => rank - 1 - i);
  const sorted = given.toSorted((a, b) => a - b);
  if (given.length !== rank || sorted.some((axis, i) => axis !== i)) {
    throw context.error(`has the permutation [${given}] for ${rank} dimensions`);
  }
  return given;
}

const reshape: Converter = (context) => {
  const x = context.value(0);
  const wanted = context.list("shape", 1);
  if (wanted === undefined) throw context.error("has no shape");
  return [context.reshaped(x, targetShape(context, x.shape, wanted))];
};

const flatten: Converter = (context) => {
  const x = context.value(0);
  return [context.reshaped(x, flattenedShape(context, x.shape))];
};

const squeeze: Converter = (context) => {
  const x = context.value(0);
  return [context.reshaped(x, squeezedShape(context, x.shape, context.list("axes", 1)))];
};

const unsqueeze: Converter = (context) => {
  const x = context.value(0);
  return [context.reshaped(x, unsqueezedShape(context, x.shape, context.list("axes", 1) ?? []))];
};

const transpose: Converter = (context) => {
  const x = context.value(0);
  return [transposed(x, permutationOf(context, x.shape.length))];
};

const concat: Converter = (context) => {
  const operands = context.node.inputs.map((_, i) => context.operand(i));
  const first = operands.find(isValue) ?? operands[0]!;
  const axis = context.axis(context.attributes.integer("axis", 1), first.shape.length);
  return [concatenate(context, operands, axis)];
};

/** Operands one behind the other along an axis. */
export function concatenate(context: Context, operands: readonly Operand[], axis: number): Value {
  const values = operands.map((operand, i) =>
    isValue(operand) ? operand : context.constantValue(operand, context.node.inputs[i]!)
  );
  const longest = values.reduce((a, b) => a.order.length >= b.order.length ? a : b);
  const rank = longest.shape.length;
  for (const { shape } of values) {
    if (shape.length !== rank || shape.some((d, i) => i !== axis && d !== longest.shape[i])) {
      throw context.error(
        `joins ${
          values.map(({ shape }) => formatShape(shape)).join(" and ")
        } along axis ${axis}; ` +
          `the other axes must be equal`,
      );
    }
  }
  const shape = longest.shape.map((d, i) =>
    i === axis ? values.reduce((sum, value) => sum + value.shape[axis]!, 0) : d
  );
  const axes = context.axesOf(longest, [axis]);
  const groups = axes.map((a) => [a]);
  const tensors = values.map((value) => context.arrange(value, groups).tensor);
  if (tensors.length === 1) return values[0]!;
  const y = context.add("concat", tensors, { axis: axes.indexOf(axis) });
  return context.ordered(y, shape, axes);
}

/** What is cut out along one axis. */
export interface Cut {
  readonly axis: number;
  readonly begin: number;
  readonly size: number;
  readonly stride: number;
}

/** Parts of a value along some axes. */
export function cutOut(context: Context, x: Value, cuts: readonly Cut[]): Value {
  const real = cuts.filter(({ axis, size, stride }) => size !== x.shape[axis] || stride < 0);
  if (real.length === 0) return x;
  const { tensor, axes } = context.byAxes(x, real.map(({ axis }) => axis));
  const along = <T>(pick: (cut: Cut) => T, otherwise: (axis: number) => T) =>
    axes.map((axis) => {
      const cut = real.find((each) => each.axis === axis);
      return cut === undefined ? otherwise(axis) : pick(cut);
    });
  const y = context.add("slice", [tensor], {
    begin: along((cut) => cut.begin, () => 0),
    size: along((cut) => cut.size, (axis) => x.shape[axis]!),
    stride: along((cut) => cut.stride, () => 1),
  });
  const shape = x.shape.map((d, axis) => real.find((cut) => cut.axis === axis)?.size ?? d);
  return context.ordered(y, shape, axes);
}

/** The cuts of a `Slice`, with their ends clamped as ONNX does. */
export function readCuts(context: Context, shape: Shape): Cut[] {
  const starts = context.list("starts", 1);
  const ends = context.list("ends", 2);
  if (starts === undefined || ends === undefined || starts.length !== ends.length) {
    throw context.error("has no starts and ends");
  }
  const axes = context.list("axes", 3) ?? starts.map((_, i) => i);
  const steps = context.optionalConstant(4)?.data ?? starts.map(() => 1);
  if (axes.length !== starts.length || steps.length !== starts.length) {
    throw context.error(`has ${starts.length} starts, ${axes.length} axes, ${steps.length} steps`);
  }
  return starts.map((start, i) => {
    const axis = context.axis(axes[i]!, shape.length);
    const length = shape[axis]!;
    const step = steps[i]!;
    const clamp = (n: number, low: number, high: number) =>
      Math.min(high, Math.max(low, n < 0 ? n + length : n));
    if (!Number.isInteger(step) || step === 0) throw context.error(`steps by ${step}`);
    const begin = step > 0 ? clamp(start, 0, length) : clamp(start, 0, length - 1);
    const end = step > 0 ? clamp(ends[i]!, 0, length) : clamp(ends[i]!, -1, length - 1);
    const size = Math.max(0, Math.ceil((end - begin) / step));
    return { axis, begin, size, stride: step };
  });
}

const slice: Converter = (context) => {
  const x = context.value(0);
  const cuts = readCuts(context, x.shape);
  for (const { axis, size } of cuts) {
    if (size === 0) {
      throw context.error(`leaves nothing of axis ${axis} of ${formatShape(x.shape)}`);
    }
  }
  return [cutOut(context, x, cuts)];
};

const split: Converter = (context) => {
  const x = context.value(0);
  const axis = context.axis(context.attributes.integer("axis", 0), x.shape.length);
  const length = x.shape[axis]!;
  const count = context.node.outputs.length;
  const each = Math.ceil(length / count);
  const sizes = context.list("split", 1) ??
    context.node.outputs.map((_, i) => Math.min(each, length - i * each));
  const sum = sizes.reduce((a, b) => a + b, 0);
  if (sum !== length || sizes.length !== count || sizes.some((size) => size <= 0)) {
    throw context.error(`splits axis ${axis} of length ${length} into [${sizes}]`);
  }
  let begin = 0;
  return sizes.map((size) => {
    const part = cutOut(context, x, [{ axis, begin, size, stride: 1 }]);
    begin += size;
    return part;
  });
};

/** Runs of indices at even distances that a pick may be made of; each costs a node. */
const MAX_RUNS = 64;

/** The elements at some places along an axis, in that order: slices, joined if there are many. */
export function pick(context: Context, x: Value, axis: number, list: readonly number[]): Value {
  const length = x.shape[axis]!;
  if (list.length === 0 || list.some((i) => !Number.isInteger(i) || i < 0 || i >= length)) {
    throw context.error(`picks [${list.slice(0, 8)}] of an axis of length ${length}`);
  }
  const cuts: Cut[] = [];
  for (let at = 0; at < list.length;) {
    const stride = at + 1 < list.length ? list[at + 1]! - list[at]! : 1;
    let end = at + 1;
    while (stride !== 0 && end < list.length && list[end]! - list[end - 1]! === stride) end++;
    cuts.push({ axis, begin: list[at]!, size: end - at, stride: end - at > 1 ? stride : 1 });
    at = end;
  }
  if (cuts.length > MAX_RUNS) {
    throw context.error(
      `picks ${list.length} places of an axis in ${cuts.length} runs; intnic does up to ${MAX_RUNS}`,
    );
  }
  return concatenate(context, cuts.map((cut) => cutOut(context, x, [cut])), axis);
}

const gather: Converter = (context) => {
  const x = context.value(0);
  const axis = context.axis(context.attributes.integer("axis", 0), x.shape.length);
  const indices = context.constant(1);
  const list = [...indices.data].map((i) => i < 0 ? i + x.shape[axis]! : i);
  const picked = pick(context, x, axis, list);
  return [
    context.reshaped(picked, [
      ...x.shape.slice(0, axis),
      ...indices.shape,
      ...x.shape.slice(axis + 1),
    ]),
  ];
};

const pad: Converter = (context) => {
  const x = context.value(0);
  const rank = x.shape.length;
  const mode = context.attributes.string("mode", "constant");
  const given = context.list("pads", 1) ?? context.attributes.integers("paddings");
  const value = context.scalar("value", 2, 0);
  const named = context.optionalConstant(3)?.data;
  const axes = named === undefined
    ? x.shape.map((_, i) => i)
    : [...named].map((axis) => context.axis(axis, rank));
  if (given?.length !== 2 * axes.length || !given.every((n) => Math.abs(n) <= 2 ** 16)) {
    throw context.error(`has pads [${given}] for ${formatShape(x.shape)}`);
  }
  const before = axes.map((_, i) => given[i]!);
  const after = axes.map((_, i) => given[axes.length + i]!);
  // Negative padding cuts off.
  const inner = cutOut(
    context,
    x,
    axes.map((axis, i) => {
      const begin = Math.max(0, -before[i]!);
      const size = x.shape[axis]! - begin - Math.max(0, -after[i]!);
      if (size <= 0) {
        throw context.error(`leaves nothing of axis ${axis} of ${formatShape(x.shape)}`);
      }
      return { axis, begin, size, stride: 1 };
    }),
  );
  const longer = axes.filter((_, i) => before[i]! > 0 || after[i]! > 0);
  if (longer.length === 0) return [inner];
  if (mode !== "constant") {
    return [
      longer.reduce((value, axis) => {
        const i = axes.indexOf(axis);
        return mirrored(context, value, { axis, before: before[i]!, after: after[i]!, mode });
      }, inner),
    ];
  }
  const { tensor, axes: lying } = context.byAxes(inner, longer);
  const along = (list: readonly number[]) =>
    lying.map((axis) => Math.max(0, list[axes.indexOf(axis)] ?? 0));
  const y = context.add("pad", [tensor], { before: along(before), after: along(after), value });
  const shape = inner.shape.map((d, axis) => {
    const i = axes.indexOf(axis);
    return i < 0 ? d : d + Math.max(0, before[i]!) + Math.max(0, after[i]!);
  });
  return [context.ordered(y, shape, lying)];
};

/** A value continued along an axis by what lies at its ends. */
function mirrored(
  context: Context,
  x: Value,
  { axis, before, after, mode }: {
    readonly axis: number;
    readonly before: number;
    readonly after: number;
    readonly mode: string;
  },
): Value {
  const length = x.shape[axis]!;
  const list = Array.from({ length: Math.max(0, before) + length + Math.max(0, after) }, (_, k) => {
    const i = k - Math.max(0, before);
    if (mode === "edge") return Math.min(length - 1, Math.max(0, i));
    if (mode === "reflect") return i < 0 ? -i : i >= length ? 2 * (length - 1) - i : i;
    throw context.error(`pads by ${mode}; intnic pads by constant, edge and reflect`);
  });
  return pick(context, x, axis, list);
}

/** Blocks of channels become blocks of pixels, or back: dimensions split, exchanged and joined. */
const depthToSpace: Converter = (context) => {
  const x = context.value(0);
  const [batch, channels, height, width] = x.shape;
  const block = context.attributes.integer("blocksize", 1);
  if (x.shape.length !== 4 || channels! % block ** 2 !== 0) {
    throw context.error(`takes blocks of ${block} of ${formatShape(x.shape)}`);
  }
  const rest = channels! / block ** 2;
  const columnsFirst = context.attributes.string("mode", "DCR") === "CRD";
  const apart = columnsFirst
    ? [batch!, rest, block, block, height!, width!]
    : [batch!, block, block, rest, height!, width!];
  const order = columnsFirst ? [0, 1, 4, 2, 5, 3] : [0, 3, 4, 1, 5, 2];
  const moved = transposed(context.reshaped(x, apart), order);
  return [context.reshaped(moved, [batch!, rest, height! * block, width! * block])];
};

const spaceToDepth: Converter = (context) => {
  const x = context.value(0);
  const [batch, channels, height, width] = x.shape;
  const block = context.attributes.integer("blocksize", 1);
  if (x.shape.length !== 4 || height! % block !== 0 || width! % block !== 0) {
    throw context.error(`takes blocks of ${block} of ${formatShape(x.shape)}`);
  }
  const apart = [batch!, channels!, height! / block, block, width! / block, block];
  const moved = transposed(context.reshaped(x, apart), [0, 3, 5, 1, 2, 4]);
  const shape = [batch!, channels! * block ** 2, height! / block, width! / block];
  return [context.reshaped(moved, shape)];
};

/** Converters of operators that move, select or join. */
export const shapes: Readonly<Record<string, Converter>> = {
  Concat: concat,
  DepthToSpace: depthToSpace,
  Flatten: flatten,
  Gather: gather,
  Pad: pad,
  Reshape: reshape,
  Slice: slice,
  SpaceToDepth: spaceToDepth,
  Split: split,
  Squeeze: squeeze,
  Transpose: transpose,
  Unsqueeze: unsqueeze,
};
