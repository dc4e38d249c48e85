import { formatList } from "../codegen/literals.ts";
import { defineAlignedWeights } from "../codegen/pack.ts";
import { quantizedLinear } from "../ops/op.ts";
import type { Window } from "../ops/window.ts";
import type { Conv2d } from "../ops/conv2d.ts";
import type { QuantizedContext } from "../ops/op.ts";
import type { QuantizedNode, Shape } from "../types.ts";
import { codesOf } from "./codes.ts";
import type { Kernel, Plan } from "./kernel.ts";
import { fitsLane } from "./lanes.ts";
import { rangeFields } from "./scale.ts";

/** Pairs of sums that are made at once, where rows are shorter. */
const PAIRS = 96;
/** Largest magnitude of an int32. */
const MAX = 2 ** 31 - 1;

/**
 * Depthwise convolution with 3 × 3 windows and two pixels in a word
 * (`firmware/kernels/lanes/depthwise_lanes.c`), for cores without SIMD.
 */
export const depthwiseLanes: Kernel<Window> = { name: "lanes", file: "lane_windows", plan };

/** The same for convolutions of one channel, which all outputs see. */
export const conv2dPlaneLanes: Kernel<Conv2d> = {
  name: "plane-lanes",
  file: "lane_windows",
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
  const { kernel, dilation } = node.attributes;
  const depth = inputs[0]!.shape[2]!;
  const outputs = output.shape[2]!;
  if (kernel[0] !== 3 || kernel[1] !== 3) return "its windows are not 3×3";
  if (dilation[0] * dilation[1] !== 1) return "its windows have holes";
  if (outputs !== depth && depth > 1) return "its channels have several outputs";
  const codes = codesOf(node, inputs[0]!.zeroPoint, output, rounding);
  if (typeof codes === "string") return codes;
  if (linear.bound.some((bound) => bound + 6 * 65536 > MAX)) {
    return "its sums leave no room for what the halves are counted from";
  }
  const [best] = [false, true].map((turned) =>
    walk(node.attributes, inputs[0]!.shape, output.shape, turned)
  )
    .toSorted((a, b) => a.cycles - b.cycles);
  const { turned, x, y, stride, padding, part, rows, columns, lines, scratch } = best!;
  if (padding.left >= columns) return "its first columns are all outside the image";
  const weights = turned ? transposed(linear.weights) : linear.weights;
  const channel = (c: number, from: number, to: number) =>
    weights.subarray(9 * c + from, 9 * c + to);
  const runs = Array.from(
    { length: outputs },
    (_, c) => [0, 3, 6].every((row) => fitsLane(channel(c, row, row + 3))) ? 3 : 6,
  );
  for (let c = 0; c < outputs; c++) {
    if (![0, 3, 6].every((row) => fitsLane(channel(c, row, row + 2)))) {
      return `two weights of channel ${c} are too much for a lane`;
    }
  }
  return {
    cycles: outputs * (best!.cycles + y.height * y.width * codes.cycles / 4),
    extraFlash: outputs,
    scratch,
    why: "two rows in a word, three or two taps a run",
    emit: (name) => ({
      kernels: [
        "noinline",
        // It turns sums into codes one by one.
        ...codes.kernels.slice(0, -1),
        "lane_windows",
        "column_layer",
        `depthwise_lanes@INTNIC_CODES=${codes.name}`,
      ],
      constants: defineAlignedWeights(name, weights) +
        `static const uint8_t model_runs_${name}[${outputs}] = {\n${formatList(runs)}\n};\n` +
        codes.define(name, 1),
      weightBytes: linear.weights.length,
      scratchBytes: scratch,
      // Each channel is read before any of it is written.
      ...(outputs === depth ? { distance: 0, distanceUnit: outputs } : {}),
      body: `static const struct intnic_depthwise_lanes layer = {
    .image = {
        .weights = model_weights_${name}.bytes, .runs = model_runs_${name},
        .scales = model_scales_${name},
        .height = ${x.height}, .width = ${x.width}, .outputs = ${outputs},
        .x_channel = ${depth > 1 ? 1 : 0}, .x_row = ${x.row}, .x_column = ${x.column},
        .y_pixel = ${y.column}, .pad_top = ${padding.top}, .pad_left = ${padding.left},
        .out_height = ${y.height}, .out_width = ${y.width},
        .part = ${part}, .apart = ${part * stride[0]!}, .rows = ${rows}, .columns = ${columns},
        .lines = ${lines}, .input_zero = ${inputs[0]!.zeroPoint},
    },
    .stride_y = ${stride[0]!}, .stride_x = ${stride[1]!}, .y_row = ${y.row},
    .range = ${rangeFields(node)},
};
intnic_depthwise_lanes_${codes.name}(&layer, x, (int32_t *)(void *)scratch, y);`,
    }),
  };
}

/** How a channel's image is divided, as it is or with columns for rows, and roughly what that costs. */
function walk(window: Window, input: Shape, output: Shape, turned: boolean) {
  const x = geometry(input, turned);
  const y = geometry(output, turned);
  const { top, left } = window.padding;
  const padding = turned ? { top: left, left: top } : { top, left };
  const stride = turned ? window.stride.toReversed() : window.stride;
  const part = Math.ceil(y.height / 2);
  const rows = (part - 1) * stride[0]! + 3;
  const columns = (y.width - 1) * stride[1]! + 3;
  // Without strides windows go on from row to row.
  const lines = stride[0] === 1 && stride[1] === 1
    ? Math.min(part, 1 + Math.max(0, Math.floor((PAIRS - y.width) / columns)))
    : 1;
  const chunks = Math.ceil(part / lines);
  const pairs = chunks * y.width + (part - chunks) * columns;
  return {
    turned,
    x,
    y,
    stride,
    padding,
    part,
    rows,
    columns,
    lines,
    scratch: 4 * (rows * columns + 2 * ((lines - 1) * columns + y.width)),
    cycles: rows * (15 * x.width + 45) + pairs * 80 + chunks * 350 + y.height * 25 + 200,
  };
}

/** An image and how far its rows and columns are apart; turned, they change places. */
function geometry(shape: Shape, turned: boolean) {
  const [height, width, depth] = shape as [number, number, number];
  return turned
    ? { height: width, width: height, row: depth, column: width * depth }
    : { height, width, row: width * depth, column: depth };
}

/** Filters with rows for columns. */
function transposed(weights: Int8Array): Int8Array {
  return weights.map((_, i) => weights[i - i % 9 + 3 * (i % 3) + Math.floor(i % 9 / 3)]!);
}
