import { UserError } from "../errors.ts";
import type { FloatTensor, LinearConstants } from "../types.ts";
import { toFixedPoint } from "./requant.ts";

/** Biases stay below this, so that they leave most of int32 to the sum of products. */
const MAX_BIAS = 2 ** 29;

/** The largest of any number of values; 0 of none. */
export function largest(values: Float64Array): number {
  return values.reduce((most, value) => Math.max(most, value), 0);
}

/** Largest magnitude an int32 accumulator may reach. */
const MAX_ACCUMULATOR = 2 ** 31 - 1;

/**
 * Real size of one weight step per output channel, symmetric: the channel's largest magnitude maps
 * to 127. A channel whose bias dwarfs its weights gets larger steps, so that the bias fits int32.
 * Zero for a channel of zeros.
 *
 * @param weights outermost dimension is the output channel
 */
export function weightScales(
  weights: FloatTensor,
  bias: Float32Array,
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
 * Quantizes the constants of one layer and proves that its accumulator cannot overflow.
 *
 * @param scales from {@linkcode weightScales}
 * @throws {UserError} naming the layer and channel, if the bound exceeds int32
 */
export function quantizeLinear(
  name: string,
  float: { readonly weights: FloatTensor; readonly bias: Float32Array },
  scales: Float64Array,
  input: { readonly scale: number; readonly zeroPoint: number },
  outputScale: number,
): LinearConstants {
  const outputs = float.bias.length;
  const taps = float.weights.data.length / outputs;
  const weights = new Int8Array(float.weights.data.length);
  const bias = new Int32Array(outputs);
  const multiplier = new Int32Array(outputs);
  const shift = new Int8Array(outputs);
  const bound = new Float64Array(outputs);
  for (let o = 0; o < outputs; o++) {
    const scale = scales[o]!;
    let magnitude = 0;
    if (scale > 0) {
      for (let i = o * taps; i < (o + 1) * taps; i++) {
        weights[i] = Math.round(float.weights.data[i]! / scale);
        magnitude += Math.abs(weights[i]!);
      }
      bias[o] = Math.round(float.bias[o]! / (input.scale * scale));
    }
    // Covers |Σ w·(x − z) + bias| and, with z folded into the bias, |Σ w·x + (bias − z·Σw)|.
    bound[o] = Math.abs(bias[o]!) + magnitude * (128 + Math.abs(input.zeroPoint));
    if (bound[o]! > MAX_ACCUMULATOR) {
      throw new UserError(
        `Output channel ${o} of layer ${name} can reach ${bound[o]} in its accumulator, which ` +
          `holds ${MAX_ACCUMULATOR}; a layer with fewer than ${taps} inputs an output would fit.`,
      );
    }
    const fixed = toFixedPoint(input.scale * scale / outputScale);
    multiplier[o] = fixed.multiplier;
    shift[o] = fixed.shift;
  }
  return {
    weights,
    weightShape: float.weights.shape,
    weightScales: scales,
    bias,
    multiplier,
    shift,
    bound,
  };
}
