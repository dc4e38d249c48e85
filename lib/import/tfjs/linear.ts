/**
 * Layers with weights in TensorFlow's layouts, as nodes with weights in ours. Bias and window are
 * given; the activation comes after.
 *
 * @module
 */
import { UserError } from "../../errors.ts";
import { elements, formatShape } from "../../ops/op.ts";
import { requireImage, samePadding, type Window } from "../../ops/window.ts";
import type { FloatTensor, Shape } from "../../types.ts";
import type { GraphBuilder, NodeName } from "../builder.ts";

/** Where nodes go and what they read. */
export interface Place {
  readonly builder: GraphBuilder;
  readonly name: string;
  readonly input: string;
}

/** `[…, outputs]` → `[outputs, …]`. */
export function outputsFirst({ shape, data }: FloatTensor): FloatTensor {
  const outputs = shape.at(-1)!;
  const taps = elements(shape) / outputs;
  const moved = new Float32Array(data.length);
  for (let t = 0; t < taps; t++) {
    for (let o = 0; o < outputs; o++) moved[o * taps + t] = data[t * outputs + o]!;
  }
  return { shape: [outputs, ...shape.slice(0, -1)], data: moved };
}

/**
 * Multiplies the last dimension by `kernel`, `[inputs, outputs]`: a dense layer, or a convolution by
 * 1×1 where there are several rows.
 */
export function addMatMul(
  { builder, name, input }: Place,
  kernel: FloatTensor,
  bias: Float32Array,
): string {
  const shape = builder.shape(input);
  const [inputs, outputs] = kernel.shape as [number, number];
  if (shape.at(-1) !== inputs) {
    throw new UserError(
      `Layer ${name} multiplies by weights of ${formatShape(kernel.shape)}; its input of ` +
        `${formatShape(shape)} asks for ${shape.at(-1)}×outputs.`,
    );
  }
  const weights = outputsFirst(kernel);
  const rows = elements(shape) / inputs;
  if (rows === 1) {
    const y = builder.add(name, "dense", [input], {}, { weights, bias });
    return builder.reshape([name, "shape"], y, [...shape.slice(0, -1), outputs]);
  }
  const x = builder.reshape([name, "rows"], input, [1, rows, inputs]);
  const taps = { shape: [outputs, 1, 1, inputs], data: weights.data };
  const y = builder.add(name, "conv2d", [x], pointwise, { weights: taps, bias });
  return builder.reshape([name, "shape"], y, [...shape.slice(0, -1), outputs]);
}

const pointwise: Window = {
  kernel: [1, 1],
  stride: [1, 1],
  dilation: [1, 1],
  padding: { top: 0, bottom: 0, left: 0, right: 0 },
};

/** Convolution by a kernel `[height, width, inputs / groups, outputs]`. */
export function addConvolution(
  { builder, name, input }: Place,
  kernel: FloatTensor,
  bias: Float32Array,
  window: Window,
): string {
  const channels = requireImage(name, builder.shape(input))[2]!;
  const [height, width, depth, outputs] = kernel.shape as [number, number, number, number];
  const groups = channels / depth;
  if (!Number.isInteger(groups) || outputs % groups !== 0) {
    throw new UserError(
      `Convolution ${name} has weights of ${formatShape(kernel.shape)} (height, width, inputs, ` +
        `outputs), which do not divide the ${channels} channels of its input into equal groups.`,
    );
  }
  const weights = outputsFirst(kernel);
  if (depth === 1 && groups > 1) {
    const planes = { shape: [outputs, height, width], data: weights.data };
    return builder.add(name, "depthwise_conv2d", [input], window, { weights: planes, bias });
  }
  const attributes = groups === 1 ? window : { ...window, groups };
  return builder.add(name, "conv2d", [input], attributes, { weights, bias });
}

/** Convolution of each channel by itself; kernel `[height, width, channels, multiplier]`. */
export function addDepthwise(
  { builder, input }: Place,
  name: NodeName,
  { shape, data }: FloatTensor,
  bias: Float32Array,
  window: Window,
): string {
  const [height, width, channels, multiplier] = shape as [number, number, number, number];
  // Output c·multiplier + m is the m-th of channel c: the last two dimensions are the outputs.
  const outputs = channels * multiplier;
  const weights = outputsFirst({ shape: [height, width, outputs], data });
  return builder.add(name, "depthwise_conv2d", [input], window, { weights, bias });
}

/**
 * Transposed convolution by a kernel `[height, width, outputs, inputs]`, to an image of
 * `output` pixels.
 */
export function addTransposed(
  { builder, name, input }: Place,
  { shape, data }: FloatTensor,
  bias: Float32Array,
  { window, same, output }: {
    readonly window: Omit<Window, "padding">;
    readonly same: boolean;
    readonly output: readonly [number, number];
  },
): string {
  const [height, width, outputs, inputs] = shape as [number, number, number, number];
  const image = requireImage(name, builder.shape(input));
  // What the convolution that this one undoes would have added around an image of `output`.
  const padding = same
    ? samePadding([...output, outputs], window)
    : { top: 0, bottom: 0, left: 0, right: 0 };
  for (const axis of [0, 1] as const) {
    const reach = (window.kernel[axis] - 1) * window.dilation[axis] + 1;
    const whole = same
      ? Math.ceil(output[axis] / window.stride[axis])
      : Math.floor((output[axis] - reach) / window.stride[axis]) + 1;
    if (whole !== image[axis]) {
      throw new UserError(
        `Layer ${name} makes an image of ${formatShape(output)} out of one of ` +
          `${formatShape(image.slice(0, 2))}; with its kernel, strides and padding the sizes do ` +
          `not fit together.`,
      );
    }
  }
  const weights = new Float32Array(data.length);
  for (let tap = 0; tap < height * width; tap++) {
    for (let o = 0; o < outputs; o++) {
      for (let i = 0; i < inputs; i++) {
        weights[(o * height * width + tap) * inputs + i] = data[(tap * outputs + o) * inputs + i]!;
      }
    }
  }
  return builder.add(name, "conv2d_transpose", [input], { ...window, padding, output }, {
    weights: { shape: [outputs, height, width, inputs], data: weights },
    bias,
  });
}

/** A sequence of steps as an image one pixel high, so that its windows run along memory. */
export function asImage(shape: Shape): Shape {
  return [1, ...shape];
}
