import { formatList } from "../codegen/literals.ts";
import { defineAlignedWeights } from "../codegen/pack.ts";
import type { Conv2d } from "../ops/conv2d.ts";
import { type QuantizedContext, quantizedLinear } from "../ops/op.ts";
import type { Window } from "../ops/window.ts";
import type { QuantizedNode } from "../types.ts";
import { codesOf } from "./codes.ts";
import type { Kernel, Plan } from "./kernel.ts";
import { fitsLane } from "./lanes.ts";

/** Largest magnitude of an int32. */
const MAX = 2 ** 31 - 1;
/** Sums of a half that are kept, as `firmware/kernels/rv32/lane_columns.c` has them apart. */
const SUMS = 72;
/** Taps of a window that are added up before the halves are split, and where three are too much. */
const SOLID = [[0, 1, 2], [3, 4, 5], [6, 7, 8]] as const;
const APART = [[0, 1], [3, 4], [6, 7], [2, 5], [8]] as const;

/**
 * Depthwise convolution with 3 × 3 windows that slide over words of two pixels kept in registers
 * (`firmware/kernels/rv32/depthwise_columns.c`).
 */
export const depthwiseColumns: Kernel<Window> = { name: "columns", file: "lane_columns", plan };

/** The same for convolutions of one channel, which all outputs see. */
export const conv2dColumns: Kernel<Conv2d> = {
  name: "columns",
  file: "lane_columns",
  plan(node, context) {
    if (context.inputs[0]!.shape[2] !== 1) return "its image has several channels";
    return plan(node, context);
  },
};

function plan(
  node: QuantizedNode<Window>,
  { inputs, output, rounding }: QuantizedContext,
): Plan | string {
  const linear = quantizedLinear(node);
  const { kernel, dilation, stride: [stride, across], padding } = node.attributes;
  const [height, width, depth] = inputs[0]!.shape as [number, number, number];
  const [outHeight, outWidth, outputs] = output.shape as [number, number, number];
  if (kernel[0] !== 3 || kernel[1] !== 3) return "its windows are not 3×3";
  if (dilation[0] * dilation[1] !== 1) return "its windows have holes";
  if (outputs !== depth && depth > 1) return "its channels have several outputs";
  if (stride !== across || stride > 2) return "its windows do not move on by one or two both ways";
  if (outWidth > SUMS) return `its rows are longer than ${SUMS}`;
  const codes = codesOf(node, inputs[0]!.zeroPoint, output, rounding, "high");
  if (typeof codes === "string") return codes;
  if (codes.name !== "slope") return "its sums need more than one product";
  if (linear.bound.some((bound) => bound + 5 * 65536 > MAX)) {
    return "its sums leave no room for what the halves are counted from";
  }
  const runs: number[] = [];
  for (let c = 0; c < outputs; c++) {
    const weights = linear.weights.subarray(9 * c, 9 * c + 9);
    const fits = (taps: readonly (readonly number[])[]) =>
      taps.every((run) => fitsLane(Int8Array.from(run, (tap) => weights[tap]!)));
    if (!fits(APART)) return `two weights of channel ${c} are too much for a lane`;
    runs.push(fits(SOLID) ? SOLID.length : APART.length);
  }
  const half = Math.ceil(outHeight / 2);
  const rows = (half - 1) * stride + 3;
  const columns = (outWidth - 1) * stride + 3;
  if (padding.left >= columns) return "its first columns are all outside the image";
  const scratch = 4 * (rows * columns + 2 * SUMS);
  const windows = half * outWidth;
  return {
    cycles: (depth > 1 ? outputs : 1) * rows * (13 * columns + 35) +
      outputs * (windows * (stride === 1 ? 58 : 66) + half * 45 + 20 * outHeight * outWidth + 250) +
      runs.filter((count) => count === APART.length).length * windows * 8,
    extraFlash: outputs,
    scratch,
    why: "two rows in a word, windows that slide in registers, three or two taps a run",
    emit: (name) => ({
      kernels: [
        "noinline",
        ...codes.kernels,
        `lane_columns@INTNIC_STRIDE=${stride}`,
        `depthwise_columns@INTNIC_STRIDE=${stride}`,
      ],
      constants: defineAlignedWeights(name, linear.weights) +
        `static const uint8_t model_runs_${name}[${outputs}] = {\n${formatList(runs)}\n};\n` +
        codes.define(name, 1),
      weightBytes: linear.weights.length,
      scratchBytes: scratch,
      // Each channel is read before any of it is written.
      ...(outputs === depth ? { distance: 0, distanceUnit: depth } : {}),
      body: `static const struct intnic_depthwise_columns layer = {
    .weights = model_weights_${name}.bytes, .runs = model_runs_${name},
    .scales = model_scales_${name},
    .height = ${height}, .width = ${width}, .outputs = ${outputs},
    .x_channel = ${depth > 1 ? 1 : 0}, .x_row = ${width * depth}, .x_column = ${depth},
    .y_pixel = ${outputs}, .pad_top = ${padding.top}, .pad_left = ${padding.left},
    .out_height = ${outHeight}, .out_width = ${outWidth},
    .half = ${half}, .apart = ${half * stride}, .rows = ${rows}, .columns = ${columns},
    .lines = ${Math.floor(SUMS / outWidth)}, .sums = ${SUMS},
    .input_zero = ${inputs[0]!.zeroPoint},
};
intnic_depthwise_columns_${stride}(&layer, x, (int32_t *)(void *)scratch, y);`,
    }),
  };
}
