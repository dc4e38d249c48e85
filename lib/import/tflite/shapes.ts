/**
 * Operators that move, select or reduce values.
 *
 * @module
 */
import { UserError } from "../../errors.ts";
import { elements, formatShape } from "../../ops/op.ts";
import type { Shape } from "../../types.ts";
import { type Builder, withoutBatch } from "./builder.ts";
import {
  axisOf,
  type Converter,
  droppedDimensions,
  fusedActivation,
  requireBatchOfOne,
  requireNoActivation,
  requireSameEncoding,
  withAxes,
} from "./common.ts";
import type { TfliteOperator, TfliteTensor } from "./file.ts";
import { readWindow } from "./linear.ts";
import { options } from "./schema.ts";

/** RESHAPE, SQUEEZE, EXPAND_DIMS: the file states the shape that comes out. */
export const reshape: Converter = (operator, build) => {
  const [x, y] = [operator.input(0), operator.output];
  requireSameEncoding(operator, x, y);
  const value = build.read(x);
  if (elements(x.shape) !== elements(y.shape)) {
    throw new UserError(
      `Layer ${operator.name} turns ${formatShape(x.shape)} into ${formatShape(y.shape)}, which ` +
        `has another number of elements.`,
    );
  }
  build.bind(operator, y, build.reshape(value, withoutBatch(y.shape), operator.name));
};

export const transpose: Converter = (operator, build) => {
  const [x, y] = [operator.input(0), operator.output];
  requireSameEncoding(operator, x, y);
  const permutation = build.constants.integers(operator.input(1));
  const rank = x.shape.length;
  if (
    permutation.length !== rank ||
    permutation.toSorted((a, b) => a - b).some((axis, i) => axis !== i)
  ) {
    throw new UserError(
      `Layer ${operator.name} permutes the dimensions of ${formatShape(x.shape)} by ` +
        `${permutation}; each must occur once.`,
    );
  }
  // Dimensions of 1 may go where they like.
  const moved = permutation.filter((axis) => x.shape[axis] !== 1);
  if (moved.every((axis, i) => i === 0 || axis > moved[i - 1]!)) {
    build.bind(operator, y, build.reshape(build.read(x), withoutBatch(y.shape), operator.name));
    return;
  }
  const dropped = droppedDimensions(x) === 1 && permutation[0] === 0;
  const value = build.node(
    operator,
    "transpose",
    [dropped ? build.read(x) : build.readWhole(x)],
    y,
    {
      attributes: {
        permutation: dropped ? permutation.slice(1).map((axis) => axis - 1) : permutation,
      },
    },
  );
  build.bind(operator, y, value);
};

export const concatenation: Converter = (operator, build) => {
  const y = operator.output;
  const table = operator.options(options.concatenation.union);
  requireNoActivation(operator, table.int8(options.concatenation.activation));
  const tensors = operator.inputs.map((_, i) => operator.input(i));
  if (tensors.length === 0) throw new UserError(`Layer ${operator.name} has no inputs.`);
  for (const x of tensors) requireSameEncoding(operator, y, x);
  const axis = axisOf(operator, table.int32(options.concatenation.axis), y.shape.length);
  // The inputs keep their batch only if it is what they are joined along.
  const inputs = tensors.map((x) => withAxes(build, x, [axis]));
  const value = build.node(operator, "concat", inputs.map(({ value }) => value), y, {
    attributes: { axis: inputs[0]!.axes[0]! },
  });
  build.bind(operator, y, value);
};

/** SLICE. */
export const slice: Converter = (operator, build) => {
  const [x, y] = [operator.input(0), operator.output];
  const begin = build.constants.integers(operator.input(1));
  const size = build.constants.integers(operator.input(2));
  addSlice(operator, build, { x, y, begin, size, stride: x.shape.map(() => 1) });
};

export const stridedSlice: Converter = (operator, build) => {
  const [x, y] = [operator.input(0), operator.output];
  const [begin, end, stride] = [1, 2, 3].map((i) => build.constants.integers(operator.input(i)));
  const table = operator.options(options.stridedSlice.union);
  const mask = (field: number) => table.int32(field);
  const { stridedSlice: fields } = options;
  const unsupported = mask(fields.ellipsis) | mask(fields.newAxis);
  if (unsupported !== 0 || table.bool(fields.offset)) {
    throw new UserError(
      `Layer ${operator.name} slices with an ellipsis or new axes; intnic slices along the axes ` +
        `that are there.`,
    );
  }
  const rank = x.shape.length;
  if (begin!.length !== rank || end!.length !== rank || stride!.length !== rank) {
    throw new UserError(
      `Layer ${operator.name} slices ${formatShape(x.shape)} but gives ${begin!.length} begins, ` +
        `${end!.length} ends and ${stride!.length} strides.`,
    );
  }
  if (stride!.includes(0)) {
    throw new UserError(`Layer ${operator.name} slices with the stride 0.`);
  }
  const starts: number[] = [];
  const sizes = x.shape.map((size, axis) => {
    const has = (field: number) => (mask(field) >> axis & 1) === 1;
    const step = stride![axis]!;
    // Backwards, a slice ends before the first element, at −1.
    const [least, most] = step > 0 ? [0, size] : [-1, size - 1];
    const limit = (value: number) =>
      Math.min(most, Math.max(least, value < 0 ? value + size : value));
    const first = has(fields.begin) ? (step > 0 ? 0 : size - 1) : limit(begin![axis]!);
    starts.push(first);
    if (has(fields.shrinkAxis)) return 1;
    const last = has(fields.end) ? (step > 0 ? size : -1) : limit(end![axis]!);
    return Math.ceil((last - first) / step);
  });
  addSlice(operator, build, { x, y, begin: starts, size: sizes, stride: stride! });
};

/** SPLIT and SPLIT_V: one slice an output. */
export const split: Converter = (operator, build) => {
  const variable = operator.kind === "SPLIT_V";
  const x = operator.input(variable ? 0 : 1);
  const [axis = 0] = build.constants.integers(operator.input(variable ? 2 : 0));
  const along = axisOf(operator, axis, x.shape.length);
  let first = 0;
  for (const y of operator.outputs) {
    const begin = x.shape.map((_, i) => i === along ? first : 0);
    first += y.shape[along] ?? 0;
    const size = x.shape.map((full, i) => i === along ? y.shape[along] ?? 0 : full);
    addSlice(operator, build, { x, y, begin, size, stride: x.shape.map(() => 1) });
  }
  if (first !== x.shape[along]) {
    throw new UserError(
      `Layer ${operator.name} splits ${x.shape[along]} entries into parts that have ${first}.`,
    );
  }
};

interface SliceParts {
  readonly x: TfliteTensor;
  readonly y: TfliteTensor;
  readonly begin: readonly number[];
  /** −1 for all that is left. */
  readonly size: readonly number[];
  readonly stride: readonly number[];
}

function addSlice(operator: TfliteOperator, build: Builder, parts: SliceParts): void {
  const { x, y, begin, stride } = parts;
  requireSameEncoding(operator, x, y);
  if (begin.length !== x.shape.length || parts.size.length !== x.shape.length) {
    throw new UserError(
      `Layer ${operator.name} slices ${formatShape(x.shape)} from ${
        formatShape(begin)
      } on, which ` +
        `has another number of dimensions.`,
    );
  }
  const size = parts.size.map((length, i) =>
    length === -1 ? Math.ceil((x.shape[i]! - begin[i]!) / stride[i]!) : length
  );
  const inside = (index: number, axis: number) => index >= 0 && index < x.shape[axis]!;
  const fits = size.every((length, i) =>
    length >= 1 && inside(begin[i]!, i) && inside(begin[i]! + (length - 1) * stride[i]!, i)
  );
  if (!fits) {
    throw new UserError(
      `Layer ${operator.name} takes ${formatShape(size)} from ${formatShape(begin)} on out of ` +
        `${formatShape(x.shape)}, which does not hold that.`,
    );
  }
  if (size.every((length, i) => length === x.shape[i] && (stride[i]! > 0 || length === 1))) {
    build.bind(operator, y, build.reshape(build.read(x), withoutBatch(y.shape), operator.name));
    return;
  }
  const from = droppedDimensions(x);
  const attributes = {
    begin: begin.slice(from),
    size: size.slice(from),
    stride: stride.slice(from),
  };
  build.bind(operator, y, build.node(operator, "slice", [build.read(x)], y, { attributes }));
}

/** PAD and PADV2. */
export const pad: Converter = (operator, build) => {
  const [x, y] = [operator.input(0), operator.output];
  requireSameEncoding(operator, x, y);
  const amounts = build.constants.integers(operator.input(1));
  const rank = x.shape.length;
  if (amounts.length !== 2 * rank || amounts.some((amount) => amount < 0)) {
    throw new UserError(
      `Layer ${operator.name} pads ${
        formatShape(x.shape)
      } by ${amounts}; two amounts of at least ` +
        `0 are needed for each of the ${rank} dimensions.`,
    );
  }
  const filler = operator.inputs[2];
  if (filler !== undefined) requireSameEncoding(operator, x, filler);
  const value = filler === undefined ? 0 : build.constants.floats(filler).data[0]!;
  const sides = (which: 0 | 1): Shape => x.shape.map((_, axis) => amounts[2 * axis + which]!);
  const [before, after] = [sides(0), sides(1)];
  const dropped = droppedDimensions(x) === 1 && before[0] === 0 && after[0] === 0;
  const from = dropped ? 1 : 0;
  const node = build.node(operator, "pad", [dropped ? build.read(x) : build.readWhole(x)], y, {
    attributes: { before: before.slice(from), after: after.slice(from), value },
  });
  build.bind(operator, y, node);
};

/** MEAN and SUM. */
export const reduce: Converter = (operator, build) => {
  const [x, y] = [operator.input(0), operator.output];
  const rank = x.shape.length;
  const axes = [
    ...new Set(
      build.constants.integers(operator.input(1)).map((axis) => axisOf(operator, axis, rank)),
    ),
  ].toSorted((a, b) => a - b);
  const dropped = droppedDimensions(x);
  const real = axes.filter((axis) => axis >= dropped).map((axis) => axis - dropped);
  if (real.length === 0) {
    throw new UserError(`Layer ${operator.name} reduces along no dimension but the batch.`);
  }
  // The shape is set right afterwards, whether the file keeps the dimensions or not.
  const value = build.node(operator, operator.kind.toLowerCase(), [build.read(x)], y, {
    attributes: { axes: real, keepDims: true },
  });
  build.bind(operator, y, value);
};

/** MAX_POOL_2D and AVERAGE_POOL_2D. */
export const pool: Converter = (operator, build) => {
  const [x, y] = [operator.input(0), operator.output];
  requireSameEncoding(operator, x, y);
  const { pool2d: fields } = options;
  const table = operator.options(fields.union);
  if (x.shape.length !== 4) {
    throw new UserError(
      `Layer ${operator.name} needs a batch of images, but ${x.name} is ${formatShape(x.shape)}.`,
    );
  }
  requireBatchOfOne(operator, x);
  const kernel = [table.int32(fields.kernelHeight), table.int32(fields.kernelWidth)] as const;
  if (kernel.some((size) => size < 1)) {
    throw new UserError(`Layer ${operator.name} has a window of ${formatShape(kernel)}.`);
  }
  const image = build.read(x);
  const window = readWindow(operator, table, fields, kernel, image.shape);
  const average = operator.kind === "AVERAGE_POOL_2D";
  const value = build.node(operator, average ? "average_pool" : "max_pool", [image], y, {
    attributes: average ? { ...window, countPadding: false } : window,
    activation: fusedActivation(operator, table.int8(fields.activation)),
  });
  build.bind(operator, y, value);
};

export const resizeNearest: Converter = (operator, build) => {
  const [x, y] = [operator.input(0), operator.output];
  requireSameEncoding(operator, x, y);
  if (x.shape.length !== 4) {
    throw new UserError(
      `Layer ${operator.name} needs a batch of images, but ${x.name} is ${formatShape(x.shape)}.`,
    );
  }
  requireBatchOfOne(operator, x);
  const table = operator.options(options.resizeNearest.union);
  const size = build.constants.integers(operator.input(1));
  if (size.length !== 2) {
    throw new UserError(`Layer ${operator.name} resizes to ${size}; height and width are needed.`);
  }
  const value = build.node(operator, "resize_nearest", [build.read(x)], y, {
    attributes: {
      size,
      alignCorners: table.bool(options.resizeNearest.alignCorners),
      halfPixelCenters: table.bool(options.resizeNearest.halfPixelCenters),
    },
  });
  build.bind(operator, y, value);
};

export const argMax: Converter = (operator, build) => {
  const [x, y] = [operator.input(0), operator.output];
  const [axis = 0] = build.constants.integers(operator.input(1));
  const { value, axes } = withAxes(build, x, [axisOf(operator, axis, x.shape.length)]);
  const node = build.node(operator, "argmax", [value], y, {
    attributes: { axis: axes[0]!, keepDims: true },
  });
  build.bind(operator, y, node);
};
