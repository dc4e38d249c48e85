/**
 * Operators with weights: convolutions and the fully connected layer.
 *
 * @module
 */
import { UserError } from "../../errors.ts";
import { elements, formatShape } from "../../ops/op.ts";
import { noPadding, samePadding, type Window } from "../../ops/window.ts";
import type { FloatTensor, Node, Shape } from "../../types.ts";
import type { Builder } from "./builder.ts";
import type { TfliteOperator, TfliteTensor } from "./file.ts";
import type { Table } from "./reader.ts";
import { type Converter, fusedActivation, requireBatchOfOne } from "./common.ts";
import { options } from "./schema.ts";

/** What the three kinds of convolution have in common in their options. */
interface WindowFields {
  readonly padding: number;
  readonly strideWidth: number;
  readonly strideHeight: number;
  readonly dilationWidth?: number;
  readonly dilationHeight?: number;
}

/** Stride, dilation and padding of an operator with a window over an image. */
export function readWindow(
  operator: TfliteOperator,
  table: Table,
  fields: WindowFields,
  kernel: readonly [number, number],
  image: Shape,
): Window {
  const positive = (field: number | undefined, what: string) => {
    const value = field === undefined ? 1 : table.int32(field, what === "dilation" ? 1 : 0);
    if (value >= 1) return value;
    throw new UserError(`Layer ${operator.name} has the ${what} ${value}; it must be at least 1.`);
  };
  const geometry = {
    kernel,
    stride: [
      positive(fields.strideHeight, "stride"),
      positive(fields.strideWidth, "stride"),
    ],
    dilation: [
      positive(fields.dilationHeight, "dilation"),
      positive(fields.dilationWidth, "dilation"),
    ],
  } as const;
  const padding = table.int8(fields.padding);
  if (padding !== 0 && padding !== 1) {
    throw new UserError(
      `Layer ${operator.name} has padding of kind ${padding}; 0 is SAME, 1 VALID.`,
    );
  }
  return { ...geometry, padding: padding === 0 ? samePadding(image, geometry) : noPadding };
}

export const conv2d: Converter = (operator, build) => {
  const [x, weights] = [operator.input(0), operator.input(1)];
  const table = operator.options(options.conv2d.union);
  const image = readImage(operator, build, x);
  const [outputs, height, width, channels] = requireRank(operator, weights, 4);
  const groups = image.shape[2]! / channels!;
  const window = readWindow(operator, table, options.conv2d, [height!, width!], image.shape);
  const constants = linearConstants(operator, build, {
    outputs: outputs!,
    channelDimension: 0,
    singleProduct: false,
  });
  const attributes = groups === 1 ? window : { ...window, groups };
  const activation = fusedActivation(operator, table.int8(options.conv2d.activation));
  const value = build.node(operator, "conv2d", [image], operator.output, {
    attributes,
    activation,
    constants,
  });
  build.bind(operator, operator.output, value);
};

export const depthwiseConv2d: Converter = (operator, build) => {
  const [x, weights] = [operator.input(0), operator.input(1)];
  const table = operator.options(options.depthwiseConv2d.union);
  const image = readImage(operator, build, x);
  const [, height, width, outputs] = requireRank(operator, weights, 4);
  const { depthwiseConv2d: fields } = options;
  const window = readWindow(operator, table, fields, [height!, width!], image.shape);
  // The file has the output channel innermost; intnic outermost.
  const constants = linearConstants(operator, build, {
    outputs: outputs!,
    channelDimension: 3,
    singleProduct: false,
    order: (from, to) => {
      const taps = height! * width!;
      for (let o = 0, at = 0; o < outputs!; o++) {
        for (let tap = 0; tap < taps; tap++) to[at++] = from[tap * outputs! + o]!;
      }
    },
    shape: [outputs!, height!, width!],
  });
  const activation = fusedActivation(operator, table.int8(fields.activation));
  const value = build.node(operator, "depthwise_conv2d", [image], operator.output, {
    attributes: window,
    activation,
    constants,
  });
  build.bind(operator, operator.output, value);
};

export const transposeConv: Converter = (operator, build) => {
  const [weights, x] = [operator.input(1), operator.input(2)];
  const table = operator.options(options.transposeConv.union);
  const image = readImage(operator, build, x);
  const [outputs, height, width] = requireRank(operator, weights, 4);
  const [, outHeight, outWidth] = requireRank(operator, operator.output, 4);
  const kernel = [height!, width!] as const;
  const output = [outHeight!, outWidth!] as const;
  const { stride, dilation } = readWindow(operator, table, options.transposeConv, kernel, output);
  // As if the output were convolved back to the input; SAME and VALID differ by the output alone.
  const along = (axis: 0 | 1) => {
    const total = Math.max(
      0,
      (image.shape[axis]! - 1) * stride[axis] + kernel[axis] - output[axis],
    );
    return [Math.floor(total / 2), Math.ceil(total / 2)] as const;
  };
  const [top, bottom] = along(0);
  const [left, right] = along(1);
  const constants = linearConstants(operator, build, {
    outputs: outputs!,
    channelDimension: 0,
    singleProduct: false,
    at: { x: 2, weights: 1, bias: 3 },
  });
  const activation = fusedActivation(operator, table.int8(options.transposeConv.activation));
  const value = build.node(operator, "conv2d_transpose", [image], operator.output, {
    attributes: { kernel, stride, dilation, padding: { top, bottom, left, right }, output },
    activation,
    constants,
  });
  build.bind(operator, operator.output, value);
};

export const fullyConnected: Converter = (operator, build) => {
  const [x, weights] = [operator.input(0), operator.input(1)];
  const table = operator.options(options.fullyConnected.union);
  if (table.int8(options.fullyConnected.weightsFormat) !== 0) {
    throw new UserError(
      `Layer ${operator.name} has shuffled weights, which are made for one kind of processor; ` +
        `intnic reads weights in row-major order.`,
    );
  }
  const [outputs, features] = requireRank(operator, weights, 2);
  const constants = linearConstants(operator, build, {
    outputs: outputs!,
    channelDimension: 0,
    singleProduct: true,
  });
  const activation = fusedActivation(operator, table.int8(options.fullyConnected.activation));
  const rows = elements(x.shape) / features!;
  if (!Number.isInteger(rows)) {
    throw new UserError(
      `Layer ${operator.name} has weights of ${formatShape(weights.shape)}, which do not fit its ` +
        `input of ${formatShape(x.shape)}.`,
    );
  }
  const input = build.read(x);
  if (rows === 1) {
    const value = build.node(operator, "dense", [input], operator.output, {
      activation,
      constants,
    });
    build.bind(operator, operator.output, value);
    return;
  }
  // The same layer for every row is a convolution with a 1×1 kernel.
  const shape = [outputs!, 1, 1, features!];
  const image = build.reshape(input, [rows, 1, features!], `${operator.name} rows`);
  const value = build.node(operator, "conv2d", [image], operator.output, {
    attributes: { kernel: [1, 1], stride: [1, 1], dilation: [1, 1], padding: noPadding },
    activation,
    constants: { ...constants, weights: { shape, data: constants.weights!.data } },
  });
  build.bind(operator, operator.output, value);
};

/** The image an operator reads. */
function readImage(operator: TfliteOperator, build: Builder, x: TfliteTensor) {
  requireRank(operator, x, 4);
  requireBatchOfOne(operator, x);
  return build.read(x);
}

function requireRank(operator: TfliteOperator, { name, shape }: TfliteTensor, rank: number): Shape {
  if (shape.length !== rank) {
    throw new UserError(
      `Layer ${operator.name} needs ${rank} dimensions, but ${name} has shape ${
        formatShape(shape)
      }.`,
    );
  }
  return shape;
}

/** How the weights of an operator are laid out in the file, and are to be in the graph. */
interface WeightLayout {
  readonly outputs: number;
  /** The dimension of the file's weights that is the output channel. */
  readonly channelDimension: number;
  /** Whether a scale for all channels is multiplied by the input's in single precision. */
  readonly singleProduct: boolean;
  /** Shape in the graph, and how to fill it, where it differs. */
  readonly shape?: Shape;
  readonly order?: (from: ArrayLike<number>, to: Float32Array | Int8Array) => void;
  readonly at?: { readonly x: number; readonly weights: number; readonly bias: number };
}

/** Weights and biases, as codes too where the whole layer is int8. */
function linearConstants(
  operator: TfliteOperator,
  build: Builder,
  layout: WeightLayout,
): Pick<Node, "weights" | "bias" | "codes"> {
  const at = layout.at ?? { x: 0, weights: 1, bias: 2 };
  const x = operator.input(at.x);
  const weights = operator.input(at.weights);
  const bias = operator.inputs[at.bias];
  if (bias !== undefined && elements(bias.shape) !== layout.outputs) {
    throw new UserError(
      `Layer ${operator.name} has ${layout.outputs} outputs but ${elements(bias.shape)} biases.`,
    );
  }
  if (x.type === "float32") {
    const real = arrange(build.constants.floats(weights), weights, build, layout);
    const biases = bias === undefined
      ? new Float32Array(layout.outputs)
      : build.constants.floats(bias).data;
    return { weights: real, bias: biases };
  }
  return quantizedConstants(operator, build, layout, { x, weights, bias });
}

function arrange(
  tensor: FloatTensor,
  source: TfliteTensor,
  build: Builder,
  { order, shape = tensor.shape }: WeightLayout,
): FloatTensor {
  if (order === undefined) return { shape, data: tensor.data };
  build.constants.charge(source, 4 * tensor.data.length);
  const data = new Float32Array(tensor.data.length);
  order(tensor.data, data);
  return { shape, data };
}

function quantizedConstants(
  operator: TfliteOperator,
  build: Builder,
  layout: WeightLayout,
  { x, weights, bias }: {
    readonly x: TfliteTensor;
    readonly weights: TfliteTensor;
    readonly bias: TfliteTensor | undefined;
  },
): Pick<Node, "weights" | "bias" | "codes"> {
  const { outputs, channelDimension, singleProduct, order } = layout;
  const { quantization } = weights;
  if (weights.type !== "int8" || quantization === undefined) {
    throw new UserError(
      `Layer ${operator.name} reads int8 values, but its weights ${weights.name} are ` +
        `${weights.type}${
          quantization === undefined ? " without scales" : ""
        }; int8 weights with ` +
        `scales are needed.`,
    );
  }
  const { scales: given, dimension } = quantization;
  if (given.length !== 1 && (given.length !== outputs || dimension !== channelDimension)) {
    throw new UserError(
      `Layer ${operator.name} has ${given.length} weight scales along dimension ${dimension} of ` +
        `${weights.name}; one is needed, or ${outputs} along dimension ${channelDimension}.`,
    );
  }
  const centred = centre(operator, weights, build.constants.codes(weights), outputs);
  build.constants.charge(weights, 5 * centred.length);
  let codes = centred;
  if (order !== undefined) {
    codes = new Int8Array(centred.length);
    order(centred, codes);
  }
  const inputScale = x.encoding().scale;
  const scales = Float64Array.from(
    { length: outputs },
    (_, o) => given[given.length === 1 ? 0 : o]!,
  );
  const products = scales.map((scale) =>
    singleProduct && given.length === 1 ? Math.fround(inputScale * scale) : inputScale * scale
  );
  const biases = readBias(operator, build, bias, { outputs, products });
  const taps = codes.length / outputs;
  const shape = layout.shape ?? weights.shape;
  const data = new Float32Array(codes.length);
  for (let o = 0, i = 0; o < outputs; o++) {
    for (const end = i + taps; i < end; i++) data[i] = codes[i]! * scales[o]!;
  }
  return {
    weights: { shape, data },
    bias: Float32Array.from(biases, (value, o) => value * products[o]!),
    codes: { weights: codes, scales, bias: biases, products },
  };
}

/** Codes with their zero point subtracted; the kernels know of none. */
function centre(
  operator: TfliteOperator,
  weights: TfliteTensor,
  codes: Int8Array,
  outputs: number,
): Int8Array {
  const { zeroPoints } = weights.quantization!;
  if (zeroPoints.every((zero) => zero === 0)) return codes;
  if (operator.kind !== "FULLY_CONNECTED" || zeroPoints.length !== 1) {
    throw new UserError(
      `Layer ${operator.name} has weights ${weights.name} whose zero point is not 0; TensorFlow ` +
        `Lite asks for 0 there.`,
    );
  }
  const zero = zeroPoints[0]!;
  const bad = codes.find((code) => code - zero < -128 || code - zero > 127);
  if (bad !== undefined) {
    throw new UserError(
      `Layer ${operator.name} of ${outputs} outputs has weights ${weights.name} with the zero ` +
        `point ${zero}: the code ${bad} stands for ${
          bad - zero
        } steps, which int8 does not hold. ` +
        `Quantize the weights symmetrically.`,
    );
  }
  return codes.map((code) => code - zero);
}

function readBias(
  operator: TfliteOperator,
  build: Builder,
  bias: TfliteTensor | undefined,
  { outputs, products }: { readonly outputs: number; readonly products: Float64Array },
): Int32Array {
  if (bias === undefined) return new Int32Array(outputs);
  if (bias.type !== "int32") {
    throw new UserError(
      `Layer ${operator.name} is int8, but its biases ${bias.name} are ${bias.type}; int32 is needed.`,
    );
  }
  const scale = bias.quantization?.scales;
  const off = scale?.findIndex((value, o) => Math.abs(value / products[o]! - 1) > 0.01) ?? -1;
  if (off >= 0) {
    throw new UserError(
      `Layer ${operator.name} has biases ${bias.name} with the scale ${scale![off]}; it must be ` +
        `${products[off]}, the product of the scales of its input and its weights.`,
    );
  }
  return Int32Array.from(build.constants.integers(bias));
}
