import { outputFields, requantizeKernels } from "../codegen/pack.ts";
import { rowLoops } from "../codegen/loops.ts";
import { UserError } from "../errors.ts";
import { addWords } from "../kernels/add_words.ts";
import {
  type FixedPoint,
  requantizeTflite,
  toFixedPointTflite,
  wholeFactors,
} from "../quantize/requant.ts";
import type { QuantizedNode } from "../types.ts";
import { activationCodes, activationRange } from "./activation.ts";
import { broadcastAxes, broadcastIndices, broadcastShape } from "./broadcast.ts";
import { equalWholeSum, type WholeSum, wholeSumOf } from "./whole_sum.ts";
import { elements, type Op, type QuantizedContext } from "./op.ts";

/**
 * The integers of a sum by the rule `single`: factors are one step of each input in units of 2^−shift
 * output steps, the second negative to subtract; the offset holds the zero points of all three
 * tensors and the half that rounds.
 */
type SingleConstants = WholeSum;

/** The integers of a sum by the rule `tflite`. */
interface TfliteConstants {
  /** The same by one multiplication an input, where that is equal on all pairs of codes. */
  readonly whole?: WholeSum;
  readonly inputs: readonly [FixedPoint, FixedPoint];
  readonly output: FixedPoint;
}

/** Places an input is shifted left by before it is scaled, by the rule `tflite`. */
const LEFT_SHIFT = 20;

/**
 * The sum (`sign` 1) or difference (−1) of two tensors, broadcast against each other.
 *
 * By the rule `single` the output is floor((f₀·x₀ + f₁·x₁ + offset) / 2^shift): factors and offset
 * are whole numbers with as many places as int32 can hold, at least 21 for the input that counts
 * most, so that the one rounding at the end is all that is lost.
 *
 * By the rule `tflite` it is TensorFlow Lite's reference kernel: both inputs are shifted left by 20
 * places and scaled to twice the larger of their scales, each with its own rounding, and their sum
 * is requantized. Its difference finds the factors in single precision, its sum in double. Where
 * the rule `single` with some offset gives the same for all 65,536 pairs of codes, the C is that.
 */
export function addition(sign: 1 | -1): Op {
  return {
    quantization: "range",
    kernels: [addWords],
    inPlace: (_node, { inputs, output }) => elements(inputs[0]!.shape) === elements(output.shape),
    infer: broadcastShape,
    macs: () => 0,

    float(node, { inputs, output }) {
      const [at0, at1] = inputs.map((shape) => broadcastIndices(shape, output));
      const [low, high] = activationRange(node.activation);
      return ([x0, x1], y) => {
        for (let i = 0; i < y.length; i++) {
          const sum = x0![at0![i]!]! + sign * x1![at1![i]!]!;
          y[i] = Math.min(high, Math.max(low, sum));
        }
      };
    },

    quantize: ({ name, activation }, context) => {
      if (context.rounding === "single") return singleConstants(name, context, sign);
      const constants = tfliteConstants(name, context, sign);
      const clamp = activationCodes(activation, context.output);
      const sum = tfliteSum(constants, context, sign);
      const [low, high] = clamp;
      const whole = equalWholeSum(
        (x0, x1) => Math.min(high, Math.max(low, sum(x0, x1))),
        clamp,
        singleConstants(name, context, sign),
      );
      return whole === undefined ? constants : { ...constants, whole };
    },

    reference(node, context) {
      const { inputs, output, rounding } = context;
      const [at0, at1] = inputs.map(({ shape }) => broadcastIndices(shape, output.shape));
      const [low, high] = node.clamp;
      const add = rounding === "tflite"
        ? tfliteSum(node.parameters as TfliteConstants, context, sign)
        : singleSum(node);
      return ([x0, x1], y) => {
        for (let i = 0; i < y.length; i++) {
          y[i] = Math.min(high, Math.max(low, add(x0![at0![i]!]!, x1![at1![i]!]!)));
        }
      };
    },

    emit(node, context) {
      const { inputs, output, rounding } = context;
      const axes = broadcastAxes(inputs.map(({ shape }) => shape), output.shape);
      const whole = wholeSumOf(node, rounding);
      const kernel = whole === undefined ? "add_tflite" : "add";
      const fields = whole === undefined
        ? tfliteFields(node, context, sign)
        : wholeFields(whole, node);
      const loops = rowLoops(
        axes,
        ["x", "x1", "y"],
        ([x0, x1, y], { size, steps }) =>
          `intnic_${kernel}(&layer, ${x0}, ${steps[0]}, ${x1}, ${steps[1]}, ${size}, ${y});`,
      );
      return {
        kernels: [...(whole === undefined ? requantizeKernels(rounding) : ["minmax"]), kernel],
        constants: "",
        weightBytes: 0,
        scratchBytes: 0,
        body: `static const struct intnic_${kernel} layer = {\n${fields}\n};\n\n${loops}`,
      };
    },
  };
}

function singleConstants(
  name: string,
  { inputs, output }: QuantizedContext,
  sign: number,
): SingleConstants {
  const real = inputs.map(({ scale }, i) => (i === 0 ? 1 : sign) * scale / output.scale);
  // What the sum and its parts can reach, in output steps: with the zero points folded into the
  // offset, each input adds up to 128 of its steps and moves the offset by its zero point.
  const reach = inputs.reduce(
    (sum, { zeroPoint }, i) => sum + (128 + Math.abs(zeroPoint)) * Math.abs(real[i]!),
    Math.abs(output.zeroPoint) + 1,
  );
  const whole = wholeFactors(real, reach, 256);
  if (whole === undefined) throw tooFine(name, output.scale);
  const { factors: [f0, f1], shift } = whole;
  const [z0, z1] = inputs.map(({ zeroPoint }) => zeroPoint);
  const half = shift === 0 ? 0 : 2 ** (shift - 1);
  const offset = output.zeroPoint * 2 ** shift + half - f0! * z0! - f1! * z1!;
  return { factors: [f0!, f1!], offset, shift };
}

function singleSum(node: QuantizedNode): (x0: number, x1: number) => number {
  const { factors: [f0, f1], offset, shift } = node.parameters as SingleConstants;
  // Never leaves int32, so doubles are exact.
  return (x0, x1) => (x0 * f0 + x1 * f1 + offset) >> shift;
}

function wholeFields(
  { factors, offset, shift }: WholeSum,
  { clamp: [low, high] }: QuantizedNode,
): string {
  return `    .factor = ${factors[0]}, .factor1 = ${factors[1]},
    .offset = ${offset}, .shift = ${shift},
    .low = ${low}, .high = ${high},`;
}

function tfliteConstants(
  name: string,
  { inputs, output }: QuantizedContext,
  sign: number,
): TfliteConstants {
  const store = sign < 0 ? Math.fround : (value: number) => value;
  const [s0, s1] = inputs.map(({ scale }) => store(scale)) as [number, number];
  const common = 2 * Math.max(s0, s1);
  const real = [
    store(s0 / common),
    store(s1 / common),
    store(common / (2 ** LEFT_SHIFT * store(output.scale))),
  ];
  const [f0, f1, fy] = real.map((factor) => {
    const fixed = toFixedPointTflite(Math.min(factor, 1));
    if (factor >= 1 || fixed.shift > 0) throw tooFine(name, output.scale);
    return fixed;
  }) as [FixedPoint, FixedPoint, FixedPoint];
  return { inputs: [f0, f1], output: fy };
}

function tfliteSum(
  constants: TfliteConstants,
  { inputs, output }: QuantizedContext,
  sign: number,
): (x0: number, x1: number) => number {
  const [z0, z1] = inputs.map(({ zeroPoint }) => zeroPoint) as [number, number];
  const scale = (value: number, { multiplier, shift }: FixedPoint) =>
    requantizeTflite(value, multiplier, shift);
  return (x0, x1) => {
    const a = scale((x0 - z0) << LEFT_SHIFT, constants.inputs[0]);
    const b = scale((x1 - z1) << LEFT_SHIFT, constants.inputs[1]);
    return scale(a + sign * b, constants.output) + output.zeroPoint;
  };
}

function tfliteFields(
  node: QuantizedNode,
  { inputs, output, rounding }: QuantizedContext,
  sign: number,
): string {
  const constants = node.parameters as TfliteConstants;
  const operands = constants.inputs.map(({ multiplier, shift }, i) =>
    `{ .zero = ${inputs[i]!.zeroPoint}, .multiplier = ${multiplier}, .shift = ${-shift} }`
  );
  const { multiplier, shift } = constants.output;
  return `    .input = {
        ${operands[0]},
        ${operands[1]},
    },
    .sign = ${sign},
    .sum = { .bias = 0, .multiplier = ${multiplier}, .shift = ${shift} },
    .output = ${outputFields(node, output, rounding)},`;
}

function tooFine(name: string, scale: number): UserError {
  return new UserError(
    `Layer ${name} stores its sum in steps of ${scale}, which are so small beside the steps of its ` +
      `inputs that int32 does not hold their ratio; a larger output scale would be right.`,
  );
}
