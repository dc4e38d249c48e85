/**
 * Random TensorFlow Lite models of one operator each, int8 throughout: what the importer is tried
 * with, and what was run by TensorFlow Lite Micro for `golden/tflm.json`.
 *
 * @module
 */
import { options } from "../lib/import/tflite/schema.ts";
import { elements } from "../lib/ops/op.ts";
import { samePadding } from "../lib/ops/window.ts";
import type { Shape } from "../lib/types.ts";
import { pick, whole } from "./op_graphs.ts";
import type { Random } from "./op_trials.ts";
import { type OptionField, type Quantization, TfliteWriter } from "./tflite_writer.ts";

/** SAME and VALID as files have them. */
const PADDING = { same: 0, valid: 1 };

/** A model under construction: one value after the other. */
class Model {
  readonly writer = new TfliteWriter();
  readonly #inputs: number[] = [];

  constructor(readonly random: Random) {}

  input(shape: Shape, quantization: Quantization): number {
    const tensor = this.writer.tensor({ name: "input", type: "int8", shape, quantization });
    this.#inputs.push(tensor);
    return tensor;
  }

  int8(shape: Shape, quantization: Quantization): number {
    const { random } = this;
    const low = quantization.zeroPoints.every((zero) => zero === 0) ? -127 : -128;
    const data = Int8Array.from({ length: elements(shape) }, () => whole(random, low, 127));
    return this.writer.tensor({ type: "int8", shape, quantization, data });
  }

  int32(values: readonly number[], shape: Shape = [values.length]): number {
    return this.writer.tensor({ type: "int32", shape, data: Int32Array.from(values) });
  }

  operator(
    kind: string,
    inputs: readonly number[],
    shape: Shape,
    quantization: Quantization,
    given?: { readonly union: number; readonly fields: readonly OptionField[] },
  ): number {
    const output = this.writer.tensor({ name: "output", type: "int8", shape, quantization });
    this.writer.operator({
      kind,
      inputs,
      outputs: [output],
      ...(given === undefined ? {} : { options: given }),
    });
    return output;
  }

  finish(output: number): Uint8Array {
    return this.writer.finish(this.#inputs, [output]);
  }
}

function scalar(scale: number, zeroPoint: number): Quantization {
  return { scales: [Math.fround(scale)], zeroPoints: [zeroPoint] };
}

/** Any scale over three decades, any zero point, the ends of the range more often. */
function randomQuantization(random: Random): Quantization {
  const zeroPoint = random() < 0.3 ? pick(random, [-128, 127, 0]) : whole(random, -128, 127);
  return scalar(10 ** (3 * random() - 3), zeroPoint);
}

/** An output scale that spreads most results of a factor over the codes. */
function fitting(random: Random, step: number, spread: number): Quantization {
  return scalar(step * spread * 10 ** (random() - 0.7), whole(random, -128, 127));
}

function scaleOf({ scales }: Quantization): number {
  return scales[0]!;
}

/** Shape with a batch of one. */
function batched(random: Random, rank = whole(random, 1, 3)): number[] {
  return [1, ...Array.from({ length: rank }, () => whole(random, 1, 7))];
}

function imageShape(random: Random): [number, number, number, number] {
  return [1, whole(random, 1, 9), whole(random, 1, 9), whole(random, 1, 7)];
}

/** A window that fits the image, the fields that say so, and the size of what comes out. */
function randomWindow(random: Random, [, height, width]: readonly number[], dilations: boolean) {
  const kernel = [whole(random, 1, 4), whole(random, 1, 4)] as const;
  const dilate = dilations && random() < 0.3;
  const stride = dilate ? [1, 1] as const : [whole(random, 1, 3), whole(random, 1, 3)] as const;
  const dilation = dilate ? [whole(random, 1, 3), whole(random, 1, 3)] as const : [1, 1] as const;
  const reach = kernel.map((size, axis) => (size - 1) * dilation[axis]! + 1);
  const same = reach[0]! > height! || reach[1]! > width! || random() < 0.5;
  const image = [height!, width!, 1];
  const padding = samePadding(image, { kernel, stride, dilation });
  const size = [height!, width!].map((length, axis) =>
    same
      ? Math.ceil(length / stride[axis]!)
      : Math.ceil((length - reach[axis]! + 1) / stride[axis]!)
  );
  return {
    kernel,
    stride,
    dilation,
    padding: same ? PADDING.same : PADDING.valid,
    size,
    pads: padding,
  };
}

function activation(random: Random): number {
  return pick(random, [0, 0, 1, 2, 3]);
}

/** Scales of weights, for all channels or one each. */
function weightQuantization(random: Random, outputs: number, dimension: number): Quantization {
  const count = random() < 0.3 ? 1 : outputs;
  const scales = Array.from({ length: count }, () => Math.fround(10 ** (2 * random() - 3)));
  return { scales, zeroPoints: scales.map(() => 0), dimension };
}

/** Biases, or −1 where there are none. */
function randomBias(model: Model, outputs: number, x: Quantization, w: Quantization): number {
  const { random, writer } = model;
  if (random() < 0.2) return -1;
  const scales = w.scales.map((scale) => Math.fround(scaleOf(x) * scale));
  return writer.tensor({
    type: "int32",
    shape: [outputs],
    quantization: { scales, zeroPoints: scales.map(() => 0) },
    data: Int32Array.from({ length: outputs }, () => whole(random, -20_000, 20_000)),
  });
}

function convolution(kind: "CONV_2D" | "DEPTHWISE_CONV_2D") {
  return (model: Model) => {
    const { random } = model;
    const depthwise = kind === "DEPTHWISE_CONV_2D";
    const image = imageShape(random);
    const { kernel, stride, dilation, padding, size } = randomWindow(random, image, true);
    const multiplier = whole(random, 1, 3);
    const outputs = depthwise ? image[3] * multiplier : whole(random, 1, 9);
    const x = randomQuantization(random);
    const w = weightQuantization(random, outputs, depthwise ? 3 : 0);
    const shape = depthwise ? [1, ...kernel, outputs] : [outputs, ...kernel, image[3]];
    const bias = randomBias(model, outputs, x, w);
    const inputs = [model.input(image, x), model.int8(shape, w), ...(bias < 0 ? [] : [bias])];
    const taps = elements(shape) / outputs;
    const y = fitting(random, scaleOf(x) * Math.max(...w.scales), 100 * Math.sqrt(taps));
    const common: OptionField[] = [
      [0, "i8", padding],
      [1, "i32", stride[1]],
      [2, "i32", stride[0]],
    ];
    const fields: OptionField[] = depthwise
      ? [
        ...common,
        [3, "i32", multiplier],
        [4, "i8", activation(random)],
        [5, "i32", dilation[1]],
        [6, "i32", dilation[0]],
      ]
      : [
        ...common,
        [3, "i8", activation(random)],
        [4, "i32", dilation[1]],
        [5, "i32", dilation[0]],
      ];
    const { union } = depthwise ? options.depthwiseConv2d : options.conv2d;
    return model.operator(kind, inputs, [1, ...size, outputs], y, { union, fields });
  };
}

function transposeConv(model: Model): number {
  const { random } = model;
  const image = [1, whole(random, 1, 5), whole(random, 1, 5), whole(random, 1, 5)];
  const outputs = whole(random, 1, 6);
  const kernel = [whole(random, 1, 4), whole(random, 1, 4)];
  const stride = [whole(random, 1, 3), whole(random, 1, 3)];
  const same = random() < 0.5;
  const size = kernel.map((length, axis) =>
    same
      ? image[1 + axis]! * stride[axis]! -
        (random() < 0.3 ? whole(random, 0, stride[axis]! - 1) : 0)
      : (image[1 + axis]! - 1) * stride[axis]! + length
  );
  const x = randomQuantization(random);
  const w = weightQuantization(random, outputs, 0);
  const bias = randomBias(model, outputs, x, w);
  const input = model.input(image, x);
  const inputs = [
    model.int32([1, ...size, outputs]),
    model.int8([outputs, kernel[0]!, kernel[1]!, image[3]!], w),
    input,
    ...(bias < 0 ? [] : [bias]),
  ];
  const y = fitting(random, scaleOf(x) * Math.max(...w.scales), 100 * Math.sqrt(image[3]! * 4));
  return model.operator("TRANSPOSE_CONV", inputs, [1, ...size, outputs], y, {
    union: options.transposeConv.union,
    fields: [
      [0, "i8", same ? PADDING.same : PADDING.valid],
      [1, "i32", stride[1]!],
      [2, "i32", stride[0]!],
      [3, "i8", activation(random)],
    ],
  });
}

function fullyConnected(model: Model): number {
  const { random } = model;
  const features = whole(random, 1, 40);
  const outputs = whole(random, 1, 11);
  const rows = random() < 0.3 ? whole(random, 2, 5) : 1;
  const keep = rows > 1 || random() < 0.3;
  const x = randomQuantization(random);
  const w = weightQuantization(random, outputs, 0);
  const bias = randomBias(model, outputs, x, w);
  const input = model.input(keep ? [1, rows, features] : [1, features], x);
  const inputs = [input, model.int8([outputs, features], w), bias];
  const y = fitting(random, scaleOf(x) * Math.max(...w.scales), 100 * Math.sqrt(features));
  const shape = keep ? [1, rows, outputs] : [1, outputs];
  return model.operator("FULLY_CONNECTED", inputs, shape, y, {
    union: options.fullyConnected.union,
    fields: [[0, "i8", activation(random)], [2, "i8", keep ? 1 : 0]],
  });
}

function pool(kind: "MAX_POOL_2D" | "AVERAGE_POOL_2D") {
  return (model: Model) => {
    const { random } = model;
    const image = imageShape(random);
    const { kernel, stride, padding, size } = randomWindow(random, image, false);
    const x = randomQuantization(random);
    return model.operator(kind, [model.input(image, x)], [1, ...size, image[3]], x, {
      union: options.pool2d.union,
      fields: [
        [0, "i8", padding],
        [1, "i32", stride[1]],
        [2, "i32", stride[0]],
        [3, "i32", kernel[1]],
        [4, "i32", kernel[0]],
        [5, "i8", activation(random)],
      ],
    });
  };
}

/** Two inputs: the network's and a constant, of a shape that is broadcast, or the same twice. */
function binary(kind: string, given?: { readonly union: number }) {
  return (model: Model) => {
    const { random } = model;
    const same = kind === "MAXIMUM" || kind === "MINIMUM";
    const shape = batched(random);
    const x = randomQuantization(random);
    const w = same ? x : scalar(scaleOf(x) * 10 ** (2 * random() - 1), whole(random, -128, 127));
    const input = model.input(shape, x);
    const other = random() < 0.2
      ? input
      : model.int8(shape.map((size) => random() < 0.3 ? 1 : size), w);
    const inputs = random() < 0.5 ? [input, other] : [other, input];
    const step = kind === "MUL" ? scaleOf(x) * scaleOf(w) * 60 : Math.max(scaleOf(x), scaleOf(w));
    const y = same ? x : fitting(random, step, 2);
    const fields: OptionField[] = [[0, "i8", activation(random)]];
    return model.operator(
      kind,
      inputs,
      shape,
      y,
      given === undefined ? undefined : { union: given.union, fields },
    );
  };
}

function prelu(model: Model): number {
  const { random } = model;
  const shape = imageShape(random);
  const x = randomQuantization(random);
  const slope = model.int8(
    [1, 1, shape[3]],
    scalar(10 ** (random() - 2), whole(random, -128, 127)),
  );
  return model.operator(
    "PRELU",
    [model.input(shape, x), slope],
    shape,
    fitting(random, scaleOf(x), 2),
  );
}

/** One input; the output's quantization is the input's, given, or any. */
function unary(
  kind: string,
  output: "same" | "any" | Quantization,
  given?: (random: Random) => { readonly union: number; readonly fields: readonly OptionField[] },
) {
  return (model: Model) => {
    const { random } = model;
    const shape = batched(random);
    const x = scalar(10 ** (2 * random() - 2.5), randomQuantization(random).zeroPoints[0]!);
    const y = output === "same" ? x : output === "any" ? fitting(random, scaleOf(x), 2) : output;
    return model.operator(kind, [model.input(shape, x)], shape, y, given?.(random));
  };
}

function concatenation(model: Model): number {
  const { random } = model;
  const shape = batched(random);
  const axis = whole(random, 1, shape.length - 1);
  const x = randomQuantization(random);
  const parts = [model.input(shape, x)];
  let length = shape[axis]!;
  for (let more = whole(random, 1, 3); more > 0; more--) {
    const part = shape.with(axis, whole(random, 1, 5));
    if (random() < 0.3) {
      parts.push(parts[0]!);
      length += shape[axis]!;
    } else {
      parts.push(model.int8(part, x));
      length += part[axis]!;
    }
  }
  const negative = random() < 0.5 ? axis : axis - shape.length;
  return model.operator("CONCATENATION", parts, shape.with(axis, length), x, {
    union: options.concatenation.union,
    fields: [[0, "i32", negative], [1, "i8", 0]],
  });
}

function slice(model: Model): number {
  const { random } = model;
  const shape = batched(random);
  const x = randomQuantization(random);
  const begin = shape.map((size) => whole(random, 0, size - 1));
  const size = shape.map((length, i) => whole(random, 1, length - begin[i]!));
  const given = size.map((length, i) =>
    begin[i]! + length === shape[i] && random() < 0.3 ? -1 : length
  );
  const inputs = [model.input(shape, x), model.int32(begin), model.int32(given)];
  return model.operator("SLICE", inputs, size, x);
}

function stridedSlice(model: Model): number {
  const { random } = model;
  const shape = batched(random);
  const x = randomQuantization(random);
  const stride = shape.map(() => whole(random, 1, 3) * (random() < 0.2 ? -1 : 1));
  const begin = shape.map((size, i) => stride[i]! > 0 ? whole(random, 0, size - 1) : size - 1);
  const end = shape.map((size, i) =>
    stride[i]! > 0 ? whole(random, begin[i]! + 1, size) : -size - 1
  );
  const size = stride.map((step, i) =>
    step > 0 ? Math.ceil((end[i]! - begin[i]!) / step) : Math.ceil(shape[i]! / -step)
  );
  const inputs = [
    model.input(shape, x),
    model.int32(begin),
    model.int32(end),
    model.int32(stride),
  ];
  return model.operator("STRIDED_SLICE", inputs, size, x, {
    union: options.stridedSlice.union,
    fields: [0, 1, 2, 3, 4].map((field): OptionField => [field, "i32", 0]),
  });
}

function pad(kind: "PAD" | "PADV2") {
  return (model: Model) => {
    const { random } = model;
    const shape = batched(random);
    const x = randomQuantization(random);
    const amounts = shape.flatMap((_, i) =>
      i === 0 ? [0, 0] : [whole(random, 0, 3), whole(random, 0, 3)]
    );
    const size = shape.map((length, i) => length + amounts[2 * i]! + amounts[2 * i + 1]!);
    const inputs = [model.input(shape, x), model.int32(amounts, [shape.length, 2])];
    if (kind === "PADV2") inputs.push(model.int8([1], x));
    return model.operator(kind, inputs, size, x);
  };
}

function transpose(model: Model): number {
  const { random } = model;
  const shape = batched(random);
  const x = randomQuantization(random);
  const order = shape.map((_, i) => ({ i, key: i === 0 ? -1 : random() }))
    .toSorted((a, b) => a.key - b.key).map(({ i }) => i);
  const inputs = [model.input(shape, x), model.int32(order)];
  return model.operator("TRANSPOSE", inputs, order.map((i) => shape[i]!), x);
}

function reduce(kind: "MEAN" | "SUM") {
  return (model: Model) => {
    const { random } = model;
    const shape = batched(random, 3);
    const axes = pick(random, [[1, 2], [1, 2], [3], [1], [2, 3], [1, 2, 3]]);
    const keep = random() < 0.5;
    const x = randomQuantization(random);
    const count = axes.reduce((product, axis) => product * shape[axis]!, 1);
    const y = random() < 0.3 && kind === "MEAN"
      ? x
      : fitting(random, scaleOf(x), kind === "SUM" ? 2 * count : 2);
    const size = keep
      ? shape.map((length, i) => axes.includes(i) ? 1 : length)
      : shape.filter((_, i) => !axes.includes(i));
    return model.operator(kind, [model.input(shape, x), model.int32(axes)], size, y, {
      union: options.reducer.union,
      fields: [[0, "i8", keep ? 1 : 0]],
    });
  };
}

function resize(model: Model): number {
  const { random } = model;
  const shape = imageShape(random);
  const size = [whole(random, 1, 12), whole(random, 1, 12)];
  const x = randomQuantization(random);
  const inputs = [model.input(shape, x), model.int32(size)];
  const mode = whole(random, 0, 2);
  return model.operator("RESIZE_NEAREST_NEIGHBOR", inputs, [1, ...size, shape[3]], x, {
    union: options.resizeNearest.union,
    fields: [[0, "i8", mode === 1 ? 1 : 0], [1, "i8", mode === 2 ? 1 : 0]],
  });
}

function reshape(model: Model): number {
  const { random } = model;
  const shape = batched(random);
  const x = randomQuantization(random);
  const flat = [1, elements(shape)];
  const first = model.operator("RESHAPE", [model.input(shape, x), model.int32(flat)], flat, x);
  // Alone it would leave nothing to deploy.
  return model.operator("RELU", [first], flat, x);
}

const PROBABILITY = scalar(1 / 256, -128);

/** How to make a model of each operator that TensorFlow Lite Micro runs in int8. */
export const makers: Readonly<Record<string, (model: Model) => number>> = {
  ADD: binary("ADD", options.add),
  AVERAGE_POOL_2D: pool("AVERAGE_POOL_2D"),
  CONCATENATION: concatenation,
  CONV_2D: convolution("CONV_2D"),
  DEPTHWISE_CONV_2D: convolution("DEPTHWISE_CONV_2D"),
  ELU: unary("ELU", "any"),
  FULLY_CONNECTED: fullyConnected,
  HARD_SWISH: unary("HARD_SWISH", "any"),
  LEAKY_RELU: unary("LEAKY_RELU", "any", (random) => ({
    union: options.leakyRelu.union,
    fields: [[options.leakyRelu.alpha, "f32", random()]],
  })),
  LOGISTIC: unary("LOGISTIC", PROBABILITY),
  LOG_SOFTMAX: unary("LOG_SOFTMAX", scalar(16 / 256, 127)),
  MAXIMUM: binary("MAXIMUM"),
  MAX_POOL_2D: pool("MAX_POOL_2D"),
  MEAN: reduce("MEAN"),
  MINIMUM: binary("MINIMUM"),
  MUL: binary("MUL", options.mul),
  PAD: pad("PAD"),
  PADV2: pad("PADV2"),
  PRELU: prelu,
  QUANTIZE: unary("QUANTIZE", "any"),
  RELU: unary("RELU", "any"),
  RELU6: unary("RELU6", "same"),
  RESHAPE: reshape,
  RESIZE_NEAREST_NEIGHBOR: resize,
  SLICE: slice,
  SOFTMAX: unary("SOFTMAX", PROBABILITY, (random) => ({
    union: options.softmax.union,
    fields: [[options.softmax.beta, "f32", pick(random, [1, 1, 0.5, 2])]],
  })),
  STRIDED_SLICE: stridedSlice,
  SUB: binary("SUB", options.sub),
  SUM: reduce("SUM"),
  TANH: unary("TANH", scalar(1 / 128, 0)),
  TRANSPOSE: transpose,
  TRANSPOSE_CONV: transposeConv,
};

/** A file with one random operator of that kind. */
export function randomTflite(kind: string, random: Random): Uint8Array {
  const model = new Model(random);
  return model.finish(makers[kind]!(model));
}
