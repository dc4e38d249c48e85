import { elements, formatShape } from "../../ops/op.ts";
import type { Attributes, Shape, WeightCodes } from "../../types.ts";
import { combine, gather, spread } from "./broadcast.ts";
import { type Context, type Converter, floatTensor, isValue, type Operand } from "./context.ts";
import type { Constant } from "./tensor.ts";
import { plainValue, transposed, type Value } from "./value.ts";
import { fromImage, imageOf, pair, readWindow } from "./window.ts";

/** Weights and biases of a layer as ONNX has them, and how ours come from them. */
interface Weights {
  readonly constant: Constant;
  /** In our op's layout, output channels first. */
  readonly shape: Shape;
  /** For each weight of ours its index in the constant; −1 for a zero. */
  readonly source: Int32Array;
  /** The constant's axis that is the output channel. */
  readonly outputAxis: number;
  /** Factor on all weights. */
  readonly factor?: number;
  readonly bias?: Constant | undefined;
}

/** Adds an op with weights; codes are kept where both input and weights came quantized. */
export function addLinear(
  context: Context,
  op: string,
  input: string,
  attributes: Attributes,
  weights: Weights,
): string {
  const { constant, shape, source, factor = 1 } = weights;
  const outputs = shape[0]!;
  const bias = weights.bias === undefined
    ? new Float32Array(outputs)
    : spread(context, weights.bias, outputs);
  const { data } = constant;
  const floats = Float32Array.from(source, (i) => i < 0 ? 0 : factor * data[i]!);
  const codes = codesOf(context, input, weights);
  return context.add(op, [input], attributes, {
    weights: { shape, data: floats },
    bias,
    ...(codes === undefined ? {} : { codes }),
  });
}

/** The codes of weights that came quantized, if the input did too. */
function codesOf(
  context: Context,
  input: string,
  { constant: { quantized }, shape, source, outputAxis, factor = 1, bias }: Weights,
): WeightCodes | undefined {
  const encoding = context.parts.encodingOf(input);
  if (quantized === undefined || encoding === undefined || factor !== 1) return undefined;
  const { codes, scales, zeroPoints, axis } = quantized;
  const outputs = shape[0]!;
  if (scales.length !== 1 && (axis !== outputAxis || scales.length !== outputs)) return undefined;
  const each = <T>(list: ArrayLike<T>, o: number) => list[list.length === 1 ? 0 : o]!;
  const taps = source.length / outputs;
  const weights = Int8Array.from(source, (from, i) => {
    if (from < 0) return 0;
    const code = codes.data[from]! - each(zeroPoints, Math.floor(i / taps));
    if (code >= -128 && code <= 127) return code;
    throw context.error(
      `has weights with the zero point ${each(zeroPoints, Math.floor(i / taps))}, far from the ` +
        `middle of their range; intnic takes symmetric weights, with zero points of 0 (int8) or ` +
        `128 (uint8)`,
    );
  });
  const steps = Float64Array.from({ length: outputs }, (_, o) => each(scales, o));
  const given = bias?.quantized;
  const sums = Int32Array.from({ length: outputs }, (_, o) => {
    if (bias === undefined) return 0;
    const step = encoding.scale * steps[o]!;
    const real = given === undefined
      ? each(bias.data, o)
      : (each(given.codes.data, o) - each(given.zeroPoints, o)) * each(given.scales, o);
    const sum = Math.round(real / step);
    if (Math.abs(sum) < 2 ** 31) return sum;
    throw context.error(`has a bias of ${real}, ${sum} steps of its accumulator; int32 holds 2^31`);
  });
  return { weights, scales: steps, bias: sums };
}

/** The input and weights of a convolution, and how many groups. */
const conv: Converter = (context) => {
  const weights = context.constant(1);
  const groups = context.attributes.integer("group", 1);
  const x = context.value(0);
  const [outputs, depth, ...kernelShape] = weights.shape;
  const image = imageOf(context, x, groups === 1);
  const { channels, spatial } = image;
  if (
    kernelShape.length !== spatial.length || groups < 1 || depth! * groups !== channels ||
    outputs! % groups !== 0
  ) {
    throw context.error(
      `has weights of ${formatShape(weights.shape)} in ${groups} groups; its input of ` +
        `${formatShape(x.shape)} asks for outputs×${channels / groups} and a kernel`,
    );
  }
  const told = context.attributes.integers("kernel_shape");
  if (told !== undefined && String(told) !== String(kernelShape)) {
    throw context.error(
      `has the kernel_shape [${told}], but weights of ${formatShape(weights.shape)}`,
    );
  }
  const { window } = readWindow(context, spatial, kernelShape);
  const taps = elements(kernelShape);
  const bias = context.optionalConstant(2);
  const depthwise = groups === channels && groups > 1;
  const source = new Int32Array(weights.data.length);
  for (let o = 0, at = 0; o < outputs!; o++) {
    for (let t = 0; t < taps; t++) {
      for (let c = 0; c < depth!; c++) {
        source[at++] = (o * depth! + (image.places?.[c] ?? c)) * taps + t;
      }
    }
  }
  const kernel = window.kernel;
  const y = addLinear(
    context,
    depthwise ? "depthwise_conv2d" : "conv2d",
    image.tensor,
    groups === 1 || depthwise ? window : { ...window, groups },
    {
      constant: weights,
      shape: depthwise ? [outputs!, ...kernel] : [outputs!, ...kernel, depth!],
      source,
      outputAxis: 0,
      bias,
    },
  );
  return [fromImage(context, y, spatial.length)];
};

const convTranspose: Converter = (context) => {
  const { attributes } = context;
  const weights = context.constant(1);
  const groups = attributes.integer("group", 1);
  const x = context.value(0);
  const { tensor, spatial, channels, places } = imageOf(context, x, true);
  const [inputs, each, ...kernelShape] = weights.shape;
  const rank = spatial.length;
  if (kernelShape.length !== rank || inputs !== channels || channels % groups !== 0) {
    throw context.error(
      `has weights of ${formatShape(weights.shape)} in ${groups} groups; its input of ` +
        `${formatShape(x.shape)} asks for ${channels}×outputs and a kernel`,
    );
  }
  const kernel = pair(context, kernelShape, 1);
  const stride = pair(context, attributes.each("strides", rank, 1), 1);
  const dilation = pair(context, attributes.each("dilations", rank, 1), 1);
  const extra = pair(context, attributes.each("output_padding", rank, 0), 0);
  if (stride.includes(0) || dilation.includes(0)) throw context.error("has a stride of 0");
  const image = rank === 1 ? [1, spatial[0]!] : spatial;
  // What comes out before any padding is cut off.
  const full = [0, 1].map((i) =>
    stride[i]! * (image[i]! - 1) + (kernel[i]! - 1) * dilation[i]! + 1 + extra[i]!
  );
  const { begin, end } = transposedPadding(context, full, image, stride);
  const output = full.map((size, i) => size - begin[i]! - end[i]!);
  const padding = { top: begin[0]!, bottom: end[0]!, left: begin[1]!, right: end[1]! };
  const outputs = each! * groups;
  const taps = elements(kernelShape);
  context.spend(outputs * taps * channels);
  const source = new Int32Array(outputs * taps * channels).fill(-1);
  // Groups become one convolution whose weights between groups are zero.
  for (let o = 0, at = 0; o < outputs; o++) {
    for (let t = 0; t < taps; t++) {
      for (let c = 0; c < channels; c++, at++) {
        const from = places?.[c] ?? c;
        if (Math.floor(from / (channels / groups)) !== Math.floor(o / each!)) continue;
        source[at] = (from * each! + o % each!) * taps + t;
      }
    }
  }
  const y = addLinear(context, "conv2d_transpose", tensor, {
    kernel,
    stride,
    dilation,
    padding,
    output,
  }, {
    constant: weights,
    shape: [outputs, ...kernel, channels],
    source,
    outputAxis: groups === 1 ? 1 : -1,
    bias: context.optionalConstant(2),
  });
  return [fromImage(context, y, rank)];
};

/** Rows cut off at both ends, from `pads`, `output_shape` or `auto_pad`. */
function transposedPadding(
  context: Context,
  full: readonly number[],
  image: Shape,
  stride: readonly [number, number],
) {
  const { attributes } = context;
  const rank = context.value(0).shape.length - 2;
  const auto = attributes.string("auto_pad", "NOTSET");
  const given = attributes.integers("output_shape")?.slice(-rank);
  const same = auto === "SAME_UPPER" || auto === "SAME_LOWER";
  if (given !== undefined || same) {
    const wanted = given === undefined
      ? image.map((size, i) => size * stride[i]!)
      : pair(context, given, 1);
    const begin: number[] = [];
    const end: number[] = [];
    full.forEach((size, i) => {
      const total = size - wanted[i]!;
      // The odd row goes to the end with SAME_UPPER, to the beginning otherwise.
      const less = Math.floor(total / 2);
      begin.push(auto === "SAME_UPPER" ? less : total - less);
      end.push(auto === "SAME_UPPER" ? total - less : less);
    });
    if (begin.some((n) => n < 0)) {
      throw context.error(`asks for an output of ${wanted.join("×")}, more than ${full.join("×")}`);
    }
    return { begin, end };
  }
  const pads = attributes.each("pads", 2 * rank, 0);
  return { begin: pair(context, pads.slice(0, rank), 0), end: pair(context, pads.slice(rank), 0) };
}

/**
 * Multiplies every row of a value (its last axis, or another) by a constant matrix: a dense layer if
 * there is one row, else a convolution of 1×1.
 *
 * @param axis of the value that is summed over
 * @returns a value whose axis of that place is the output
 */
export function multiplyRows(
  context: Context,
  x: Value,
  axis: number,
  { matrix, transposed, factor = 1, bias }: {
    readonly matrix: Constant;
    /** False: inputs × outputs. True: outputs × inputs. */
    readonly transposed: boolean;
    readonly factor?: number;
    readonly bias?: Constant | undefined;
  },
): Value {
  const [inputs, outputs] = transposed
    ? [matrix.shape.at(-1)!, matrix.shape.at(-2)!]
    : [matrix.shape.at(-2)!, matrix.shape.at(-1)!];
  if (inputs !== x.shape[axis] || elements(matrix.shape) !== inputs * outputs) {
    throw context.error(
      `multiplies ${formatShape(x.shape)} by a matrix of ${formatShape(matrix.shape)}; that does ` +
        `not fit`,
    );
  }
  const rows = context.axesOf(x).filter((other) => other !== axis);
  const { tensor, places } = context.arrange(x, [rows, [axis]], 1);
  const count = elements(x.shape) / inputs;
  const source = new Int32Array(inputs * outputs);
  for (let o = 0, at = 0; o < outputs; o++) {
    for (let i = 0; i < inputs; i++) {
      const from = places?.[i] ?? i;
      source[at++] = transposed ? o * inputs + from : from * outputs + o;
    }
  }
  const weights = { constant: matrix, source, factor, bias };
  const outputAxis = matrix.shape.length - (transposed ? 2 : 1);
  const shape = x.shape.map((size, i) => i === axis ? outputs : size);
  if (count === 1) {
    const y = addLinear(context, "dense", context.parts.reshape(tensor, [inputs]), {}, {
      ...weights,
      shape: [outputs, inputs],
      outputAxis,
    });
    return plainValue(y, shape);
  }
  const none = { top: 0, bottom: 0, left: 0, right: 0 };
  const window = { kernel: [1, 1], stride: [1, 1], dilation: [1, 1], padding: none };
  const y = addLinear(
    context,
    "conv2d",
    context.parts.reshape(tensor, [1, count, inputs]),
    window,
    {
      ...weights,
      shape: [outputs, 1, 1, inputs],
      outputAxis,
    },
  );
  return context.ordered(y, shape, [...rows, axis]);
}

const gemm: Converter = (context) => {
  const { attributes } = context;
  const [alpha, beta] = [attributes.float("alpha", 1), attributes.float("beta", 1)];
  const [a, b] = [context.operand(0), context.operand(1)];
  const flip = (value: Value, transpose: boolean) => transpose ? 0 : value.shape.length - 1;
  if (a.shape.length !== 2 || b.shape.length !== 2) {
    throw context.error(
      `multiplies ${formatShape(a.shape)} by ${formatShape(b.shape)}, no matrices`,
    );
  }
  const [transA, transB] = [attributes.flag("transA"), attributes.flag("transB")];
  const addend = context.optional(2);
  let y: Value;
  if (isValue(a) && !isValue(b)) {
    const outputs = b.shape[transB ? 0 : 1]!;
    const fused = addend !== undefined && !isValue(addend) &&
      (beta === 1 || addend.quantized === undefined) &&
      (elements(addend.shape) === 1 || addend.shape.at(-1) === outputs) &&
      elements(addend.shape) <= outputs;
    const bias = fused ? scaled(addend as Constant, beta) : undefined;
    const x = transA ? turned(a) : a;
    y = multiplyRows(context, x, flip(x, false), {
      matrix: b,
      transposed: transB,
      factor: alpha,
      bias,
    });
    if (fused || addend === undefined) return [y];
  } else if (isValue(b) && !isValue(a)) {
    const x = transB ? turned(b) : b;
    y = multiplyRows(context, x, 0, { matrix: a, transposed: !transA, factor: alpha });
  } else throw context.notConstant(1);
  if (addend === undefined) return [y];
  if (isValue(addend) && beta !== 1) throw context.error(`adds ${beta} times a computed tensor`);
  return [combine(context, "add", y, isValue(addend) ? addend : scaled(addend, beta))];
};

/** A matrix with rows and columns exchanged; nothing moves. */
function turned(value: Value): Value {
  return transposed(value, [1, 0]);
}

function scaled(constant: Constant, factor: number): Constant {
  if (factor === 1) return constant;
  const { shape, data } = floatTensor(constant);
  return { shape, type: "float", data: data.map((v) => factor * v) };
}

const matMul: Converter = (context) => {
  const [a, b] = [context.operand(0), context.operand(1)];
  if (isValue(a) && !isValue(b)) {
    if (b.shape.length < 2 || elements(b.shape.slice(0, -2)) !== 1) {
      return [vectorOrStack(context, a, b)];
    }
    return [multiplyRows(context, a, a.shape.length - 1, { matrix: b, transposed: false })];
  }
  if (isValue(b) && !isValue(a)) {
    if (a.shape.length === 2 && b.shape.length >= 2) {
      return [multiplyRows(context, b, b.shape.length - 2, { matrix: a, transposed: true })];
    }
    throw context.error(
      `multiplies a constant of ${formatShape(a.shape)} by ${formatShape(b.shape)}; intnic takes ` +
        `one constant matrix`,
    );
  }
  throw context.error(
    `multiplies two computed tensors; intnic multiplies by constant weights. Attention is not ` +
      `supported`,
  );
};

/** A product with a constant vector, whose axis is gone afterwards. */
function vectorOrStack(context: Context, a: Value, b: Constant): Operand {
  if (b.shape.length !== 1) {
    throw context.error(
      `multiplies by a stack of matrices of ${formatShape(b.shape)}; intnic takes one matrix`,
    );
  }
  const matrix = { ...b, shape: [b.shape[0]!, 1] };
  const y = multiplyRows(context, a, a.shape.length - 1, { matrix, transposed: false });
  return context.reshaped(y, a.shape.slice(0, -1));
}

const batchNorm: Converter = (context) => {
  const x = context.value(0);
  const channels = x.shape.length < 2 ? x.shape[0]! : x.shape[1]!;
  if (
    context.attributes.flag("training_mode") ||
    (context.node.outputs[1] ?? "") !== "" && context.opset >= 14
  ) {
    throw context.error("is in training mode; export the model for inference (model.eval())");
  }
  const axis = Math.min(1, x.shape.length - 1);
  const rows = context.axesOf(x).filter((other) => other !== axis);
  const groups = [...rows.map((i) => [i]), [axis]];
  const { tensor, places, order } = context.arrange(x, groups, rows.length);
  // Images whose channels lie last stay images, of one row too.
  const own = context.parts.shapeOf(x.tensor);
  const input = `${order}` === `${x.order}` && own.at(-1) === channels ? x.tensor : tensor;
  const parameters = new Map(["gamma", "beta", "mean", "variance"].map((name, i) => {
    const data = gather(spread(context, context.constant(i + 1), channels), places);
    return [name, { shape: [channels], data }] as const;
  }));
  const epsilon = context.attributes.float("epsilon", 1e-5);
  return [{ ...x, order, tensor: context.add("batch_norm", [input], { epsilon }, { parameters }) }];
};

/** Converters of operators with weights. */
export const linear: Readonly<Record<string, Converter>> = {
  BatchNormalization: batchNorm,
  Conv: conv,
  ConvTranspose: convTranspose,
  Gemm: gemm,
  MatMul: matMul,
};
