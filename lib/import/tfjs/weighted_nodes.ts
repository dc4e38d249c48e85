/**
 * Operations of TensorFlow graphs that have weights, with the biases and activations that the
 * converter fused into them.
 *
 * @module
 */
import { UserError } from "../../errors.ts";
import { formatShape } from "../../ops/op.ts";
import { requireImage, samePadding, type Window } from "../../ops/window.ts";
import type { FloatTensor, Shape } from "../../types.ts";
import { addConvolution, addDepthwise, addMatMul, addTransposed } from "./linear.ts";
import {
  type Activation,
  activationOf,
  floatsOf,
  imageOf,
  type NodeContext,
  type NodeConverter,
  settle,
  type Value,
  wholesOf,
} from "./values.ts";
import { addActivation, preluOf } from "./element_nodes.ts";

/** Largest kernel, stride and dilation: far beyond any use, and safe in 32-bit index arithmetic. */
const MAX_WINDOW = 4096;

/** Window of a convolution or pool, over the image without the batch. */
export function windowOf(
  { node: { attributes, name, op } }: NodeContext,
  image: Shape,
  kernel: readonly [number, number],
): Window {
  const inside = (key: string): readonly [number, number] => {
    const list = attributes.wholes(key, [1, 1, 1, 1]);
    const [batch, vertical = 0, horizontal = 0, channels] = list;
    const sound = (d: number) => d >= 1 && d <= MAX_WINDOW;
    if (
      list.length === 4 && batch === 1 && channels === 1 && sound(vertical) && sound(horizontal)
    ) {
      return [vertical, horizontal];
    }
    throw new UserError(
      `Node ${name} (${op}) has ${key} ${
        formatShape(list)
      }; they must be 1, two numbers from 1 to ` +
        `${MAX_WINDOW}, and 1.`,
    );
  };
  if (!kernel.every((d) => d >= 1 && d <= MAX_WINDOW)) {
    throw new UserError(`Node ${name} (${op}) has a kernel of ${formatShape(kernel)}.`);
  }
  requireImage(name, image);
  const window = { kernel, stride: inside("strides"), dilation: inside("dilations") };
  const padding = attributes.text("padding", "VALID");
  if (padding === "SAME") return { ...window, padding: samePadding(image, window) };
  if (padding === "VALID") return { ...window, padding: { top: 0, bottom: 0, left: 0, right: 0 } };
  const explicit = attributes.wholes("explicit_paddings", []);
  if (
    padding !== "EXPLICIT" || explicit.length !== 8 || explicit.some((d) => d < 0 || d > MAX_WINDOW)
  ) {
    throw new UserError(
      `Node ${name} (${op}) has padding ${padding} ${
        formatShape(explicit)
      }; it must be SAME, VALID ` +
        `or EXPLICIT with eight numbers.`,
    );
  }
  const [, , top, bottom, left, right] = explicit as [0, 0, number, number, number, number];
  return { ...window, padding: { top, bottom, left, right } };
}

const convertConvolution: NodeConverter = (context) => {
  const { node: { name }, builder } = context;
  const { tensor: input } = imageOf(context, 0);
  const kernel = floatsOf(context, 1, 4);
  const fused = readFused(context, kernel.shape[3]!);
  const { kernel: taps, bias } = scaled(kernel, fused);
  const window = windowOf(context, builder.shape(input), [kernel.shape[0]!, kernel.shape[1]!]);
  return finish(context, fused, addConvolution({ builder, name, input }, taps, bias, window));
};

const convertDepthwise: NodeConverter = (context) => {
  const { node: { name }, builder } = context;
  const { tensor: input } = imageOf(context, 0);
  const kernel = floatsOf(context, 1, 4);
  const [height, width, channels, multiplier] = kernel.shape as [number, number, number, number];
  const fused = readFused(context, channels * multiplier);
  const { kernel: taps, bias } = scaled(kernel, fused);
  const window = windowOf(context, builder.shape(input), [height, width]);
  return finish(context, fused, addDepthwise({ builder, name, input }, name, taps, bias, window));
};

const convertTransposed: NodeConverter = (context) => {
  const { node: { name, attributes }, builder } = context;
  const [, rows, columns] = wholesOf(context, 0);
  const kernel = floatsOf(context, 1, 4);
  const { tensor: input } = imageOf(context, 2);
  const [height, width, outputs] = kernel.shape as [number, number, number];
  const output = [rows ?? 0, columns ?? 0] as const;
  const { padding: _, ...window } = windowOf(context, [...output, outputs], [height, width]);
  const padding = attributes.text("padding", "VALID");
  if (padding === "EXPLICIT") {
    throw new UserError(`Node ${name} (Conv2DBackpropInput) has padding EXPLICIT; SAME or VALID.`);
  }
  const how = { window, same: padding === "SAME", output };
  const bias = new Float32Array(outputs);
  const y = addTransposed({ builder, name, input }, kernel, bias, how);
  return [settle(context, y, [1, ...builder.shape(y)])];
};

const convertMatMul: NodeConverter = (context) => {
  const { node: { name, op, attributes }, builder } = context;
  const { tensor: input, shape } = activationOf(context, 0);
  const batched = op.startsWith("Batch");
  const flag = (which: "a" | "b") =>
    attributes.boolean(batched ? which === "a" ? "adj_x" : "adj_y" : `transpose_${which}`, false);
  if (flag("a")) throw new UserError(`Node ${name} (${op}) transposes its first input.`);
  const given = floatsOf(context, 1, 2);
  const kernel = flag("b") ? transposed(given) : given;
  const fused = readFused(context, kernel.shape[1]!);
  const { kernel: weights, bias } = scaled(kernel, fused);
  const y = addMatMul({ builder, name, input }, weights, bias);
  return finish(context, fused, y, [...shape.slice(0, -1), kernel.shape[1]!]);
};

/** What a fused operation does after the product. */
interface Fused {
  readonly bias: Float32Array;
  /** Factor of each output channel, from batch normalization. */
  readonly scale: Float32Array | undefined;
  /** Operations after that, by TensorFlow's names. */
  readonly after: readonly string[];
  /** Number of the input that holds a Prelu's slopes. */
  readonly slopes: number;
}

function readFused(context: NodeContext, outputs: number): Fused {
  const { node } = context;
  const names = node.attributes.texts("fused_ops");
  const vector = (i: number) => {
    const { data } = floatsOf(context, i);
    if (data.length === outputs) return data;
    throw new UserError(
      `Node ${node.name} (${node.op}) has ${data.length} values as input ${i}, but ${outputs} ` +
        `output channels.`,
    );
  };
  if (names[0] === "BiasAdd") {
    return { bias: vector(2), scale: undefined, after: names.slice(1), slopes: 3 };
  }
  if (names[0] === "FusedBatchNorm") {
    const [gamma, beta, mean, variance] = [2, 3, 4, 5].map(vector) as Float32Array[];
    const epsilon = node.attributes.number("epsilon", 1e-3);
    const scale = gamma!.map((g, i) => g / Math.sqrt(variance![i]! + epsilon));
    const bias = beta!.map((b, i) => b - mean![i]! * scale[i]!);
    return { bias, scale, after: names.slice(1), slopes: 6 };
  }
  return { bias: new Float32Array(outputs), scale: undefined, after: names, slopes: 2 };
}

/** The weights times the factor of each output, their last dimensions. */
function scaled({ shape, data }: FloatTensor, { scale, bias }: Fused) {
  if (scale === undefined) return { kernel: { shape, data }, bias };
  const weights = data.map((value, i) => value * scale[i % scale.length]!);
  return { kernel: { shape, data: weights }, bias };
}

/** The activations of a fused operation, behind its product. */
function finish(context: NodeContext, fused: Fused, tensor: string, shape?: Shape): Value[] {
  const { builder } = context;
  const y = settle(context, tensor, shape ?? [1, ...builder.shape(tensor)]);
  return [fused.after.reduce((value: Activation, op) => {
    if (op === "Prelu") return preluOf(context, value, fused.slopes);
    return addActivation(context, op, value);
  }, y)];
}

function transposed({ shape, data }: FloatTensor): FloatTensor {
  const [rows, columns] = shape as [number, number];
  return {
    shape: [columns, rows],
    data: data.map((_, i) => data[i % rows * columns + Math.floor(i / rows)]!),
  };
}

const convertBatchNorm: NodeConverter = (context) => {
  const { node: { name, attributes }, builder } = context;
  const { tensor, shape } = activationOf(context, 0);
  if (
    attributes.text("data_format", "NHWC") !== "NHWC" || attributes.boolean("is_training", false)
  ) {
    throw new UserError(`Node ${name} normalizes in training or as NCHW; intnic reads neither.`);
  }
  const [gamma, beta, mean, variance] = [1, 2, 3, 4].map((i) => floatsOf(context, i, 1)) as [
    FloatTensor,
    FloatTensor,
    FloatTensor,
    FloatTensor,
  ];
  const parameters = new Map(Object.entries({ gamma, beta, mean, variance }));
  const attribute = { epsilon: attributes.number("epsilon", 1e-3) };
  const y = builder.add(name, "batch_norm", [tensor], attribute, { parameters });
  return [settle(context, y, shape)];
};

/** Converters by TensorFlow's name. */
export const weightedNodes: Readonly<Record<string, NodeConverter>> = {
  BatchMatMul: convertMatMul,
  BatchMatMulV2: convertMatMul,
  Conv2D: convertConvolution,
  Conv2DBackpropInput: convertTransposed,
  DepthwiseConv2dNative: convertDepthwise,
  FusedBatchNorm: convertBatchNorm,
  FusedBatchNormV2: convertBatchNorm,
  FusedBatchNormV3: convertBatchNorm,
  FusedDepthwiseConv2dNative: convertDepthwise,
  MatMul: convertMatMul,
  _FusedConv2D: convertConvolution,
  _FusedMatMul: convertMatMul,
};
