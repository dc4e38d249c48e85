import { defineAlignedWeights } from "../codegen/pack.ts";
import type { Conv2d } from "../ops/conv2d.ts";
import { quantizedLinear } from "../ops/op.ts";
import type { LinearConstants } from "../types.ts";
import type { Kernel } from "./kernel.ts";
import { defineRuns, fitsLane, laneBlock, TAPS } from "./lanes.ts";
import { codesOf } from "./codes.ts";
import { windowLines } from "./window_lines.ts";
import { rangeFields } from "./scale.ts";

/** Largest magnitude of an int32. */
const MAX = 2 ** 31 - 1;

/** A layer's weights as a core wants them, or why it cannot have them. */
interface Packed {
  readonly weights: Int8Array;
  /** Bytes that say where runs end, and what is left over. */
  readonly bytes: number;
  readonly why: string;
  /** Rough cycles of the products of a group of pixels. */
  readonly cycles: number;
  /** Definitions of what `fields` name. */
  constants(name: string): string;
  /** Members of the layer's structure. */
  fields(name: string): string;
}

/** What a core computes at once, and what that costs. */
interface Core {
  /** The kernel file. */
  readonly file: string;
  /** Files that it needs. */
  readonly needs?: readonly string[];
  readonly pixels: 4 | 6;
  readonly channels: 1 | 2 | 4;
  /** Bytes of a word of lanes. */
  readonly word: 4 | 8;
  readonly multiply: "high" | "low";
  /** Rough cycles of what an output channel of a group takes besides its products and four codes. */
  readonly outputs: number;
  pack(linear: LinearConstants, core: Core): Packed | string;
}

/**
 * Convolution with several pixels in a word (`firmware/kernels/lanes/conv2d_lanes.c`), for cores without
 * SIMD.
 */
export const conv2dLanes: readonly Kernel<Conv2d>[] = ([
  {
    file: "lane_sums1",
    pixels: 4,
    channels: 1,
    word: 4,
    multiply: "low",
    outputs: 120,
    pack: shortRuns({ tap: 9, run: 14, rest: 50 }),
  },
  {
    file: "lane_sums2",
    pixels: 4,
    channels: 2,
    word: 4,
    multiply: "high",
    outputs: 60,
    pack: shortRuns({ tap: 24, run: 20, rest: 30 }),
  },
  {
    file: "lane_sums6",
    needs: ["lane_part"],
    pixels: 6,
    channels: 4,
    word: 8,
    multiply: "high",
    outputs: 100,
    pack: longRuns,
  },
] satisfies Core[]).map(lanesKernel);

/** Two pixels in a word, runs of a few taps, and what does not fit them at the end. */
function shortRuns({ tap, run, rest }: { tap: number; run: number; rest: number }): Core["pack"] {
  return ({ weights, bias, bound }, { channels }) => {
    const outputs = bias.length;
    const taps = weights.length / outputs;
    const blocks = channelBlocks(weights, outputs, channels).map(laneBlock);
    const most = Math.max(...blocks.map(({ runs }) => runs));
    const all = most +
      Math.max(...blocks.flatMap(({ rests }) => rests.map(({ length }) => length)));
    if (bound.some((bound) => bound + 65536 * all > MAX)) {
      return "its sums leave no room for what the halves are counted from";
    }
    if (most > 255 || blocks.some(({ rests }) => rests.some(({ length }) => length > 255))) {
      return "it has more runs than a byte counts";
    }
    const words = blocks.reduce((sum, { ends }) => sum + ends.length, 0);
    const runs = blocks.reduce((sum, { runs }) => sum + runs, 0);
    const rests = blocks.flatMap(({ rests }) => rests.flat()).length;
    const packed = Int8Array.from(blocks.flatMap(({ weights }) => [...weights]));
    return {
      weights: packed,
      bytes: 2 * words + 2 * rests + 2 * outputs,
      why: `two pixels in a word, ${(taps * blocks.length / runs).toFixed(1)} taps a run, ` +
        `${rests} of ${weights.length} weights at the end`,
      cycles: packed.length / channels * tap + runs * run + rests * rest,
      constants: (name) => defineRuns(name, blocks),
      fields: (name) =>
        `.runs = model_runs_${name},
    .channels = model_lanes_${name}, .rests = ${rests > 0 ? `model_rests_${name}` : "0"},`,
    };
  };
}

/** Three pixels in a word of 64 bits, and runs as long as the longest that all of them may be. */
function longRuns({ weights, bias }: LinearConstants, { channels }: Core): Packed | string {
  const outputs = bias.length;
  const fours = Math.ceil(weights.length / outputs / TAPS);
  const blocks = channelBlocks(weights, outputs, channels);
  const fits = (run: number) =>
    blocks.flat().every((channel) => {
      for (let from = 0; from < channel.length; from += run * TAPS) {
        if (!fitsLane(channel.subarray(from, from + run * TAPS), 21)) return false;
      }
      return true;
    });
  let runs = 1;
  while (!fits(Math.ceil(fours / runs))) runs++;
  const packed = new Int8Array(blocks.length * channels * TAPS * fours);
  blocks.forEach((block, b) =>
    block.forEach((channel, c) =>
      channel.forEach((weight, t) => packed[(b * TAPS * fours + t) * channels + c] = weight)
    )
  );
  const run = Math.ceil(fours / runs);
  return {
    weights: packed,
    bytes: 0,
    why: `three pixels in a word, ${run * TAPS} taps a run`,
    cycles: blocks.length * (TAPS * fours * 39 + runs * 90),
    constants: () => "",
    fields: () => `.run = ${run},`,
  };
}

/** The weights of each channel, so many channels at a time; the last ones may be zeros. */
function channelBlocks(weights: Int8Array, outputs: number, channels: number): Int8Array[][] {
  const taps = weights.length / outputs;
  return Array.from(
    { length: Math.ceil(outputs / channels) },
    (_, block) =>
      Array.from({ length: channels }, (_, c) => {
        const o = block * channels + c;
        return o < outputs ? weights.subarray(o * taps, (o + 1) * taps) : new Int8Array(taps);
      }),
  );
}

function lanesKernel(core: Core): Kernel<Conv2d> {
  const { file, pixels, channels, word, multiply } = core;
  return {
    name: "lanes",
    file,

    plan(node, { inputs, output, rounding }) {
      const linear = quantizedLinear(node);
      const { kernel, dilation, padding, groups = 1 } = node.attributes;
      if (groups > 1) return "its channels come in groups";
      const [height, width, depth] = inputs[0]!.shape as [number, number, number];
      const outputs = output.shape[2]!;
      const lines = windowLines(node.attributes, inputs[0]!.shape, output.shape, pixels);
      if (lines === undefined) return `it has no ${pixels} pixels side by side`;
      const { band } = lines;
      const codes = codesOf(node, inputs[0]!.zeroPoint, output, rounding, multiply);
      if (typeof codes === "string") return codes;

      const taps = linear.weights.length / outputs;
      const fours = Math.ceil(taps / TAPS);
      const packed = core.pack(linear, core);
      if (typeof packed === "string") return packed;
      // Words of 64 bits may have to begin four bytes further on.
      const scratch = 2 * word * TAPS * fours + band.bytes + word - 4;
      // A window is so many runs of bytes.
      const solid = dilation[1] === 1 || kernel[1] === 1;
      const rows = solid ? kernel[0] : kernel[0] * kernel[1];
      if (!solid && kernel[0] > 1) return "its windows have holes in both directions";
      return {
        cycles: lines.groups *
          (packed.cycles + outputs * (codes.cycles * pixels / 4 + core.outputs) +
            5 * pixels * taps),
        extraFlash: packed.weights.length - linear.weights.length + packed.bytes,
        scratch,
        why: packed.why,
        emit: (name) => ({
          kernels: [
            "noinline",
            ...codes.kernels,
            "copy",
            "lane_rest",
            "lane_layer",
            "lane_taps",
            ...core.needs ?? [],
            file,
            `lane_pixels@INTNIC_CODES=${codes.name}`,
            `conv2d_lanes@INTNIC_CODES=${codes.name}`,
          ],
          constants: defineAlignedWeights(name, packed.weights) + packed.constants(name) +
            codes.define(name, channels),
          weightBytes: packed.weights.length,
          ...(lines.distance === undefined ? {} : { distance: lines.distance }),
          scratchBytes: scratch,
          body: `static const struct intnic_conv2d_lanes layer = {
    .weights = model_weights_${name}.bytes, ${packed.fields(name)}
    .scales = model_scales_${name},
    .height = ${height}, .width = ${width}, .depth = ${depth},
    .pad_top = ${padding.top}, .pad_left = ${
            Math.min(padding.left, band.columns)
          }, .columns = ${band.columns},
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
intnic_conv2d_lanes_${codes.name}(&layer, x, scratch, y);`,
        }),
      };
    },
  };
}
