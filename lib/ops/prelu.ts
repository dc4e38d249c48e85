import { rowLoops } from "../codegen/loops.ts";
import { channelShift, outputFields, requantizeKernels } from "../codegen/pack.ts";
import { UserError } from "../errors.ts";
import { type PrescaledFactor, prescaledFactor } from "../quantize/prescale.ts";
import { roundingRule } from "../quantize/requant.ts";
import type { Rounding } from "../types.ts";
import { activationRange } from "./activation.ts";
import { broadcastAxes, broadcastIndices, broadcastShape } from "./broadcast.ts";
import { formatShape, type Op } from "./op.ts";

/** The factors of the two halves. */
interface PreluConstants {
  readonly positive: PrescaledFactor;
  /** Of the product of an input and a slope, each less its zero point. */
  readonly negative: PrescaledFactor;
}

/**
 * x where it is positive, x times a slope where it is not; the slope, the second input, is repeated
 * over the first. Each half has a factor of its own and is requantized once, as in TensorFlow Lite's
 * reference kernel.
 */
export const prelu: Op = {
  quantization: "range",
  inPlace: () => true,

  infer(node, inputs) {
    const shape = broadcastShape(node, inputs);
    if (formatShape(shape) !== formatShape(inputs[0]!)) {
      throw new UserError(
        `Layer ${node.name} (prelu) has slopes of ${formatShape(inputs[1]!)} for an input of ` +
          `${formatShape(inputs[0]!)}; slopes may be repeated, but not the input.`,
      );
    }
    return shape;
  },

  macs: () => 0,

  float(node, { inputs, output }) {
    const at = broadcastIndices(inputs[1]!, output);
    const [low, high] = activationRange(node.activation);
    return ([x, slope], y) => {
      for (let i = 0; i < y.length; i++) {
        const value = x![i]!;
        y[i] = Math.min(high, Math.max(low, value >= 0 ? value : value * slope![at[i]!]!));
      }
    };
  },

  quantize(node, { inputs, output, rounding }): PreluConstants {
    const [x, slope] = inputs as [typeof output, typeof output];
    const ratio = x.scale / output.scale;
    const reach = reachOf(x.zeroPoint);
    return {
      positive: factorOf(node.name, ratio, reach, rounding),
      negative: factorOf(
        node.name,
        ratio * slope.scale,
        reach * reachOf(slope.zeroPoint),
        rounding,
      ),
    };
  },

  reference(node, { inputs, output, rounding }) {
    const { positive, negative } = node.parameters as PreluConstants;
    const { requantize } = roundingRule(rounding);
    const at = broadcastIndices(inputs[1]!.shape, output.shape);
    const [zero, slopeZero] = inputs.map(({ zeroPoint }) => zeroPoint) as [number, number];
    const [low, high] = node.clamp;
    const scaled = (value: number, { prescale, multiplier, shift }: PrescaledFactor) =>
      requantize(value * prescale, multiplier, shift) + output.zeroPoint;
    return ([x, slope], y) => {
      for (let i = 0; i < y.length; i++) {
        const value = x![i]! - zero;
        const q = value >= 0
          ? scaled(value, positive)
          : scaled(value * (slope![at[i]!]! - slopeZero), negative);
        y[i] = Math.min(high, Math.max(low, q));
      }
    };
  },

  emit(node, { inputs, output, rounding }) {
    const { positive, negative } = node.parameters as PreluConstants;
    const axes = broadcastAxes(inputs.map(({ shape }) => shape), output.shape);
    const channel = ({ multiplier, shift }: PrescaledFactor) =>
      `{ 0, ${multiplier}, ${channelShift(shift, rounding)} }`;
    return {
      kernels: [...requantizeKernels(rounding), "prelu"],
      constants: "",
      weightBytes: 0,
      scratchBytes: 0,
      body: `static const struct intnic_prelu layer = {
    .zero = ${inputs[0]!.zeroPoint}, .slope_zero = ${inputs[1]!.zeroPoint},
    .prescale = ${positive.prescale}, .slope_prescale = ${negative.prescale},
    .positive = ${channel(positive)},
    .negative = ${channel(negative)},
    .output = ${outputFields(node, output, rounding)},
};

${
        rowLoops(axes, ["x", "x1", "y"], ([x, slope, y], { size, steps }) =>
          `intnic_prelu(&layer, ${x}, ${steps[0]}, ${slope}, ${steps[1]}, ${size}, ${y});`)
      }`,
    };
  },
};

/** Largest magnitude of a code less its zero point. */
function reachOf(zeroPoint: number): number {
  return Math.max(127 - zeroPoint, 128 + zeroPoint);
}

function factorOf(
  name: string,
  factor: number,
  bound: number,
  rounding: Rounding,
): PrescaledFactor {
  const prescaled = prescaledFactor(factor, bound, rounding);
  // Bounds are below 2^16, so that whatever does not fit saturates.
  if (prescaled === undefined) throw new Error(`Layer ${name} cannot be multiplied by ${factor}.`);
  return prescaled;
}
