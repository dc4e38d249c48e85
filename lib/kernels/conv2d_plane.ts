import { rowDistance } from "../codegen/overlap.ts";
import { formatList } from "../codegen/literals.ts";
import type { Conv2d } from "../ops/conv2d.ts";
import { quantizedLinear } from "../ops/op.ts";
import type { Kernel } from "./kernel.ts";
import { rangeFields, type Scale, scaleKernels, scalesOf } from "./scale.ts";

/** Outputs that the kernel's loop is written out for. */
const GROUP = 4;
/** Cycles of a channel on a Cortex-M4, of two pixels or of the largest of four. */
const costs = {
  single: { single: 30, pooled: 52 },
  tflite: { single: 38, pooled: 55 },
} as const;
/** Largest magnitude of an int32. */
const MAX = 2 ** 31 - 1;
/** Largest offset of a store. */
const MAX_OFFSET = 4095;

/**
 * 3×3 convolution of an image of one channel on cores with SMLAD
 * (`firmware/kernels/dsp/conv2d_plane.c`): windows stay in registers while the channels pass by.
 */
export const conv2dPlane: Kernel<Conv2d> = {
  name: "plane",
  file: "conv2d_plane",

  plan(node, { inputs, output, rounding }) {
    const linear = quantizedLinear(node);
    const { kernel, stride, dilation, padding } = node.attributes;
    const pooled = node.attributes.pool !== undefined;
    const [height, width, depth] = inputs[0]!.shape as [number, number, number];
    const [outHeight, outWidth, outputs] = output.shape as [number, number, number];
    if (depth !== 1) return "its image has more than one channel";
    if (kernel[0] !== 3 || kernel[1] !== 3) return "its windows are not 3×3";
    if (stride[0] !== 1 || stride[1] !== 1) return "its stride is not 1";
    if (dilation[0] !== 1 || dilation[1] !== 1) return "its windows have holes";
    if (outputs % GROUP !== 0) return `its ${outputs} outputs are not a multiple of ${GROUP}`;
    if (outputs > MAX_OFFSET) return `its ${outputs} outputs are more than ${MAX_OFFSET}`;
    if (outWidth < 2 && !pooled) return "it is a single pixel wide";
    const scales = scalesOf(linear, inputs[0]!.zeroPoint, output, rounding);
    if (typeof scales === "string") return scales;
    const weights = (o: number) => linear.weights.subarray(9 * o, 9 * o + 9);
    const zero = 2 * output.zeroPoint + 1;
    const right = Math.max(...scales.map((scale) => scale.right));
    const rows: (readonly number[])[] = [];
    for (let o = 0; o < outputs; o++) {
      const row = rounding === "tflite"
        ? tfliteChannel(scales[o]!, weights(o))
        : channel(scales[o]!, weights(o), { right, zero, bound: linear.bound[o]! });
      if (row === undefined) return `the shift of channel ${o} is too far from that of others`;
      rows.push(row);
    }
    const bytes = 4 * rows[0]!.length * outputs;
    const row = Math.ceil((padding.left + width + padding.right + 2) / 4) * 4;
    const shift = rounding === "tflite" ? 0 : right;
    const scratch = (pooled ? 4 : 3) * row;
    const kind = pooled ? "conv2d_plane_max" : "conv2d_plane";
    return {
      cycles: outHeight * (pooled ? outWidth : Math.ceil(outWidth / 2)) *
        (outputs * costs[rounding][pooled ? "pooled" : "single"] + 60),
      // The scales are among the channels' words.
      extraFlash: bytes - linear.weights.length - 16 * outputs,
      scratch,
      why: pooled
        ? `the windows of four pixels are taken at once; ${node.attributes.pool!.name} of the sums`
        : "the windows of two pixels stay in registers",
      emit: (name) => ({
        kernels: [
          "noinline",
          "simd",
          "copy",
          "fill",
          ...scaleKernels(rounding),
          "limit",
          rounding === "tflite" ? "plane_codes_tflite" : "plane_codes",
          "plane",
          ...(pooled ? ["larger"] : []),
          `${kind}@INTNIC_OUTPUTS=${outputs},INTNIC_SHIFT=${shift}`,
        ],
        constants: `static const int32_t model_weights_${name}[${rows.flat().length}] = {\n${
          formatList(rows.flat())
        }\n};\n`,
        weightBytes: bytes,
        distance: rowDistance({
          rows: outHeight,
          outputRow: outWidth * outputs,
          inputRow: width,
          stride: pooled ? 2 : 1,
          before: padding.top,
          copied: true,
        }),
        scratchBytes: scratch,
        body: `static const struct intnic_conv2d_plane layer = {
    .channels = model_weights_${name},
    .height = ${height}, .width = ${width},
    .pad_top = ${padding.top}, .pad_left = ${padding.left},
    .out_height = ${outHeight}, .out_width = ${outWidth},
    .input_zero = ${inputs[0]!.zeroPoint},
    .addend = ${rounding === "tflite" ? 0 : zero * 2 ** (right - 1)},
    .row = ${row},
    .range = ${rangeFields(node)},
};
intnic_${kind}_${outputs}_${shift}(&layer, x, scratch, y);`,
      }),
    };
  },
};

/** The same with the max pool behind it (`conv2d_plane_max.c`). */
export const conv2dPlaneMax: Kernel<Conv2d> = {
  ...conv2dPlane,
  name: "plane-pool",
  file: "conv2d_plane_max",
  pools: true,
};

/**
 * A channel's words by the rule single: as if it were shifted by `right`, the most of any channel,
 * with weights and bias so much larger. That changes no bit: the top word of a product is rounded
 * down, and so is what is shifted out of it.
 */
function channel(
  scale: Scale,
  weights: Int8Array,
  { right, zero, bound }: {
    readonly right: number;
    readonly zero: number;
    readonly bound: number;
  },
): readonly number[] | undefined {
  const factor = scale.multiplier === 0 ? 1 : 2 ** (right - scale.right);
  const largest = weights.reduce((most, weight) => Math.max(most, Math.abs(weight)), 0);
  if (largest * factor > 32767 || bound * factor > MAX) return undefined;
  if (Math.abs(zero * 2 ** (right - 1)) + bound * factor / 2 + 1 > MAX) return undefined;
  return [...words(scale.bias, weights, factor), scale.multiplier];
}

function tfliteChannel(scale: Scale, weights: Int8Array): readonly number[] {
  return [...words(scale.bias, weights, 2), scale.multiplier, scale.addend, scale.right];
}

/** Bias, then pairs of weights: the ends of two rows, their middles, the third row. */
function words(bias: number, weights: Int8Array, factor: number): readonly number[] {
  const pair = (low: number, high: number) =>
    weights[high]! * factor << 16 | (weights[low]! * factor & 0xffff);
  const last = weights[7]! * factor & 0xffff;
  return [bias * factor, pair(0, 2), pair(3, 5), pair(1, 4), pair(6, 8), last];
}
