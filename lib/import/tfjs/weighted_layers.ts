/**
 * Dense, convolutions, and batch normalization of tfjs LayersModels.
 *
 * @module
 */
import { UserError } from "../../errors.ts";
import { formatShape } from "../../ops/op.ts";
import type { FloatTensor, Shape } from "../../types.ts";
import { activate } from "./activations.ts";
import {
  along,
  axisOf,
  biasOf,
  inputOf,
  inputShape,
  type LayerContext,
  type LayerConverter,
  numberOf,
  oneOf,
  pair,
  readWindow,
  requireChannelsLast,
  requireSetting,
  weight,
} from "./layer.ts";
import { addConvolution, addDepthwise, addMatMul, addTransposed, asImage } from "./linear.ts";

const convertDense: LayerConverter = (context) => {
  const kernel = weight(context, "kernel", 2);
  requireSetting(context, "units", kernel.shape[1]);
  const bias = biasOf(context, kernel.shape[1]!);
  return withActivation(context, addMatMul(placeOf(context), kernel, bias));
};

const convertConv1d: LayerConverter = (context) => {
  const steps = requireSteps(context);
  const { shape, data } = weight(context, "kernel", 3);
  const kernel = { shape: [1, ...shape], data };
  requireSetting(context, "filters", shape[2]);
  const causal = oneOf(context, "padding", ["valid", "same", "causal"]) === "causal";
  const stride = [1, along(context, "strides", 1)] as const;
  const dilation = [1, along(context, "dilation_rate", 1)] as const;
  const quiet = causal ? { ...context.layer.config, padding: "valid" } : context.layer.config;
  const plain = { ...context, layer: { ...context.layer, config: quiet } };
  let image = asImage(steps);
  const left = causal ? (shape[0]! - 1) * dilation[1] : 0;
  if (causal) image = [1, steps[0]! + left, steps[1]!];
  const window = readWindow(plain, image, [1, shape[0]!], { stride, dilation });
  const padding = causal ? { ...window.padding, left } : window.padding;
  const { builder, name } = context;
  const x = builder.reshape([name, "image"], inputOf(context), asImage(steps));
  const place = { builder, name, input: x };
  const y = addConvolution(place, kernel, biasOf(context, shape[2]!), { ...window, padding });
  return withActivation(context, builder.reshape([name, "steps"], y, builder.shape(y).slice(1)));
};

const convertConv2d: LayerConverter = (context) => {
  const kernel = weight(context, "kernel", 4);
  const [height, width, depth, filters] = kernel.shape as [number, number, number, number];
  const image = inputShape(context);
  requireSetting(context, "filters", filters);
  requireSetting(context, "groups", (image[2] ?? depth) / depth);
  const window = readWindow(context, image, [height, width], strides(context));
  const bias = biasOf(context, filters);
  return withActivation(context, addConvolution(placeOf(context), kernel, bias, window));
};

const convertDepthwise: LayerConverter = (context) => {
  const kernel = weight(context, "depthwise_kernel", 4);
  const [height, width, channels, multiplier] = kernel.shape as [number, number, number, number];
  requireSetting(context, "depth_multiplier", multiplier);
  const window = readWindow(context, inputShape(context), [height, width], strides(context));
  const bias = biasOf(context, channels * multiplier);
  const place = placeOf(context);
  return withActivation(context, addDepthwise(place, context.name, kernel, bias, window));
};

const convertSeparable: LayerConverter = (context) => {
  const kernel = weight(context, "depthwise_kernel", 4);
  const points = weight(context, "pointwise_kernel", 4);
  const [height, width, channels, multiplier] = kernel.shape as [number, number, number, number];
  requireSetting(context, "depth_multiplier", multiplier);
  requireSetting(context, "filters", points.shape[3]);
  const window = readWindow(context, inputShape(context), [height, width], strides(context));
  const place = placeOf(context);
  const part = [context.name, "depthwise"] as const;
  const none = new Float32Array(channels * multiplier);
  const middle = addDepthwise(place, part, kernel, none, window);
  const bias = biasOf(context, points.shape[3]!);
  const single = { kernel: [1, 1], stride: [1, 1], dilation: [1, 1] } as const;
  const padding = { top: 0, bottom: 0, left: 0, right: 0 };
  const y = addConvolution({ ...place, input: middle }, points, bias, { ...single, padding });
  return withActivation(context, y);
};

const convertTransposed: LayerConverter = (context) => {
  requireChannelsLast(context);
  const kernel = weight(context, "kernel", 4);
  const [height, width, filters] = kernel.shape as [number, number, number];
  requireSetting(context, "filters", filters);
  requireSetting(context, "output_padding", null, undefined);
  const same = oneOf(context, "padding", ["valid", "same"]) === "same";
  const { stride, dilation } = strides(context);
  requireSetting(
    { ...context, layer: { ...context.layer, config: { dilation } } },
    "dilation",
    dilation,
  );
  const image = inputShape(context);
  const length = (axis: 0 | 1) =>
    image[axis]! * stride[axis] + (same ? 0 : Math.max(0, kernel.shape[axis]! - stride[axis]));
  const window = { kernel: [height, width] as const, stride, dilation };
  const output = [length(0), length(1)] as const;
  readWindow(context, [...output, filters], window.kernel, window);
  const bias = biasOf(context, filters);
  const y = addTransposed(placeOf(context), kernel, bias, { window, same, output });
  return withActivation(context, y);
};

const convertBatchNorm: LayerConverter = (context) => {
  const { builder, name, layer: { config } } = context;
  const shape = inputShape(context);
  const axis = Array.isArray(config.axis) ? config.axis[0] : config.axis ?? -1;
  if (axisOf(context, axis, shape.length) !== shape.length - 1) {
    throw new UserError(`Layer ${name} normalizes axis ${axis}; intnic normalizes the last one.`);
  }
  const channels = shape.at(-1)!;
  const constant = (value: number): FloatTensor => ({
    shape: [channels],
    data: new Float32Array(channels).fill(value),
  });
  const parameters = new Map([
    ["gamma", config.scale === false ? constant(1) : weight(context, "gamma", 1)],
    ["beta", config.center === false ? constant(0) : weight(context, "beta", 1)],
    ["mean", weight(context, "moving_mean", 1)],
    ["variance", weight(context, "moving_variance", 1)],
  ]);
  const attributes = { epsilon: numberOf(context, "epsilon", 1e-3) };
  return builder.add(name, "batch_norm", [inputOf(context)], attributes, { parameters });
};

/** Converters by class name. */
export const weightedLayers: Readonly<Record<string, LayerConverter>> = {
  BatchNormalization: convertBatchNorm,
  Conv1D: convertConv1d,
  Conv2D: convertConv2d,
  Conv2DTranspose: convertTransposed,
  Dense: convertDense,
  DepthwiseConv2D: convertDepthwise,
  SeparableConv2D: convertSeparable,
};

function placeOf(context: LayerContext) {
  return { builder: context.builder, name: context.name, input: inputOf(context) };
}

function strides(context: LayerContext) {
  return {
    stride: pair(context, "strides", [1, 1]),
    dilation: pair(context, "dilation_rate", [1, 1]),
  };
}

/** The layer's own activation, behind its result. */
function withActivation(context: LayerContext, tensor: string): string {
  return activate(context, context.layer.config.activation ?? "linear", tensor);
}

/** The sequence that a one-dimensional layer needs: steps × channels. */
export function requireSteps(context: LayerContext): Shape {
  const shape = inputShape(context);
  if (shape.length === 2) return shape;
  throw new UserError(
    `Layer ${context.name} needs a sequence of steps × channels, but its input has shape ` +
      `${formatShape(shape)}.`,
  );
}
