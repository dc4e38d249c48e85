import type { Attributes, Shape, WeightCodes } from "../../types.ts";
import { spread } from "./broadcast.ts";
import type { Context } from "./context.ts";
import type { Constant } from "./tensor.ts";

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
