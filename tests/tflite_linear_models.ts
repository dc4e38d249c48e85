/**
 * Random TensorFlow Lite models of one operator with weights each.
 *
 * @module
 */
import { options } from "../lib/import/tflite/schema.ts";
import { elements } from "../lib/ops/op.ts";
import { whole } from "./op_graphs.ts";
import type { Random } from "./op_trials.ts";
import {
  activation,
  fitting,
  imageShape,
  type Model,
  PADDING,
  randomQuantization,
  randomWindow,
  scalar,
  scaleOf,
} from "./tflite_parts.ts";
import type { OptionField, Quantization } from "./tflite_writer.ts";

/** Scales of weights, for all channels or one each. */
function weightQuantization(random: Random, outputs: number, dimension: number): Quantization {
  const count = random() < 0.3 ? 1 : outputs;
  const scales = Array.from({ length: count }, () => Math.fround(10 ** (2 * random() - 3)));
  return { scales, zeroPoints: scales.map(() => 0), dimension };
}

/** Biases, or −1 where there are none. */
function randomBias(
  model: Model,
  outputs: number,
  x: Quantization,
  w: Quantization,
  always = false,
): number {
  const { random, writer } = model;
  if (!always && random() < 0.2) return -1;
  const scales = w.scales.map((scale) => Math.fround(scaleOf(x) * scale));
  return writer.tensor({
    type: "int32",
    shape: [outputs],
    quantization: { scales, zeroPoints: scales.map(() => 0) },
    data: Int32Array.from({ length: outputs }, () => whole(random, -20_000, 20_000)),
  });
}

export function convolution(kind: "CONV_2D" | "DEPTHWISE_CONV_2D") {
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
    // TensorFlow Lite Micro's depthwise kernel stops where there are no biases.
    const bias = randomBias(model, outputs, x, w, depthwise);
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

export function transposeConv(model: Model): number {
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

export function fullyConnected(model: Model): number {
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

/** A fully connected layer whose edges are of another type, with conversions before and after. */
export function edges(type: "uint8" | "float32") {
  return (model: Model) => {
    const { random, writer } = model;
    const features = whole(random, 1, 20);
    const outputs = whole(random, 1, 7);
    const x = randomQuantization(random);
    const y = fitting(random, scaleOf(x) * 0.01, 100 * Math.sqrt(features));
    const outer = (quantization: Quantization) =>
      type === "float32" ? {} : {
        quantization: {
          scales: quantization.scales,
          zeroPoints: quantization.zeroPoints.map((zero) => zero + 128),
        },
      };
    const input = writer.tensor({ type, shape: [1, features], ...outer(x) });
    model.inputs.push(input);
    const codes = model.operator("QUANTIZE", [input], [1, features], x);
    const weights = model.int8([outputs, features], scalar(0.01, 0));
    const inner = model.operator("FULLY_CONNECTED", [codes, weights, -1], [1, outputs], y, {
      union: options.fullyConnected.union,
      fields: [[0, "i8", 0]],
    });
    const output = writer.tensor({ type, shape: [1, outputs], ...outer(y) });
    const kind = type === "uint8" ? "QUANTIZE" : "DEQUANTIZE";
    writer.operator({ kind, inputs: [inner], outputs: [output] });
    return output;
  };
}
