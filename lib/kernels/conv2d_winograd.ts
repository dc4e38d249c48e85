import { rowDistance } from "../codegen/overlap.ts";
import { defineAlignedPairs, foldZeroPoint } from "../codegen/pack.ts";
import type { Conv2d } from "../ops/conv2d.ts";
import { quantizedLinear } from "../ops/op.ts";
import type { Encoding, LinearConstants, QuantizedNode, Rounding } from "../types.ts";
import type { Kernel } from "./kernel.ts";
import { shiftedCodes } from "./pointwise_codes.ts";
import { defineScales, rangeFields, type Scale, scaleKernels, scalesOf64 } from "./scale.ts";
import { ELEMENTS, MAX_SUM, notWinograd, TILE, transform } from "./winograd.ts";
import { largestSum } from "./sums.ts";

/** Outputs computed at once. */
const GROUP = 4;
/** What the transforms make of a sum: 24² times as much. */
const MULTIPLE = 576;
/** The kernel's loops are written out for up to so many input channels. */
const MAX_DEPTH = 64;

/**
 * 3×3 convolution by integer Winograd F(4×4, 3×3) on cores with SMLAD
 * (`firmware/kernels/dsp/conv2d_winograd.c`): a quarter of the multiplications, for weights that
 * take eight times their flash.
 */
export const conv2dWinograd: Kernel<Conv2d> = {
  name: "winograd",
  file: "conv2d_winograd",

  plan(node, { inputs, output, rounding }) {
    const linear = quantizedLinear(node);
    const { padding } = node.attributes;
    const [height, width, channels] = inputs[0]!.shape as [number, number, number];
    const [outHeight, outWidth, outputs] = output.shape as [number, number, number];
    const refusal = notWinograd(node.attributes);
    if (refusal !== undefined) return refusal;
    const depth = Math.ceil(channels / 4) * 4;
    if (depth > MAX_DEPTH) return `its ${channels} input channels are more than ${MAX_DEPTH}`;
    // Inputs are counted from −128, as if their zero point were by as much higher.
    const zero = inputs[0]!.zeroPoint + 128;
    const largest = largestSum(linear, inputs[0]!.zeroPoint);
    if (largest >= MAX_SUM) return `its sums reach ${largest}, and 64 times that is not an int32`;
    const codes = codesOf(node, zero, output, rounding);
    if (typeof codes === "string") return codes;
    const { scales, shift } = codes;
    const across = Math.ceil(outWidth / TILE);
    const tiles = across * Math.ceil(outHeight / TILE);
    const groups = Math.ceil(outputs / GROUP);
    const whole = outWidth % TILE === 0 && outHeight % TILE === 0;
    const bytes = 2 * ELEMENTS * depth * groups * GROUP;
    const pitch = width * depth;
    const scratch = (TILE * across + 2) * 12 * depth + ELEMENTS * (4 * depth + 32) + 6 * pitch +
      (whole ? 0 : 32 * outputs);
    const extraFlash = bytes - linear.weights.length;
    return {
      cycles: Math.ceil(tiles / 2) * groups * ELEMENTS * (8 * depth + 15) +
        tiles * ((shift === 0 ? 400 : 330) * outputs + 140 * depth) +
        Math.ceil(outHeight / TILE) * pitch * (depth === channels ? 20 : 40),
      extraFlash,
      scratch,
      why: `4×4 outputs at once by a quarter of the multiplications, +${
        Math.ceil(extraFlash / 1024)
      } KB flash; 64 times a sum is below 2^31: sums stay within ${largest}`,
      emit: (name) => ({
        kernels: [
          "noinline",
          "simd",
          "copy",
          "fill",
          ...scaleKernels(rounding),
          rounding === "tflite" ? "scale_64_tflite" : "scale_64",
          "limit",
          "winograd_taps",
          `conv2d_winograd@INTNIC_DEPTH=${depth},INTNIC_OUTPUTS=${outputs},` +
          `INTNIC_PITCH=${pitch},INTNIC_SHIFT=${shift}`,
        ],
        constants: defineAlignedPairs(name, pack(linear.weights, outputs, channels)) +
          defineScales(name, scales),
        weightBytes: bytes,
        distance: rowDistance({
          rows: outHeight,
          atOnce: TILE,
          outputRow: outWidth * outputs,
          inputRow: width * channels,
          stride: 1,
          before: padding.top,
          copied: true,
        }),
        scratchBytes: scratch,
        body: `static const struct intnic_conv2d_winograd layer = {
    .weights = model_weights_${name}.values, .scales = model_scales_${name},
    .height = ${height}, .width = ${width}, .depth = ${channels},
    .pad_top = ${padding.top}, .pad_left = ${padding.left},
    .out_height = ${outHeight}, .out_width = ${outWidth},
    .input_zero = ${zero},
    .range = ${rangeFields(node)},
};
intnic_conv2d_winograd_${depth}_${outputs}_${pitch}_${shift}(&layer, x, scratch, y);`,
      }),
    };
  },
};

/** How outputs become codes. */
interface Codes {
  readonly scales: readonly Scale[];
  /** Of all channels, or 0 where 64 times the sums are scaled, and each has its own. */
  readonly shift: number;
}

/** Results by the constants asked for; layers in strips ask again and again. */
const known = new WeakMap<LinearConstants, Map<string, Codes | string>>();

function codesOf(
  node: QuantizedNode,
  zero: number,
  output: Encoding,
  rounding: Rounding,
): Codes | string {
  const linear = quantizedLinear(node);
  const key = [zero, output.zeroPoint, rounding, ...node.clamp].join();
  const results = known.get(linear) ?? new Map<string, Codes | string>();
  known.set(linear, results);
  const result = results.get(key) ?? findCodes(node, zero, output, rounding);
  results.set(key, result);
  return result;
}

/**
 * One multiplication and one shift of what the kernel has, 576 times a sum, if that fits int32 and
 * gives every code; otherwise scales of 64 times the sums.
 */
function findCodes(
  node: QuantizedNode,
  zero: number,
  output: Encoding,
  rounding: Rounding,
): Codes | string {
  const linear = quantizedLinear(node);
  if (MULTIPLE * (largestSum(linear, zero - 128) + 1) < 2 ** 31) {
    const multiplied = { times: MULTIPLE, more: 16 };
    const shifted = shiftedCodes(linear, zero - 128, node, output, rounding, multiplied);
    if (shifted !== undefined) {
      const { shift, channels } = shifted;
      const biases = foldZeroPoint(linear, zero);
      const scales = channels.map(({ multiplier, addend, more }, o) => ({
        bias: MULTIPLE * biases[o]! + more | 0,
        multiplier,
        addend,
        right: shift,
      }));
      return { shift, scales };
    }
  }
  const scales = scalesOf64(linear, zero, output, rounding);
  return typeof scales === "string" ? scales : { shift: 0, scales };
}

/**
 * Transformed weights in the order of the kernel: for every four outputs, for each element of a
 * tile, for two input channels at a time, those two of each output. Of four channels 0 and 2 come
 * together, then 1 and 3; channels are filled up to a multiple of four with zeros.
 *
 * @param weights OHWI
 */
function pack(weights: Int8Array, outputs: number, channels: number): Int16Array {
  const depth = Math.ceil(channels / 4) * 4;
  const packed = new Int16Array(Math.ceil(outputs / GROUP) * GROUP * ELEMENTS * depth);
  for (let o = 0; o < outputs; o++) {
    for (let c = 0; c < channels; c++) {
      const element = transform((tap) => weights[(o * 9 + tap) * channels + c]!);
      // Among the pairs of the group's outputs: channels 0, 2, 1, 3 are halves 0, 1 of pairs 0, 1.
      const pair = Math.floor(c / 4) * 2 + c % 2;
      const half = Math.floor(c % 4 / 2);
      for (let i = 0; i < ELEMENTS; i++) {
        const row = (Math.floor(o / GROUP) * ELEMENTS + i) * depth / 2 + pair;
        packed[(row * GROUP + o % GROUP) * 2 + half] = element[i]!;
      }
    }
  }
  return packed;
}
