import { defineAlignedWeights } from "../codegen/pack.ts";
import type { Conv2d } from "../ops/conv2d.ts";
import { quantizedLinear } from "../ops/op.ts";
import type { Kernel } from "./kernel.ts";
import { defineRuns, type LaneBlock, laneBlock, TAPS } from "./lanes.ts";
import { codesOf } from "./codes.ts";
import { windowLines } from "./window_lines.ts";
import { rangeFields } from "./scale.ts";

/** Pixels computed at once. */
const PIXELS = 4;
/** Largest magnitude of an int32. */
const MAX = 2 ** 31 - 1;

/** How many channels a core's `lane_sums` has registers for, and what they cost. */
interface Core {
  /** The kernel file. */
  readonly file: string;
  readonly channels: 1 | 2;
  /** Rough cycles of a tap of all channels and pixels. */
  readonly tap: number;
  /** … of the end of a run. */
  readonly run: number;
  /** … of a weight left to the end, and of what four outputs take besides their codes. */
  readonly rest: number;
  readonly outputs: number;
  readonly multiply: "high" | "low";
}

/**
 * Convolution with two pixels in a word (`firmware/kernels/lanes/conv2d_lanes.c`), for cores without
 * SIMD.
 */
export const conv2dLanes: readonly Kernel<Conv2d>[] = [
  {
    file: "lane_sums1",
    channels: 1,
    tap: 9,
    run: 14,
    rest: 50,
    outputs: 120,
    multiply: "low",
  } as const,
  {
    file: "lane_sums2",
    channels: 2,
    tap: 24,
    run: 20,
    rest: 30,
    outputs: 60,
    multiply: "high",
  } as const,
].map(lanesKernel);

function lanesKernel(
  { file, channels, tap, run, rest, outputs: besides, multiply }: Core,
): Kernel<Conv2d> {
  return {
    name: "lanes",
    file,

    plan(node, { inputs, output, rounding }) {
      const linear = quantizedLinear(node);
      const { kernel, dilation, padding, groups = 1 } = node.attributes;
      if (groups > 1) return "its channels come in groups";
      const [height, width, depth] = inputs[0]!.shape as [number, number, number];
      const outputs = output.shape[2]!;
      const lines = windowLines(node.attributes, inputs[0]!.shape, output.shape, PIXELS);
      if (lines === undefined) return `it has no ${PIXELS} pixels side by side`;
      const { band } = lines;
      const codes = codesOf(node, inputs[0]!.zeroPoint, output, rounding, multiply);
      if (typeof codes === "string") return codes;

      const taps = linear.weights.length / outputs;
      const fours = Math.ceil(taps / TAPS);
      const blocks: LaneBlock[] = [];
      for (let o = 0; o < outputs; o += channels) {
        blocks.push(laneBlock(
          Array.from(
            { length: channels },
            (_, c) =>
              o + c < outputs
                ? linear.weights.subarray((o + c) * taps, (o + c + 1) * taps)
                : new Int8Array(taps),
          ),
        ));
      }
      const most = Math.max(...blocks.map(({ runs }) => runs));
      if (linear.bound.some((bound) => bound + 65536 * most > MAX)) {
        return "its sums leave no room for what the halves are counted from";
      }
      if (most > 255 || blocks.some(({ rests }) => rests.some(({ length }) => length > 255))) {
        return "it has more runs than a byte counts";
      }
      const packed = Int8Array.from(blocks.flatMap(({ weights }) => [...weights]));
      const words = blocks.reduce((sum, { ends }) => sum + ends.length, 0);
      const runs = blocks.reduce((sum, { runs }) => sum + runs, 0);
      const rests = blocks.flatMap(({ rests }) => rests.flat());
      const scratch = 8 * TAPS * fours + band.bytes;
      // A window is so many runs of bytes.
      const solid = dilation[1] === 1 || kernel[1] === 1;
      const rows = solid ? kernel[0] : kernel[0] * kernel[1];
      if (!solid && kernel[0] > 1) return "its windows have holes in both directions";
      return {
        cycles: lines.groups *
          (blocks.length * fours * TAPS * tap + runs * run + outputs * (codes.cycles + besides) +
            rests.length * rest + 20 * taps),
        extraFlash: packed.length - linear.weights.length + 2 * words + 2 * rests.length +
          2 * outputs,
        scratch,
        why: `two pixels in a word, ${(taps * blocks.length / runs).toFixed(1)} taps a run, ` +
          `${rests.length} of ${linear.weights.length} weights at the end`,
        emit: (name) => ({
          kernels: [
            "noinline",
            ...codes.kernels,
            "copy",
            "lane_rest",
            "lane_layer",
            file,
            `lane_pixels@INTNIC_CODES=${codes.name}`,
            `conv2d_lanes@INTNIC_CODES=${codes.name}`,
          ],
          constants: defineAlignedWeights(name, packed) +
            defineRuns(name, blocks) +
            codes.define(name, channels),
          weightBytes: packed.length,
          ...(lines.distance === undefined ? {} : { distance: lines.distance }),
          scratchBytes: scratch,
          body: `static const struct intnic_conv2d_lanes layer = {
    .weights = model_weights_${name}.bytes, .runs = model_runs_${name},
    .channels = model_lanes_${name}, .rests = ${rests.length > 0 ? `model_rests_${name}` : "0"},
    .scales = model_scales_${name},
    .height = ${height}, .width = ${width}, .depth = ${depth},
    .pad_top = ${padding.top}, .pad_left = ${padding.left}, .columns = ${band.columns},
    .band_rows = ${band.rows}, .band_step = ${band.step}, .band_stride = ${band.stride},
    .rows = ${rows}, .row = ${solid ? kernel[1] * depth : depth}, .row_step = ${
            solid ? lines.rowStep : dilation[1] * depth
          },
    .lines = ${lines.lines}, .line_step = ${lines.lineStep},
    .windows = ${lines.windows}, .step = ${lines.step},
    .y_line = ${lines.yLine}, .y_step = ${lines.yStep}, .outputs = ${outputs},
    .fours = ${fours}, .input_zero = ${inputs[0]!.zeroPoint},
    .range = ${rangeFields(node)},
};
intnic_conv2d_lanes_${codes.name}(&layer, x, (int32_t *)(void *)scratch, y);`,
        }),
      };
    },
  };
}
