import { rowDistance } from "../codegen/overlap.ts";
import { defineAlignedWeights } from "../codegen/pack.ts";
import { quantizedLinear } from "../ops/op.ts";
import type { Window } from "../ops/window.ts";
import type { Kernel } from "./kernel.ts";
import { defineScales, rangeFields, scaleKernels, scalesOf } from "./scale.ts";

/**
 * Depthwise convolution with 3×3 filters on cores with SMLAD (`firmware/kernels/dsp/depthwise_3x3.c`):
 * four channels at a time are laid out as planes of columns, two image rows a word.
 */
export const depthwise3x3: Kernel<Window> = {
  name: "planes",
  file: "depthwise_3x3",

  plan(node, { inputs, output, rounding }) {
    const linear = quantizedLinear(node);
    const { kernel, stride, dilation, padding } = node.attributes;
    const [height, width, depth] = inputs[0]!.shape as [number, number, number];
    const [outHeight, outWidth, outputs] = output.shape as [number, number, number];
    const [vertical, horizontal] = stride;
    if (kernel[0] !== 3 || kernel[1] !== 3) return "its filters are not 3×3";
    if (dilation[0] !== 1 || dilation[1] !== 1) return "its windows have holes";
    if (vertical !== horizontal || vertical > 2) return "its stride is not 1 or 2 both ways";
    if (outputs !== depth) return "it has several filters a channel";
    if (depth % 4 !== 0) return `its ${depth} channels are not a multiple of four`;
    const scales = scalesOf(linear, inputs[0]!.zeroPoint, output, rounding);
    if (typeof scales === "string") return scales;
    // Rows and columns change places where the image is higher than wide.
    const turned = outHeight > outWidth;
    const turn = <T>(row: T, column: T): [T, T] => turned ? [column, row] : [row, column];
    const [rows, count] = turn(outHeight, outWidth);
    const [xHeight, xWidth] = turn(height, width);
    const [xRow, xColumn] = turn(width * depth, depth);
    const [yRow, yColumn] = turn(outWidth * depth, depth);
    const [padTop, padLeft] = turn(padding.top, padding.left);
    const columns = (count - 1) * horizontal + 3;
    const scratch = 4 * columns * 8 + 8 * count;
    const passes = Math.ceil(rows / (vertical === 1 ? 2 : 1)) * depth;
    const weights = pack(linear.weights, turned);
    return {
      cycles: passes * (10 * columns + (vertical === 1 ? 44 : 26) * count + 120),
      extraFlash: 0,
      scratch,
      why: "four channels laid out as planes of columns, two rows a word",
      emit: (name) => ({
        kernels: [
          "noinline",
          "simd",
          ...scaleKernels(rounding),
          "store_sums",
          "limit",
          "depthwise_3x3",
        ],
        constants: defineAlignedWeights(name, weights) + defineScales(name, scales),
        weightBytes: weights.length,
        // Sweeping along columns, it writes to all rows before it has read the next columns.
        ...(turned ? {} : {
          distance: rowDistance({
            rows,
            atOnce: vertical === 1 ? 2 : 1,
            outputRow: outWidth * depth,
            inputRow: width * depth,
            stride: vertical,
            before: padding.top,
          }),
        }),
        scratchBytes: scratch,
        body: `static const struct intnic_depthwise_3x3 layer = {
    .weights = model_weights_${name}.bytes, .scales = model_scales_${name},
    .height = ${xHeight}, .width = ${xWidth}, .depth = ${depth},
    .x_row = ${xRow}, .x_column = ${xColumn}, .y_row = ${yRow}, .y_column = ${yColumn},
    .stride = ${vertical}, .pad_top = ${padTop}, .pad_left = ${padLeft},
    .out_height = ${rows}, .out_width = ${count},
    .columns = ${columns}, .input_zero = ${inputs[0]!.zeroPoint},
};
static const struct intnic_range range = ${rangeFields(node)};

intnic_depthwise_3x3(&layer, x, (intnic_pair *)(void *)scratch, y);
intnic_limit(y, ${outHeight * outWidth * depth}, &range);`,
      }),
    };
  },
};

/** Per channel its filter column by column, or row by row where the two change places. */
function pack(weights: Int8Array, turned: boolean): Int8Array {
  if (turned) return weights;
  return weights.map((_, i) => {
    const [column, row] = [Math.floor(i % 9 / 3), i % 3];
    return weights[i - i % 9 + 3 * row + column]!;
  });
}
