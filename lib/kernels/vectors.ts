import { formatList } from "../codegen/literals.ts";
import { channelShift, foldZeroPoint, outputFields } from "../codegen/pack.ts";
import type { LinearConstants, QuantizedNode } from "../types.ts";
import type { Window } from "../ops/window.ts";
import type { Emission, QuantizedContext } from "../ops/op.ts";

/** Outputs whose weights lie side by side: the lanes of the widest vectors there are. */
export const LANES = 16;
/** Taps that one instruction multiplies. */
const TAPS = 4;

/** Added to the codes that are multiplied, so that they have no sign. */
const RAISED = 128;

/** Taps of a run, filled up. */
export function filledRun(taps: number): number {
  return Math.ceil(taps / TAPS) * TAPS;
}

/**
 * Weights in the order of `intnic_add_dots`: for each 16 outputs, for four taps at a time, four taps
 * of each output. Runs and outputs are filled up with zeros.
 *
 * @param weights `[outputs, runs, taps of a run]`
 */
export function packVectors(weights: Int8Array, outputs: number, run: number): Int8Array {
  const runs = weights.length / outputs / run;
  const filled = filledRun(run);
  const taps = runs * filled;
  const packed = new Int8Array(Math.ceil(outputs / LANES) * LANES * taps);
  for (let o = 0; o < outputs; o++) {
    const block = (o - o % LANES) * taps + o % LANES * TAPS;
    for (let i = 0; i < runs * run; i++) {
      const t = Math.floor(i / run) * filled + i % run;
      packed[block + (t - t % TAPS) * LANES + t % TAPS] = weights[o * runs * run + i]!;
    }
  }
  return packed;
}

/**
 * What the vector kernels of a linear layer have in common: their weights, and the biases,
 * multipliers and shifts, each filled up to whole vectors.
 *
 * @param packed by `packVectors`
 * @param linear one channel an output of the kernel
 */
export function vectorEmission(
  name: string,
  { file, packed, linear }: {
    readonly file: string;
    readonly packed: Int8Array;
    readonly linear: LinearConstants;
  },
  { inputs, rounding }: QuantizedContext,
): Pick<Emission, "kernels" | "constants" | "weightBytes"> {
  const padded = Math.ceil(linear.bias.length / LANES) * LANES;
  const fill = (values: ArrayLike<number>) =>
    Array.from({ length: padded }, (_, o) => values[o] ?? 0);
  const channels = [
    // The sums may wrap on their way, so may the biases.
    ...fill(foldZeroPoint(linear, inputs[0]!.zeroPoint + RAISED)),
    ...fill(linear.multiplier),
    ...fill(Array.from(linear.shift, (shift) => channelShift(shift, rounding))),
  ];
  return {
    kernels: [
      "vector",
      rounding === "tflite" ? "vector_codes_tflite" : "vector_codes",
      "vector_store",
      ...(file === "dense_vectors" ? [] : ["raised"]),
      file,
    ],
    constants: defineAligned(`int8_t model_weights_${name}`, packed) +
      defineAligned(`int32_t model_channels_${name}`, channels),
    weightBytes: packed.length,
  };
}

/** Definition of an array on a boundary of the vectors that read it. */
function defineAligned(declaration: string, values: Int8Array | readonly number[]): string {
  return `static const ${declaration}[${values.length}] __attribute__((aligned(${4 * LANES}))) = {
${formatList(values)}
};
`;
}

/** The fields that the kernels' structures share, but those of the rows they read. */
export function vectorFields(
  name: string,
  node: QuantizedNode,
  { output, rounding }: QuantizedContext,
): string {
  return `.weights = model_weights_${name}, .channels = model_channels_${name},
    .output = ${outputFields(node, output, rounding)},`;
}

/** A `struct intnic_raised`. */
export function raisedFields(
  { kernel, dilation, padding }: Window,
  { image: [height, width, depth], columns, zero }: {
    readonly image: readonly [number, number, number];
    readonly columns: number;
    readonly zero: number;
  },
): string {
  return `{
        .height = ${height}, .width = ${width}, .depth = ${depth},
        .count = ${kernel[0]}, .dilation = ${dilation[0]},
        .pad_left = ${Math.min(padding.left, columns)}, .columns = ${columns}, .zero = ${zero},
    }`;
}
