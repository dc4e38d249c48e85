import { UserError } from "../errors.ts";
import type { Encoding, FloatTensor, LinearConstants, Rounding, WeightCodes } from "../types.ts";
import { roundingRule } from "./requant.ts";

/** Biases stay below this, so that they leave most of int32 to the sum of products. */
const MAX_BIAS = 2 ** 29;

/** The largest of any number of values; 0 of none. */
export function largest(values: Float64Array): number {
  return values.reduce((most, value) => Math.max(most, value), 0);
}

/** What the factor of a requantization must stay below, `requant.ts`. */
const largestFactor = { single: 0.25, tflite: 2 ** 30 } as const satisfies Record<Rounding, number>;

/** Largest magnitude an int32 accumulator may reach. */
const MAX_ACCUMULATOR = 2 ** 31 - 1;

/**
 * Real size of one weight step per output channel, symmetric: the channel's largest magnitude maps
 * to 127. A channel whose bias dwarfs its weights gets larger steps, so that the bias fits int32.
 * Zero for a channel of zeros.
 *
 * The weights' outermost dimension is the output channel.
 */
export function weightScales(
  { weights, bias }: { readonly weights: FloatTensor; readonly bias: Float32Array },
  inputScale: number,
): Float64Array {
  const taps = weights.data.length / bias.length;
  return Float64Array.from(bias, (b, o) => {
    let largest = 0;
    for (let i = o * taps; i < (o + 1) * taps; i++) {
      largest = Math.max(largest, Math.abs(weights.data[i]!));
    }
    return Math.max(largest / 127, Math.abs(b) / (MAX_BIAS * inputScale));
  });
}

/**
 * int8 weights and int32 biases of one layer.
 *
 * @param scales from {@linkcode weightScales}
 */
export function quantizeWeights(
  float: { readonly weights: FloatTensor; readonly bias: Float32Array },
  scales: Float64Array,
  inputScale: number,
): WeightCodes {
  const taps = float.weights.data.length / scales.length;
  const step = (i: number) => scales[Math.floor(i / taps)]!;
  return {
    scales,
    weights: Int8Array.from(
      float.weights.data,
      (weight, i) => step(i) > 0 ? Math.round(weight / step(i)) : 0,
    ),
    bias: Int32Array.from(
      float.bias,
      (b, o) => scales[o]! > 0 ? Math.round(b / (inputScale * scales[o]!)) : 0,
    ),
  };
}

/**
 * The fixed-point constants of one layer, with the proof that its accumulator cannot overflow.
 *
 * @throws {UserError} naming the layer and channel, if the bound exceeds int32
 */
export function linearConstantsOf(
  name: string,
  { weights, scales, bias, products }: WeightCodes,
  weightShape: FloatTensor["shape"],
  { input, outputScale, rounding }: {
    readonly input: Encoding;
    readonly outputScale: number;
    readonly rounding: Rounding;
  },
): LinearConstants {
  const outputs = bias.length;
  const taps = weights.length / outputs;
  const multiplier = new Int32Array(outputs);
  const shift = new Int8Array(outputs);
  const bound = new Float64Array(outputs);
  for (let o = 0; o < outputs; o++) {
    let magnitude = 0;
    for (let i = o * taps; i < (o + 1) * taps; i++) magnitude += Math.abs(weights[i]!);
    // Covers |Σ w·(x − z) + bias| and, with z folded into the bias, |Σ w·x + (bias − z·Σw)|.
    bound[o] = Math.abs(bias[o]!) + magnitude * (128 + Math.abs(input.zeroPoint));
    if (bound[o]! > MAX_ACCUMULATOR) {
      throw new UserError(
        `Output channel ${o} of layer ${name} can reach ${bound[o]} in its accumulator, which ` +
          `holds ${MAX_ACCUMULATOR}; a layer with fewer than ${taps} inputs an output would fit.`,
      );
    }
    const factor = (products?.[o] ?? input.scale * scales[o]!) / outputScale;
    if (!(factor < largestFactor[rounding])) {
      throw new UserError(
        `Output channel ${o} of layer ${name} has an accumulator whose steps are ${factor} steps ` +
          `of its output; less than ${largestFactor[rounding]} is needed. Its output scale ` +
          `${outputScale} is too small for its weights.`,
      );
    }
    const fixed = roundingRule(rounding).toFixedPoint(factor);
    // What the rule `tflite` shifts left must not leave int32 either, the zero point included.
    if (bound[o]! * 2 ** Math.max(0, fixed.shift) > MAX_ACCUMULATOR - 256) {
      throw new UserError(
        `Output channel ${o} of layer ${name} multiplies its accumulator, up to ${bound[o]}, by ` +
          `${factor}, which int32 does not hold; its output scale ${outputScale} is ` +
          `too small for its weights.`,
      );
    }
    multiplier[o] = fixed.multiplier;
    shift[o] = fixed.shift;
  }
  return {
    weights,
    weightShape,
    weightScales: scales,
    bias,
    multiplier,
    shift,
    bound,
  };
}
