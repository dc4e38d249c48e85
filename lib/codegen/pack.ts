import type { Encoding, LinearConstants, QuantizedNode, Rounding } from "../types.ts";
import { formatList } from "./literals.ts";

/** Output channels whose weights are interleaved, so that one pass over the input feeds them all. */
const GROUP = 4;

/**
 * Weights in the order the linear kernel reads them: for every group of four output channels, tap
 * by tap the weights of the four; then the channels left over, one after the other.
 *
 * @param weights `[outputs, taps]`, row-major
 */
export function packWeights(weights: Int8Array, outputs: number): Int8Array {
  const taps = weights.length / outputs;
  const packed = new Int8Array(weights.length);
  const grouped = outputs - outputs % GROUP;
  let at = 0;
  for (let first = 0; first < grouped; first += GROUP) {
    for (let tap = 0; tap < taps; tap++) {
      for (let o = first; o < first + GROUP; o++) packed[at++] = weights[o * taps + tap]!;
    }
  }
  packed.set(weights.subarray(grouped * taps), at);
  return packed;
}

/** Bias with the input's zero point folded in: bias − z·Σw, per output channel. */
export function foldZeroPoint(linear: LinearConstants, zeroPoint: number): Int32Array {
  const taps = linear.weights.length / linear.bias.length;
  return linear.bias.map((bias, o) => {
    let sum = 0;
    for (let i = o * taps; i < (o + 1) * taps; i++) sum += linear.weights[i]!;
    return bias - zeroPoint * sum;
  });
}

/**
 * Definition of the packed weights of a layer.
 *
 * @param groups runs of neighbouring outputs that are packed one after the other
 */
export function defineWeights(
  name: string,
  { weights }: LinearConstants,
  outputs: number,
  groups = 1,
): string {
  const size = weights.length / groups;
  const packed = new Int8Array(weights.length);
  for (let at = 0; at < weights.length; at += size) {
    packed.set(packWeights(weights.subarray(at, at + size), outputs / groups), at);
  }
  return `static const int8_t model_weights_${name}[${packed.length}] = {\n${
    formatList(packed)
  }\n};\n`;
}

/** Definition of weights that a kernel reads by words: `model_weights_<name>.bytes`. */
export function defineAlignedWeights(name: string, packed: Int8Array): string {
  return `static const union {
    int8_t bytes[${packed.length}];
    int32_t aligned;
} model_weights_${name} = { {
${formatList(packed)}
} };
`;
}

/** The same for weights of 16 bits, which are read in pairs: `model_weights_<name>.values`. */
export function defineAlignedPairs(name: string, packed: Int16Array): string {
  return `static const union {
    int16_t values[${packed.length}];
    int32_t aligned;
} model_weights_${name} = { {
${formatList(packed)}
} };
`;
}

/** The kernels that `intnic_requantize` by a rounding rule and its callers need, callees first. */
export function requantizeKernels(rounding: Rounding): readonly string[] {
  const rule = rounding === "tflite"
    ? ["doubling_high", "divide_by_power", "requantize_tflite"]
    : ["requantize"];
  return ["noinline", "minmax", "mul_high", ...rule];
}

/** A `struct intnic_output`, for either rule. */
export function outputFields(
  { clamp: [low, high] }: Pick<QuantizedNode, "clamp">,
  { zeroPoint }: Encoding,
  rounding: Rounding,
): string {
  const offset = rounding === "tflite" ? zeroPoint : 2 * zeroPoint + 1;
  return `{ .offset = ${offset}, .low = ${low}, .high = ${high} }`;
}

/** A shift of `requant.ts` as the C of its rule has it. */
export function channelShift(shift: number, rounding: Rounding): number {
  // By the rule `single` it is a right shift, one short and after a product's top word.
  return rounding === "tflite" ? shift : -shift - 2;
}

/**
 * Definition of a layer's per-channel bias, multiplier and shift.
 *
 * @param zeroPoint of the input, to be folded into the biases; 0 for kernels that subtract it
 */
export function defineChannels(
  name: string,
  linear: LinearConstants,
  zeroPoint: number,
  rounding: Rounding,
): string {
  const rows = channelRows(linear, zeroPoint, rounding);
  return `static const struct intnic_channel model_channels_${name}[${rows.length}] = {\n` +
    `${formatList(rows)}\n};\n`;
}

/** The same as one `struct intnic_channel` a channel. */
export function channelRows(
  linear: LinearConstants,
  zeroPoint: number,
  rounding: Rounding,
): string[] {
  return [...foldZeroPoint(linear, zeroPoint)].map((bias, o) =>
    `{ ${bias}, ${linear.multiplier[o]}, ${channelShift(linear.shift[o]!, rounding)} }`
  );
}
