import { formatList } from "../codegen/literals.ts";
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
      extraFlash: 4 * weights.length - linear.weights.length,
      scratch,
      why: "four channels laid out as planes of columns, two rows a word",
      emit: (name) => ({
        kernels: ["noinline", "simd", ...scaleKernels(rounding), "limit", "depthwise_3x3"],
        constants: `static const intnic_pair model_weights_${name}[${weights.length}] = {\n` +
          `${formatList(weights)}\n};\n${defineScales(name, scales)}`,
        weightBytes: 4 * weights.length,
        scratchBytes: scratch,
        body: `static const struct intnic_depthwise_3x3 layer = {
    .weights = model_weights_${name}, .scales = model_scales_${name},
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

/** Per channel the words (w0j, w1j) of its three columns j, then (w1j, w2j). */
function pack(weights: Int8Array, turned: boolean): Int32Array {
  const packed = new Int32Array(weights.length / 9 * 6);
  for (let channel = 0; channel < weights.length / 9; channel++) {
    for (let j = 0; j < 3; j++) {
      const [w0, w1, w2] = [0, 1, 2].map((row) =>
        weights[9 * channel + (turned ? 3 * j + row : 3 * row + j)]!
      );
      packed[6 * channel + j] = pair(w0!, w1!);
      packed[6 * channel + 3 + j] = pair(w1!, w2!);
    }
  }
  return packed;
}

/** Two int16 values in a word, the first in its lower half. */
function pair(low: number, high: number): number {
  return (low & 0xffff) | high << 16;
}
