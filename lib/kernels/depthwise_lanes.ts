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
  // Rows cost something each, so there should be few of them.
  const turned = output.shape[0]! > output.shape[1]!;
  const x = geometry(inputs[0]!.shape, turned);
  const y = geometry(output.shape, turned);
  const stride = turned ? node.attributes.stride.toReversed() : node.attributes.stride;
  const { top, left } = node.attributes.padding;
  const padding = turned ? { top: left, left: top } : { top, left };
  const [width, outHeight, outWidth] = [x.width, y.height, y.width];
  if (stride[0]! > 3) return "it leaves out rows";
  // The last pair may be half outside.
  const pairs = Math.ceil(outWidth / 2);
  const columns = Math.max((2 * pairs - 1) * stride[1]! + 3, width + padding.left + 1);
  const codes = codesOf(node, inputs[0]!.zeroPoint, output, rounding);
  if (typeof codes === "string") return codes;
  if (linear.bound.some((bound) => bound + 6 * 65536 > MAX)) {
    return "its sums leave no room for what the halves are counted from";
  }
  const weights = turned ? transposed(linear.weights) : linear.weights;
  const channel = (c: number, from: number, to: number) =>
    weights.subarray(9 * c + from, 9 * c + to);
  const solid = Array.from(
    { length: outputs },
    (_, c) => [0, 3, 6].every((row) => fitsLane(channel(c, row, row + 3))) ? 1 : 0,
  );
  for (let c = 0; c < outputs; c++) {
    if (![0, 3, 6].every((row) => fitsLane(channel(c, row, row + 2)))) {
      return `two weights of channel ${c} are too much for a lane`;
    }
  }
  const scratch = 4 * (3 * columns + 2 * pairs);
  // Each channel's bytes are read before they are written, if no output lies behind its input.
  const inPlace = outputs === depth && outWidth <= width && padding.top <= 2 &&
    (!turned || outHeight === x.height && outWidth === width);
  return {
    cycles: outputs * outHeight * (14 * columns + pairs * 80 + codes.cycles * outWidth / 4 + 200),
    extraFlash: outputs,
    scratch,
    why: "two pixels in a word, three or two taps a run",
    emit: (name) => ({
      kernels: [
        "noinline",
        ...codes.kernels,
        "lane_windows",
        `depthwise_lanes@INTNIC_CODES=${codes.name}`,
      ],
      constants: defineAlignedWeights(name, weights) +
        `static const uint8_t model_solid_${name}[${outputs}] = {\n${formatList(solid)}\n};\n` +
        codes.define(name, 1),
      weightBytes: linear.weights.length,
      scratchBytes: scratch,
      ...(inPlace ? { distance: 0, distanceUnit: outputs } : {}),
      body: `static const struct intnic_depthwise_lanes layer = {
    .weights = model_weights_${name}.bytes, .solid = model_solid_${name},
    .scales = model_scales_${name},
    .height = ${x.height}, .width = ${width}, .outputs = ${outputs},
    .x_channel = ${depth > 1 ? 1 : 0},
    .x_row = ${x.row}, .x_column = ${x.column}, .y_row = ${y.row}, .y_column = ${y.column},
    .stride_y = ${stride[0]!}, .stride_x = ${stride[1]},
    .pad_top = ${padding.top}, .pad_left = ${padding.left},
    .out_height = ${outHeight}, .out_width = ${outWidth},
    .columns = ${columns}, .input_zero = ${inputs[0]!.zeroPoint},
    .range = ${rangeFields(node)},
};
intnic_depthwise_lanes_${codes.name}(&layer, x, (int32_t *)(void *)scratch, y);`,
    }),
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
