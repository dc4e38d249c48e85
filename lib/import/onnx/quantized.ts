/**
 * Quantized ONNX, in both of its forms: `QuantizeLinear` and `DequantizeLinear` around operators on
 * reals, and operators on codes (`QLinearConv` and its like) that take scales and zero points as
 * inputs. Both say what codes stand for; the graph keeps real meanings and notes the encodings.
 *
 * uint8 codes become int8 by subtracting 128 from them and from their zero points.
 *
 * @module
 */
import { elements } from "../../ops/op.ts";
import type { Encoding } from "../../types.ts";
import { combine } from "./broadcast.ts";
import { Context, type Converter, isValue, type Operand, sameEncoding } from "./context.ts";
import { elementwise } from "./elementwise.ts";
import { roundHalfEven } from "./functions.ts";
import { linear } from "./linear.ts";
import { poolAll, pools } from "./pools.ts";
import { reductions } from "./reductions.ts";
import { concatenate } from "./shapes.ts";
import type { Constant } from "./tensor.ts";
import type { Value } from "./value.ts";

/** The encoding that a scale and a zero point at two inputs describe. */
function readEncoding(context: Context, scaleAt: number, zeroAt = scaleAt + 1): Encoding {
  const scale = context.constant(scaleAt);
  const zero = context.optionalConstant(zeroAt);
  if (scale.data.length !== 1 || (zero !== undefined && zero.data.length !== 1)) {
    throw context.error(
      "has a scale for each channel; intnic takes one for a tensor of activations",
    );
  }
  const type = zero?.type ??
    (context.attributes.integer("output_dtype", 2) === 3 ? "int8" : "uint8");
  if (type !== "int8" && type !== "uint8") {
    throw context.error(`quantizes to ${type}; intnic takes int8 and uint8`);
  }
  return {
    scale: positive(context, scale.data[0]!),
    zeroPoint: (zero?.data[0] ?? 0) - (type === "uint8" ? 128 : 0),
  };
}

function positive(context: Context, scale: number): number {
  if (scale > 0 && Number.isFinite(scale)) return scale;
  throw context.error(`has a scale of ${scale}; scales must be positive and finite`);
}

/** Weights as codes: scales and zero points at the inputs behind them. */
export function dequantize(context: Context, [codes]: readonly (Constant | undefined)[]): Constant {
  const { shape, data } = codes!;
  const scale = context.constant(1);
  const zero = context.optionalConstant(2);
  const axis = context.axis(context.attributes.integer("axis", 1), Math.max(1, shape.length));
  return dequantized(context, codes!, scale, zero, scale.data.length === 1 ? 0 : axis, {
    shape,
    data,
  });
}

function dequantized(
  context: Context,
  codes: Constant,
  scale: Constant,
  zero: Constant | undefined,
  axis: number,
  { shape, data }: Pick<Constant, "shape" | "data">,
): Constant {
  const count = scale.data.length;
  const zeroPoints = zero?.data ?? new Int8Array(count);
  if ((count !== 1 && count !== shape[axis]) || zeroPoints.length !== count) {
    throw context.error(
      `has ${count} scales and ${zeroPoints.length} zero points for a constant of ${
        shape.join("×")
      }`,
    );
  }
  const scales = Float32Array.from(scale.data, (s) => positive(context, s));
  const inner = elements(shape.slice(axis + 1));
  const channel = (i: number) => count === 1 ? 0 : Math.floor(i / inner) % count;
  context.spend(data.length);
  const real = Float32Array.from(
    data,
    (code, i) => scales[channel(i)]! * (code - zeroPoints[channel(i)]!),
  );
  return { shape, type: "float", data: real, quantized: { codes, scales, zeroPoints, axis } };
}

/** Codes of real constants, as `QuantizeLinear` makes them. */
export function quantizeConstant(
  context: Context,
  [x]: readonly (Constant | undefined)[],
): Constant {
  const { shape, data } = x!;
  const scale = context.constant(1);
  const zero = context.optionalConstant(2);
  const type = zero?.type ?? "uint8";
  const [low, high] = type === "int8"
    ? [-128, 127]
    : type === "uint8"
    ? [0, 255]
    : [-(2 ** 31), 2 ** 31 - 1];
  const count = scale.data.length;
  const axis = context.axis(context.attributes.integer("axis", 1), Math.max(1, shape.length));
  if (count !== 1 && count !== shape[axis]) throw context.error(`has ${count} scales`);
  const inner = elements(shape.slice(axis + 1));
  context.spend(data.length);
  const codes = Float64Array.from(data, (value, i) => {
    const c = count === 1 ? 0 : Math.floor(i / inner) % count;
    const code = roundHalfEven(value / positive(context, scale.data[c]!)) + (zero?.data[c] ?? 0);
    return Math.min(high, Math.max(low, code));
  });
  return {
    shape,
    type,
    data: type === "int8"
      ? Int8Array.from(codes)
      : type === "uint8"
      ? Uint8Array.from(codes)
      : codes,
  };
}

const quantizeLinear: Converter = (context) => [
  context.encoded(context.value(0), readEncoding(context, 1)),
];

/** What codes stand for, said by who reads them; it must be what the writer said. */
function read(context: Context, index: number, encoding: Encoding): Operand {
  const operand = context.operand(index);
  if (!isValue(operand)) {
    const [scale, zero] = [context.constant(index + 1), context.optionalConstant(index + 2)];
    return dequantized(context, operand, scale, zero, 0, operand);
  }
  const known = context.parts.encodingOf(operand.tensor);
  if (known === undefined) context.parts.encode(operand.tensor, encoding);
  else if (!sameEncoding(known, encoding)) {
    throw context.error(
      `reads ${context.node.inputs[index]} with scale ${encoding.scale} and zero point ` +
        `${encoding.zeroPoint}, but it was written with ${known.scale} and ${known.zeroPoint} ` +
        `(as int8)`,
    );
  }
  return operand;
}

const dequantizeLinear: Converter = (context) => [read(context, 0, readEncoding(context, 1))];

/** The node as an operator on reals: its operands, by the places where that operator has them. */
function asReal(context: Context, op: string, operands: readonly (Operand | undefined)[]): Context {
  const inputs = operands.map((operand, i) =>
    operand === undefined ? "" : `${context.node.name}#${i}`
  );
  const real = new Context({ ...context.node, op, inputs }, context.parts);
  operands.forEach((operand, i) => {
    if (operand !== undefined) context.parts.operands.set(inputs[i]!, operand);
  });
  return real;
}

/** Weights of an operator on codes. */
function readWeights(context: Context, index: number, axis: number): Constant {
  const codes = context.constant(index);
  const scale = context.constant(index + 1);
  const own = scale.data.length === 1 ? 0 : axis < 0 ? codes.shape.length + axis : axis;
  return dequantized(context, codes, scale, context.optionalConstant(index + 2), own, codes);
}

/** An int32 bias at the scale of the products. */
function readBias(context: Context, index: number, input: Encoding, weights: Constant) {
  const codes = context.optionalConstant(index);
  if (codes === undefined) return undefined;
  const steps = weights.quantized!.scales;
  const scales = Float32Array.from(steps, (step) => step * input.scale);
  const data = Float32Array.from(
    codes.data,
    (code, o) => code * input.scale * steps[steps.length === 1 ? 0 : o]!,
  );
  const zeroPoints = new Int8Array(scales.length);
  return {
    ...codes,
    type: "float",
    data,
    quantized: { codes, scales, zeroPoints, axis: 0 },
  } as const;
}

function finish(context: Context, operands: readonly Operand[], encoding: Encoding): Operand[] {
  return [context.encoded(operands[0] as Value, encoding)];
}

const qLinearConv: Converter = (context) => {
  const encoding = readEncoding(context, 1);
  const x = read(context, 0, encoding);
  const weights = readWeights(context, 3, 0);
  const bias = readBias(context, 8, encoding, weights);
  const real = asReal(context, "Conv", [x, weights, bias]);
  return finish(context, linear["Conv"]!(real), readEncoding(context, 6));
};

const qLinearMatMul: Converter = (context) => {
  const left = isValue(context.operand(0));
  if (left && isValue(context.operand(3))) throw context.notConstant(3);
  const a = left ? read(context, 0, readEncoding(context, 1)) : readWeights(context, 0, 0);
  const b = left ? readWeights(context, 3, -1) : read(context, 3, readEncoding(context, 4));
  return finish(
    context,
    linear["MatMul"]!(asReal(context, "MatMul", [a, b])),
    readEncoding(context, 6),
  );
};

const qGemm: Converter = (context) => {
  const encoding = readEncoding(context, 1);
  const a = read(context, 0, encoding);
  const weights = readWeights(context, 3, context.attributes.flag("transB") ? 0 : 1);
  const real = asReal(context, "Gemm", [a, weights, readBias(context, 6, encoding, weights)]);
  const y = linear["Gemm"]!(real);
  return context.optional(7) === undefined ? y : finish(context, y, readEncoding(context, 7));
};

function qLinearBinary(op: string): Converter {
  return (context) => {
    const a = read(context, 0, readEncoding(context, 1));
    const b = read(context, 3, readEncoding(context, 4));
    return finish(context, [combine(context, op, a, b)], readEncoding(context, 6));
  };
}

/** An operator of one input, with the scales and zero points of input and output behind it. */
function qLinearUnary(convert: Converter, op: string): Converter {
  return (context) => {
    const x = read(context, 0, readEncoding(context, 1));
    return finish(context, convert(asReal(context, op, [x])), readEncoding(context, 3));
  };
}

const qLinearConcat: Converter = (context) => {
  const output = readEncoding(context, 0);
  const operands: Operand[] = [];
  for (let i = 2; i + 1 < context.node.inputs.length; i += 3) {
    const operand = read(context, i, readEncoding(context, i + 1));
    operands.push(isValue(operand) ? context.encoded(operand, output) : operand);
  }
  const axis = context.axis(context.attributes.integer("axis", 1), operands[0]?.shape.length ?? 0);
  return finish(context, [concatenate(context, operands, axis)], output);
};

const globalAverage: Converter = (context) => {
  if (context.attributes.flag("channels_last")) throw context.error("has its channels last");
  return [poolAll(context, "average_pool", context.value(0))];
};

const microsoft: Readonly<Record<string, Converter>> = {
  QGemm: qGemm,
  QLinearAdd: qLinearBinary("add"),
  QLinearAveragePool: qLinearUnary(pools["AveragePool"]!, "AveragePool"),
  QLinearConcat: qLinearConcat,
  QLinearGlobalAveragePool: qLinearUnary(globalAverage, "GlobalAveragePool"),
  QLinearLeakyRelu: qLinearUnary(elementwise["LeakyRelu"]!, "LeakyRelu"),
  QLinearMul: qLinearBinary("mul"),
  QLinearSigmoid: qLinearUnary(elementwise["Sigmoid"]!, "Sigmoid"),
  QLinearSoftmax: qLinearUnary(reductions["Softmax"]!, "Softmax"),
};

/** Converters of operators on codes. */
export const quantized: Readonly<Record<string, Converter>> = {
  DequantizeLinear: dequantizeLinear,
  QLinearConv: qLinearConv,
  QLinearMatMul: qLinearMatMul,
  QuantizeLinear: quantizeLinear,
  ...Object.fromEntries(Object.entries(microsoft).map(([op, f]) => [`com.microsoft.${op}`, f])),
};
