/**
 * Layers of tfjs that pool, move, join or combine values: no weights.
 *
 * @module
 */
import { UserError } from "../../errors.ts";
import { elements, formatShape } from "../../ops/op.ts";
import { requireImage } from "../../ops/window.ts";
import type { Shape } from "../../types.ts";
import { isDimension, show } from "./files.ts";
import {
  along,
  axisOf,
  inputOf,
  inputShape,
  type LayerContext,
  type LayerConverter,
  numberOf,
  oneOf,
  pair,
  readWindow,
  requireChannelsLast,
  title,
} from "./layer.ts";
import { asImage } from "./linear.ts";
import { requireSteps } from "./weighted_layers.ts";

type Pool = "max_pool" | "average_pool";

/** TensorFlow's averages leave the padding out. */
const countPadding = (op: Pool) => op === "average_pool" ? { countPadding: false } : {};

const pool2d = (op: Pool): LayerConverter => (context) => {
  const size = pair(context, "pool_size", [2, 2]);
  const stride = pair(context, "strides", size);
  const window = readWindow(context, inputShape(context), size, { stride });
  const attributes = { ...window, ...countPadding(op) };
  return context.builder.add(context.name, op, [inputOf(context)], attributes);
};

const pool1d = (op: Pool): LayerConverter => (context) => {
  const { builder, name } = context;
  const image = asImage(requireSteps(context));
  const size = along(context, "pool_size", 2);
  const stride = [1, along(context, "strides", size)] as const;
  const window = readWindow(context, image, [1, size], { stride });
  const x = builder.reshape([name, "image"], inputOf(context), image);
  const y = builder.add(name, op, [x], { ...window, ...countPadding(op) });
  return builder.reshape([name, "steps"], y, builder.shape(y).slice(1));
};

const globalPool = (op: Pool, rank: 2 | 3): LayerConverter => (context) => {
  const { builder, name, layer: { config } } = context;
  requireChannelsLast(context);
  const image = rank === 2
    ? asImage(requireSteps(context))
    : requireImage(name, inputShape(context));
  const kernel = [image[0]!, image[1]!] as const;
  const x = builder.reshape([name, "image"], inputOf(context), image);
  const padding = { top: 0, bottom: 0, left: 0, right: 0 };
  const window = { kernel, stride: [1, 1], dilation: [1, 1], padding, ...countPadding(op) };
  const y = builder.add(name, op, [x], window);
  const channels = image[2]!;
  const kept = [...Array<number>(rank - 1).fill(1), channels];
  return builder.reshape([name, "channels"], y, config.keepdims === true ? kept : [channels]);
};

const convertReshape: LayerConverter = (context) => {
  const { layer: { config }, builder, name } = context;
  const target = config.target_shape;
  const open = (d: unknown) => d === null || d === -1;
  if (
    !Array.isArray(target) || !target.every((d) => open(d) || isDimension(d)) ||
    target.filter(open).length > 1
  ) {
    throw new UserError(
      `Layer ${name} has target_shape ${show(target)}; it must be a list of positive whole ` +
        `numbers, one of them −1 at most.`,
    );
  }
  const x = inputOf(context);
  const rest = builder.size(x) / elements(target.filter(isDimension));
  const shape = target.map((d) => open(d) ? rest : d as number);
  return builder.add(name, "reshape", [x], { shape });
};

const convertFlatten: LayerConverter = (context) => {
  const x = inputOf(context);
  return context.builder.add(context.name, "reshape", [x], { shape: [context.builder.size(x)] });
};

const convertPermute: LayerConverter = (context) => {
  const { layer: { config: { dims } }, builder, name } = context;
  const rank = inputShape(context).length;
  const wanted = Array.from({ length: rank }, (_, i) => i + 1);
  if (!Array.isArray(dims) || String([...dims].sort((a, b) => a - b)) !== String(wanted)) {
    throw new UserError(
      `Layer ${name} has dims ${show(dims)}; it must hold each of 1 to ${rank} once.`,
    );
  }
  const permutation = dims.map((d) => Number(d) - 1);
  return builder.add(name, "transpose", [inputOf(context)], { permutation });
};

const convertRepeat: LayerConverter = (context) => {
  const { builder, name } = context;
  const times = along(context, "n");
  const shape = inputShape(context);
  if (shape.length !== 1 || times > 1024) {
    throw new UserError(
      `Layer ${name} repeats an input of ${formatShape(shape)} ${times} times; it must be a ` +
        `vector, and at most 1024 times.`,
    );
  }
  const row = builder.reshape([name, "row"], inputOf(context), [1, ...shape]);
  return builder.add(name, "concat", Array<string>(times).fill(row), { axis: 0 });
};

/** Elements added or left out before and after each dimension, from a setting in any form. */
function margins(context: LayerContext, key: string, dimensions: 1 | 2): [number, number][] {
  const value = context.layer.config[key] ?? 1;
  const outer = Array.isArray(value) && (dimensions === 2 || value.length === 2)
    ? dimensions === 1 ? [value] : value
    : Array<unknown>(dimensions).fill(Array.isArray(value) ? value[0] : value);
  const pairs = outer.map((item: unknown) => Array.isArray(item) ? item : [item, item]);
  const sound = pairs.length === dimensions &&
    pairs.every((p) => p.length === 2 && p.every((n) => Number.isSafeInteger(n) && n >= 0));
  if (!sound) {
    throw new UserError(
      `${title(context)} has ${key} ${show(value)}; it must be whole numbers of at least 0.`,
    );
  }
  return pairs as [number, number][];
}

const zeroPadding = (dimensions: 1 | 2): LayerConverter => (context) => {
  requireChannelsLast(context);
  const rank = inputShape(context).length;
  requireRank(context, dimensions + 1);
  const all = [...margins(context, "padding", dimensions), [0, 0]];
  const attributes = { before: all.map(([b]) => b), after: all.map(([, a]) => a), value: 0 };
  if (all.length !== rank) throw new Error("Margins for each dimension but the channels.");
  return context.builder.add(context.name, "pad", [inputOf(context)], attributes);
};

const cropping = (dimensions: 1 | 2): LayerConverter => (context) => {
  requireChannelsLast(context);
  requireRank(context, dimensions + 1);
  const shape = inputShape(context);
  const all = [...margins(context, "cropping", dimensions), [0, 0]];
  const size = shape.map((d, i) => d - all[i]![0]! - all[i]![1]!);
  if (size.some((d) => d <= 0)) {
    throw new UserError(`Layer ${context.name} leaves nothing of its ${formatShape(shape)} input.`);
  }
  const attributes = { begin: all.map(([b]) => b), size, stride: all.map(() => 1) };
  return context.builder.add(context.name, "slice", [inputOf(context)], attributes);
};

const convertUpSampling: LayerConverter = (context) => {
  requireChannelsLast(context);
  oneOf(context, "interpolation", ["nearest"]);
  const { builder, name } = context;
  const image = requireImage(name, inputShape(context));
  const [vertical, horizontal] = pair(context, "size", [2, 2]);
  const size = [image[0]! * vertical, image[1]! * horizontal];
  const attributes = { size, alignCorners: false, halfPixelCenters: false };
  return builder.add(name, "resize_nearest", [inputOf(context)], attributes);
};

const convertRescaling: LayerConverter = (context) => {
  const { builder, name } = context;
  const scale = builder.scalar([name, "scale"], numberOf(context, "scale", 1));
  const offset = numberOf(context, "offset", 0);
  const y = builder.add(name, "mul", [inputOf(context), scale]);
  if (offset === 0) return y;
  return builder.add([name, "shift"], "add", [y, builder.scalar([name, "offset"], offset)]);
};

/** Combines any number of inputs two by two, from the first on. */
const fold = (op: string): LayerConverter => (context) => {
  const { builder, name, inputs } = context;
  if (inputs.length < 2) {
    throw new UserError(`${title(context)} reads ${inputs.length} tensors; it takes at least two.`);
  }
  const last = inputs.length - 1;
  return inputs.slice(1).reduce(
    (sum, input, i) => builder.add(i + 1 === last ? name : [name, `${i}`], op, [sum, input]),
    inputs[0]!,
  );
};

const convertAverage: LayerConverter = (context) => {
  const { builder, name, inputs } = context;
  const sum = fold("add")(context);
  const count = builder.scalar([name, "count"], 1 / inputs.length);
  return builder.add([name, "mean"], "mul", [sum, count]);
};

const convertSubtract: LayerConverter = (context) => {
  if (context.inputs.length !== 2) {
    throw new UserError(`${title(context)} reads ${context.inputs.length} tensors; it takes two.`);
  }
  return context.builder.add(context.name, "sub", context.inputs);
};

const convertConcatenate: LayerConverter = (context) => {
  const rank = inputShape(context).length;
  const axis = axisOf(context, context.layer.config.axis ?? -1, rank);
  return context.builder.add(context.name, "concat", context.inputs, { axis });
};

function requireRank(context: LayerContext, rank: number): void {
  const shape: Shape = inputShape(context);
  if (shape.length === rank) return;
  throw new UserError(
    `${title(context)} needs an input of ${rank} dimensions, not ${formatShape(shape)}.`,
  );
}

/** Layers that do nothing once training is over. */
const passThrough: LayerConverter = (context) => inputOf(context);

/** Converters by class name. */
export const shapeLayers: Readonly<Record<string, LayerConverter>> = {
  ActivityRegularization: passThrough,
  AlphaDropout: passThrough,
  AveragePooling1D: pool1d("average_pool"),
  AveragePooling2D: pool2d("average_pool"),
  Cropping1D: cropping(1),
  Cropping2D: cropping(2),
  Dropout: passThrough,
  Flatten: convertFlatten,
  GaussianDropout: passThrough,
  GaussianNoise: passThrough,
  GlobalAveragePooling1D: globalPool("average_pool", 2),
  GlobalAveragePooling2D: globalPool("average_pool", 3),
  GlobalMaxPooling1D: globalPool("max_pool", 2),
  GlobalMaxPooling2D: globalPool("max_pool", 3),
  MaxPooling1D: pool1d("max_pool"),
  MaxPooling2D: pool2d("max_pool"),
  Permute: convertPermute,
  RepeatVector: convertRepeat,
  Rescaling: convertRescaling,
  Reshape: convertReshape,
  SpatialDropout1D: passThrough,
  SpatialDropout2D: passThrough,
  UpSampling2D: convertUpSampling,
  ZeroPadding1D: zeroPadding(1),
  ZeroPadding2D: zeroPadding(2),
};

/** Converters of layers that read several tensors, by class name. */
export const mergeLayers: Readonly<Record<string, LayerConverter>> = {
  Add: fold("add"),
  Average: convertAverage,
  Concatenate: convertConcatenate,
  Maximum: fold("max"),
  Minimum: fold("min"),
  Multiply: fold("mul"),
  Subtract: convertSubtract,
};
