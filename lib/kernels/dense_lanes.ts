import { formatList } from "../codegen/literals.ts";
import { quantizedLinear } from "../ops/op.ts";
import { codesOf } from "./codes.ts";
import type { Kernel } from "./kernel.ts";
import { defineRuns, type LaneBlock, laneBlock, TAPS } from "./lanes.ts";
import { rangeFields } from "./scale.ts";

/** Largest magnitude of an int32. */
const MAX = 2 ** 31 - 1;

/** How many outputs a core's `lane_dots` has registers for, and what they cost. */
interface Core {
  /** The kernel file. */
  readonly file: string;
  readonly rows: number;
  /** Rough cycles of a weight, and of the end of a run of all outputs. */
  readonly weight: number;
  readonly run: number;
}

/**
 * Dense layers with the weights of two outputs in a word (`firmware/kernels/lanes/dense_lanes.c`), for
 * cores without SIMD.
 */
export const denseLanes: readonly Kernel[] = [
  { file: "lane_dots8", rows: 8, weight: 3.5, run: 25 },
].map(lanesKernel);

function lanesKernel({ file, rows, weight, run }: Core): Kernel {
  return {
    name: "lanes",
    file,

    plan(node, { inputs, output, rounding }) {
      const linear = quantizedLinear(node);
      const outputs = linear.bias.length;
      const taps = linear.weights.length / outputs;
      const codes = codesOf(node, inputs[0]!.zeroPoint, output, rounding, "high");
      if (typeof codes === "string") return codes;
      const blocks: LaneBlock[] = [];
      for (let o = 0; o < outputs; o += rows) {
        blocks.push(laneBlock(
          Array.from(
            { length: rows },
            (_, i) =>
              o + i < outputs
                ? linear.weights.subarray((o + i) * taps, (o + i + 1) * taps)
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
      const packed = blocks.flatMap(({ weights }) => pack(weights, rows));
      const runs = blocks.reduce((sum, { runs }) => sum + runs, 0);
      const words = blocks.reduce((sum, { ends }) => sum + ends.length, 0);
      const rests = blocks.reduce((sum, { rests }) => sum + rests.flat().length, 0);
      const scratch = taps % TAPS === 0 ? 0 : Math.ceil(taps / TAPS) * TAPS;
      return {
        cycles: 4 * packed.length * weight + runs * run + rests * 14 +
          outputs * (30 + codes.cycles / 4),
        extraFlash: 4 * packed.length - linear.weights.length + 2 * (words + rests) +
          2 * rows * blocks.length,
        scratch,
        why: `two outputs in a word, ${(taps * blocks.length / runs).toFixed(1)} taps a run, ` +
          `${rests} of ${linear.weights.length} weights at the end`,
        emit: (name) => ({
          kernels: [
            "noinline",
            ...codes.kernels,
            "copy",
            "lane_rest",
            file,
            `dense_lanes@INTNIC_CODES=${codes.name}`,
          ],
          constants:
            `static const uint32_t model_weights_${name}[${packed.length}] = {\n${
              formatList(packed.map((word) => `0x${word.toString(16)}u`))
            }\n};\n` + defineRuns(name, blocks) + codes.define(name, rows),
          weightBytes: 4 * packed.length,
          scratchBytes: scratch,
          body: `static const struct intnic_dense_lanes layer = {
    .weights = model_weights_${name}, .runs = model_runs_${name},
    .channels = model_lanes_${name}, .rests = ${rests > 0 ? `model_rests_${name}` : "0"},
    .scales = model_scales_${name},
    .inputs = ${taps}, .outputs = ${outputs},
    .range = ${rangeFields(node)},
};
intnic_dense_lanes_${codes.name}(&layer, x, ${scratch > 0 ? "scratch" : "0"}, y);`,
        }),
      };
    },
  };
}

/**
 * For two inputs at a time a word of every two outputs: both weights of the first input in the even
 * bytes, those of the second in the odd ones, 128 added.
 *
 * @param weights tap by tap one weight an output
 */
function pack(weights: Int8Array, rows: number): number[] {
  const words: number[] = [];
  for (let first = 0; first < weights.length; first += 2 * rows) {
    for (let o = 0; o < rows; o += 2) {
      const at = (tap: number, i: number) => weights[first + tap * rows + o + i]! + 128;
      words.push((at(0, 0) | at(1, 0) << 8 | at(0, 1) << 16 | at(1, 1) << 24) >>> 0);
    }
  }
  return words;
}
