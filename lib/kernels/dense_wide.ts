import { defineAlignedWeights, foldZeroPoint } from "../codegen/pack.ts";
import { quantizedLinear } from "../ops/op.ts";
import type { LinearConstants } from "../types.ts";
import type { Kernel } from "./kernel.ts";
import { defineScales, rangeFields, scaleKernels, scalesOf } from "./scale.ts";

/** Outputs computed at once. */
const GROUP = 8;
/** 256 times a sum stays in int32 below this. */
const MAX_SUM = 2 ** 23;

/**
 * Dense layers on cores with SMLAD (`firmware/kernels/dsp/dense_wide.c`): weights in 16-bit pairs
 * 256·w1 + w0, of which every second product needs no unpacking.
 */
export const denseWide: Kernel = {
  name: "wide",
  file: "dense_wide",

  plan(node, { inputs, output, rounding }) {
    const linear = quantizedLinear(node);
    const outputs = linear.bias.length;
    const taps = linear.weights.length / outputs;
    const zero = inputs[0]!.zeroPoint;
    const scales = scalesOf(linear, zero, output, rounding);
    if (typeof scales === "string") return scales;
    const largest = largestSum(linear, zero);
    if (largest >= MAX_SUM) return `its sums reach ${largest}, and 256 times that is not an int32`;
    const count = Math.ceil(taps / 4) * 4;
    const packed = packPairs(linear.weights, { outputs, taps, count });
    if (packed === undefined) return "a pair of weights leaves 16 bits";
    const groups = Math.ceil(outputs / GROUP);
    const biases = scales.map((scale, o) => ({
      ...scale,
      // Modulo 2³², as the sums are.
      bias: 256 * (scale.bias + 127 * oddSum(linear.weights.subarray(o * taps, (o + 1) * taps))) |
        0,
    }));
    return {
      cycles: groups * (10 * count + 200) + 3 * taps,
      extraFlash: packed.length - linear.weights.length,
      scratch: 2 * count,
      why: `eight outputs at once; 256 times a sum is below 2^31: sums stay within ${largest}`,
      emit: (name) => ({
        kernels: ["noinline", "simd", ...scaleKernels(rounding), "limit", "dense_wide"],
        constants: defineAlignedWeights(name, packed) + defineScales(name, biases, GROUP),
        weightBytes: packed.length,
        scratchBytes: 2 * count,
        body: `static const struct intnic_dense_wide layer = {
    .weights = model_weights_${name}.bytes, .scales = model_scales_${name},
    .inputs = ${taps}, .outputs = ${outputs},
    .range = ${rangeFields(node)},
};
intnic_dense_wide(&layer, x, (intnic_pair *)(void *)scratch, y);`,
      }),
    };
  },
};

/** Largest magnitude that bias + Σ w·(x − z) of any output can take, over all int8 inputs. */
function largestSum(linear: LinearConstants, zeroPoint: number): number {
  const biases = foldZeroPoint(linear, zeroPoint);
  const taps = linear.weights.length / biases.length;
  return biases.reduce((largest, bias, o) => {
    let [low, high] = [bias, bias];
    for (let i = o * taps; i < (o + 1) * taps; i++) {
      const weight = linear.weights[i]!;
      low += Math.min(-128 * weight, 127 * weight);
      high += Math.max(-128 * weight, 127 * weight);
    }
    return Math.max(largest, -low, high);
  }, 0);
}

/** Sum of the second weights of all pairs. */
function oddSum(weights: Int8Array): number {
  return weights.reduce((sum, weight, i) => i % 2 === 1 ? sum + weight : sum, 0);
}

/**
 * For every eight outputs, for four inputs at a time, each output's two pairs 256·w1 + w0 as 16-bit
 * numbers, little endian; undefined if a pair does not fit.
 */
function packPairs(
  weights: Int8Array,
  { outputs, taps, count }: { outputs: number; taps: number; count: number },
): Int8Array | undefined {
  const at = (o: number, i: number) => o < outputs && i < taps ? weights[o * taps + i]! : 0;
  const packed = new Int8Array(Math.ceil(outputs / GROUP) * GROUP * count);
  let end = 0;
  for (let first = 0; first < outputs; first += GROUP) {
    for (let i = 0; i < count; i += 4) {
      for (let o = first; o < first + GROUP; o++) {
        for (const k of [i, i + 2]) {
          const pair = 256 * at(o, k + 1) + at(o, k);
          if (pair < -32768) return undefined;
          packed[end++] = pair;
          packed[end++] = pair >> 8;
        }
      }
    }
  }
  return packed;
}
