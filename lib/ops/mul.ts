import { rowLoops } from "../codegen/loops.ts";
import { outputFields, requantizeKernels } from "../codegen/pack.ts";
import { UserError } from "../errors.ts";
import {
  type FixedPoint,
  requantizeTflite,
  toFixedPointTflite,
  wholeFactors,
} from "../quantize/requant.ts";
import type { QuantizedNode } from "../types.ts";
import { activationRange } from "./activation.ts";
import { broadcastAxes, broadcastIndices, broadcastShape } from "./broadcast.ts";
import { elements, type Op, type QuantizedContext } from "./op.ts";

/** The integers of a product by the rule `single`. */
interface SingleConstants {
  /** The product of one step of each input, in units of 2^−shift output steps. */
  readonly factor: number;
  /** The output's zero point and the half that rounds. */
  readonly offset: number;
  /** 0…30. */
  readonly shift: number;
}

/**
 * Product of two tensors, broadcast against each other; either may be a constant.
 *
 * By the rule `single` the output is floor((factor · (x₀ − z₀)(x₁ − z₁) + offset) / 2^shift): the
 * product has at most 16 places and leaves the factor 15, so that besides the one rounding at the
 * end an output is off by at most 255 · 2^−15 < 0.008 steps. By the rule `tflite` the product is
 * requantized, as in TensorFlow Lite's reference kernel.
 */
export const mul: Op = {
  quantization: "range",
  inPlace: (_node, { inputs, output }) => elements(inputs[0]!.shape) === elements(output.shape),
  infer: broadcastShape,
  macs: () => 0,

  float(node, { inputs, output }) {
    const [at0, at1] = inputs.map((shape) => broadcastIndices(shape, output));
    const [low, high] = activationRange(node.activation);
    return ([x0, x1], y) => {
      for (let i = 0; i < y.length; i++) {
        y[i] = Math.min(high, Math.max(low, x0![at0![i]!]! * x1![at1![i]!]!));
      }
    };
  },

  quantize: ({ name }, context) =>
    context.rounding === "tflite" ? tfliteConstants(name, context) : singleConstants(name, context),

  reference(node, { inputs, output, rounding }) {
    const [at0, at1] = inputs.map(({ shape }) => broadcastIndices(shape, output.shape));
    const [z0, z1] = inputs.map(({ zeroPoint }) => zeroPoint) as [number, number];
    const [low, high] = node.clamp;
    const scale = rounding === "tflite" ? tfliteScale(node, output.zeroPoint) : singleScale(node);
    return ([x0, x1], y) => {
      for (let i = 0; i < y.length; i++) {
        const product = (x0![at0![i]!]! - z0) * (x1![at1![i]!]! - z1);
        y[i] = Math.min(high, Math.max(low, scale(product)));
      }
    };
  },

  emit(node, { inputs, output, rounding }) {
    const axes = broadcastAxes(inputs.map(({ shape }) => shape), output.shape);
    const kernel = rounding === "tflite" ? "mul_tflite" : "mul";
    let fields: string;
    if (rounding === "tflite") {
      const { multiplier, shift } = node.parameters as FixedPoint;
      fields = `    .product = { .bias = 0, .multiplier = ${multiplier}, .shift = ${shift} },
    .output = ${outputFields(node, output, rounding)},`;
    } else {
      const { factor, offset, shift } = node.parameters as SingleConstants;
      fields = `    .factor = ${factor}, .offset = ${offset}, .shift = ${shift},
    .low = ${node.clamp[0]}, .high = ${node.clamp[1]},`;
    }
    const loops = rowLoops(
      axes,
      ["x", "x1", "y"],
      ([x0, x1, y], { size, steps }) =>
        `intnic_${kernel}(&layer, ${x0}, ${steps[0]}, ${x1}, ${steps[1]}, ${size}, ${y});`,
    );
    return {
      kernels: [...(rounding === "tflite" ? requantizeKernels(rounding) : ["minmax"]), kernel],
      constants: "",
      weightBytes: 0,
      scratchBytes: 0,
      body: `static const struct intnic_${kernel} layer = {
    .zero = ${inputs[0]!.zeroPoint}, .zero1 = ${inputs[1]!.zeroPoint},
${fields}
};

${loops}`,
    };
  },
};

/** Largest magnitude of (x₀ − z₀)(x₁ − z₁). */
function largestProduct({ inputs }: QuantizedContext): number {
  return inputs.reduce(
    (product, { zeroPoint }) => product * Math.max(127 - zeroPoint, 128 + zeroPoint),
    1,
  );
}

/** One step of each input multiplied, in steps of the output. */
function realFactor({ inputs, output }: QuantizedContext): number {
  return inputs[0]!.scale * inputs[1]!.scale / output.scale;
}

function singleConstants(name: string, context: QuantizedContext): SingleConstants {
  const { output } = context;
  const real = realFactor(context);
  const product = largestProduct(context);
  const whole = wholeFactors([real], product * real + Math.abs(output.zeroPoint) + 1, product);
  if (whole === undefined) throw tooFine(name, output.scale);
  const { factors: [factor], shift } = whole;
  const half = shift === 0 ? 0 : 2 ** (shift - 1);
  return { factor: factor!, offset: output.zeroPoint * 2 ** shift + half, shift };
}

function singleScale({ parameters }: QuantizedNode): (product: number) => number {
  const { factor, offset, shift } = parameters as SingleConstants;
  // Never leaves int32, so doubles are exact.
  return (product) => (product * factor + offset) >> shift;
}

function tfliteConstants(name: string, context: QuantizedContext): FixedPoint {
  const real = realFactor(context);
  // What is shifted left before it is multiplied must stay in int32, the zero point included.
  if (largestProduct(context) * Math.max(1, 2 * real) >= 2 ** 31 - 256) {
    throw tooFine(name, context.output.scale);
  }
  return toFixedPointTflite(real);
}

function tfliteScale({ parameters }: QuantizedNode, zeroPoint: number) {
  const { multiplier, shift } = parameters as FixedPoint;
  return (product: number) => requantizeTflite(product, multiplier, shift) + zeroPoint;
}

function tooFine(name: string, scale: number): UserError {
  return new UserError(
    `Layer ${name} stores its product in steps of ${scale}, which are so small beside those of its ` +
      `inputs that int32 does not hold their ratio; a larger output scale would be right.`,
  );
}
