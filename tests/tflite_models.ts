/**
 * Random TensorFlow Lite models of one operator each, int8 throughout: what the importer is tried
 * with, and what was run by TensorFlow Lite Micro for `golden/tflm.json`.
 *
 * @module
 */
import { options } from "../lib/import/tflite/schema.ts";
import { elements } from "../lib/ops/op.ts";
import type { EdgeType } from "../lib/types.ts";
import { pick, whole } from "./op_graphs.ts";
import type { Random } from "./op_trials.ts";
import { convolution, edges, fullyConnected, transposeConv } from "./tflite_linear_models.ts";
import {
  activation,
  batched,
  fitting,
  imageShape,
  Model,
  randomQuantization,
  randomWindow,
  scalar,
  scaleOf,
} from "./tflite_parts.ts";
import type { OptionField, Quantization } from "./tflite_writer.ts";

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
  const shape = batched(random, 3);
  const x = randomQuantization(random);
  const order = shape.map((_, i) => ({ i, key: i === 0 && random() < 0.8 ? -1 : random() }))
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

/** EXPAND_DIMS, and back. */
function dimensions(model: Model): number {
  const { random } = model;
  const shape = batched(random);
  const x = randomQuantization(random);
  const axis = whole(random, 0, shape.length);
  const more = shape.toSpliced(axis, 0, 1);
  const wide = [model.input(shape, x), model.int32([axis])];
  const expanded = model.operator("EXPAND_DIMS", wide, more, x);
  const narrow = model.operator("RESHAPE", [expanded, model.int32(shape)], shape, x);
  return model.operator("RELU", [narrow], shape, x);
}

/** A split, and its parts joined again the other way round. */
function split(kind: "SPLIT" | "SPLIT_V") {
  return (model: Model) => {
    const { random, writer } = model;
    const shape = batched(random);
    const axis = whole(random, 1, shape.length - 1);
    const count = whole(random, 2, 4);
    const each = whole(random, 1, 3);
    const sizes = Array.from(
      { length: count },
      () => kind === "SPLIT" ? each : whole(random, 1, 4),
    );
    const all = shape.with(axis, sizes.reduce((a, b) => a + b, 0));
    const x = randomQuantization(random);
    const input = model.input(all, x);
    const outputs = sizes.map((size) =>
      writer.tensor({ type: "int8", shape: shape.with(axis, size), quantization: x })
    );
    const along = model.int32([axis], kind === "SPLIT" ? [] : [1]);
    const inputs = kind === "SPLIT" ? [along, input] : [input, model.int32(sizes), along];
    const union = kind === "SPLIT" ? 35 : 79;
    writer.operator({ kind, inputs, outputs, options: { union, fields: [[0, "i32", count]] } });
    return model.operator("CONCATENATION", outputs.toReversed(), all, x, {
      union: options.concatenation.union,
      fields: [[0, "i32", axis], [1, "i8", 0]],
    });
  };
}

function argMax(model: Model): number {
  const { random, writer } = model;
  const shape = batched(random);
  const axis = whole(random, 1, shape.length - 1);
  const inputs = [model.input(shape, randomQuantization(random)), model.int32([axis])];
  const output = writer.tensor({ type: "int32", shape: shape.toSpliced(axis, 1) });
  writer.operator({
    kind: "ARG_MAX",
    inputs,
    outputs: [output],
    options: { union: 40, fields: [[0, "i8", 2]] },
  });
  return output;
}

/** Of values that are not negative, as the kernel asks. */
function rsqrt(model: Model): number {
  const { random } = model;
  const shape = batched(random);
  const x = scalar(10 ** (2 * random() - 2.5), -128);
  const y = scalar(10 ** (random() - 2), -128);
  return model.operator("RSQRT", [model.input(shape, x)], shape, y);
}

const PROBABILITY = scalar(1 / 256, -128);

/** How to make a model of each operator that TensorFlow Lite Micro runs in int8. */
export const makers: Readonly<Record<string, (model: Model) => number>> = {
  ABS: unary("ABS", "any"),
  ADD: binary("ADD", options.add),
  ARG_MAX: argMax,
  AVERAGE_POOL_2D: pool("AVERAGE_POOL_2D"),
  CONCATENATION: concatenation,
  CONV_2D: convolution("CONV_2D"),
  DEPTHWISE_CONV_2D: convolution("DEPTHWISE_CONV_2D"),
  ELU: unary("ELU", "any"),
  EXPAND_DIMS: dimensions,
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
  RSQRT: rsqrt,
  SLICE: slice,
  SOFTMAX: unary("SOFTMAX", PROBABILITY, (random) => ({
    union: options.softmax.union,
    fields: [[options.softmax.beta, "f32", pick(random, [1, 1, 0.5, 2])]],
  })),
  SPLIT: split("SPLIT"),
  SPLIT_V: split("SPLIT_V"),
  STRIDED_SLICE: stridedSlice,
  SUB: binary("SUB", options.sub),
  SUM: reduce("SUM"),
  TANH: unary("TANH", scalar(1 / 128, 0)),
  TRANSPOSE: transpose,
  TRANSPOSE_CONV: transposeConv,
  "float32 edges": edges("float32"),
  "uint8 edges": edges("uint8"),
};

/**
 * Contents of an input file: codes at both ends of the range, or anywhere.
 *
 * @param type of the model's input
 */
export function randomInput(
  random: Random,
  type: EdgeType,
  size: number,
  extreme: boolean,
): Uint8Array<ArrayBuffer> {
  if (type === "float32") {
    const spread = extreme ? 1e3 : 1;
    const values = Float32Array.from({ length: size }, () => spread * (2 * random() - 1));
    return new Uint8Array(values.buffer);
  }
  const code = extreme ? () => random() < 0.5 ? 0 : 255 : () => whole(random, 0, 255);
  return Uint8Array.from({ length: size }, () => code() ^ (type === "int8" ? 128 : 0));
}

/** A file with one random operator of that kind. */
export function randomTflite(kind: string, random: Random): Uint8Array {
  const model = new Model(random);
  return model.finish(makers[kind]!(model));
}
