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
/** Taps of a window that are added up before the halves are split, and where three are too much. */
const SOLID = [[0, 1, 2], [3, 4, 5], [6, 7, 8]] as const;
const APART = [[0, 1], [3, 4], [6, 7], [2, 5], [8]] as const;

/** How many pixels a core has in a word, and what that costs. */
interface Core {
  /** The kernel file. */
  readonly file: string;
  /** Files that it needs. */
  readonly needs: readonly string[];
  readonly parts: 2 | 3;
  /** Bytes of a word. */
  readonly word: 4 | 8;
  /** Sums of a part that are kept, as its `column_plane.c` has them apart. */
  readonly sums: number;
  /** True if sums have to be split within a window. */
  readonly split: boolean;
  /** Rough cycles to make a word, of a window, of a row of windows, and of a code. */
  readonly cycles: {
    readonly word: number;
    readonly window: number;
    readonly row: number;
    readonly code: number;
  };
}

const cores: readonly Core[] = [
  {
    file: "lane_columns2",
    needs: [],
    parts: 2,
    word: 4,
    sums: 72,
    split: true,
    cycles: { word: 13, window: 58, row: 45, code: 20 },
  },
  {
    file: "lane_columns3",
    needs: ["lane_part"],
    parts: 3,
    word: 8,
    sums: 64,
    split: false,
    cycles: { word: 17, window: 58, row: 20, code: 16 },
  },
];

/**
 * Depthwise convolution with 3 × 3 windows that slide over words of several pixels kept in registers
 * (`firmware/kernels/lanes/depthwise_columns.c`).
 */
export const depthwiseColumns: readonly Kernel<Window>[] = cores.map((core) => ({
  name: "columns",
  file: core.file,
  plan: (node, context) => plan(core, node, context),
}));

/** The same for convolutions of one channel, which all outputs see. */
export const conv2dColumns: readonly Kernel<Conv2d>[] = cores.map((core) => ({
  name: "columns",
  file: core.file,
  plan(node, context) {
    if (context.inputs[0]!.shape[2] !== 1) return "its image has several channels";
    return plan(core, node, context);
  },
}));

function plan(
  core: Core,
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
  if (outWidth > core.sums) return `its rows are longer than ${core.sums}`;
  const codes = codesOf(node, inputs[0]!.zeroPoint, output, rounding, "high");
  if (typeof codes === "string") return codes;
  if (codes.name !== "slope") return "its sums need more than one product";
  if (linear.bound.some((bound) => bound + 5 * 65536 > MAX)) {
    return "its sums leave no room for what the halves are counted from";
  }
  const runs: number[] = [];
  for (let c = 0; c < outputs; c++) {
    if (!core.split) {
      runs.push(1);
      continue;
    }
    const weights = linear.weights.subarray(9 * c, 9 * c + 9);
    const fits = (taps: readonly (readonly number[])[]) =>
      taps.every((run) => fitsLane(Int8Array.from(run, (tap) => weights[tap]!)));
    if (!fits(APART)) return `two weights of channel ${c} are too much for a lane`;
    runs.push(fits(SOLID) ? SOLID.length : APART.length);
  }
  const part = Math.ceil(outHeight / core.parts);
  const rows = (part - 1) * stride + 3;
  const columns = (outWidth - 1) * stride + 3;
  if (padding.left >= columns) return "its first columns are all outside the image";
  // Words of 64 bits may have to begin four bytes further on.
  const scratch = core.word * rows * columns + 4 * core.parts * core.sums + core.word - 4;
  const windows = part * outWidth;
  const { cycles } = core;
  return {
    cycles: (depth > 1 ? outputs : 1) * rows * (cycles.word * columns + 35) +
      outputs *
        (windows * (cycles.window + 8 * stride - 8) + part * cycles.row +
          cycles.code * outHeight * outWidth + 250) +
      runs.filter((count) => count === APART.length).length * windows * 8,
    extraFlash: outputs,
    scratch,
    why: core.split
      ? "two rows in a word, windows that slide in registers, three or two taps a run"
      : "three rows in a word, windows that slide in registers",
    emit: (name) => ({
      kernels: [
        "noinline",
        // It turns sums into codes one by one.
        ...codes.kernels.slice(0, -1),
        "column_layer",
        "column_plane",
        ...core.needs,
        `${core.file}@INTNIC_STRIDE=${stride}`,
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
    .part = ${part}, .apart = ${part * stride}, .rows = ${rows}, .columns = ${columns},
    .lines = ${Math.floor(core.sums / outWidth)},
    .input_zero = ${inputs[0]!.zeroPoint},
};
intnic_depthwise_columns_${stride}(&layer, x, scratch, y);`,
    }),
  };
}
