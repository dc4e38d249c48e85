import { formatList } from "../codegen/literals.ts";
import type { Conv2d } from "../ops/conv2d.ts";
import { quantizedLinear } from "../ops/op.ts";
import { codesOf } from "./codes.ts";
import type { Kernel } from "./kernel.ts";
import { fitsLane } from "./lanes.ts";
import { rangeFields } from "./scale.ts";

/** Largest magnitude of an int32. */
const MAX = 2 ** 31 - 1;

/** How a core turns sums into codes, and what it takes for the largest sum of a channel. */
interface Core {
  /** A kernel file that it must have. */
  readonly file: string;
  readonly multiply: "high" | "low";
  /** Rough cycles. */
  readonly sum: number;
}

/**
 * 3×3 convolution of an image of one channel with the 2×2 max pool behind it, two pixels in a word
 * (`firmware/kernels/lanes/conv2d_plane_pool.c`), for cores without SIMD.
 */
export const conv2dPlanePool: readonly Kernel<Conv2d>[] = [
  { file: "plane_most", multiply: "low", sum: 182 } as const,
  { file: "slope", multiply: "high", sum: 182 } as const,
].map(planePool);

function planePool({ file, multiply, sum }: Core): Kernel<Conv2d> {
  return {
    name: "plane-pool",
    file,
    pools: true,

    plan(node, { inputs, output, rounding }) {
      const linear = quantizedLinear(node);
      const { kernel, stride, dilation, padding, pool } = node.attributes;
      const [height, width, depth] = inputs[0]!.shape as [number, number, number];
      const [outHeight, outWidth, outputs] = output.shape as [number, number, number];
      if (pool === undefined) return "no max pool follows it";
      if (depth !== 1) return "its image has several channels";
      if (kernel[0] !== 3 || kernel[1] !== 3) return "its windows are not 3×3";
      if (stride[0] * stride[1] !== 1) return "its stride is not 1";
      if (dilation[0] * dilation[1] !== 1) return "its windows have holes";
      const codes = codesOf(node, inputs[0]!.zeroPoint, output, rounding, multiply);
      if (typeof codes === "string") return codes;
      if (linear.bound.some((bound) => bound + 6 * 65536 > MAX)) {
        return "its sums leave no room for what the halves are counted from";
      }
      const channels = Array.from(
        { length: outputs },
        (_, o) => splitRows(linear.weights.subarray(9 * o, 9 * o + 9)),
      );
      const rests = channels.flatMap(({ rests }) => rests);
      return {
        cycles: outHeight * outWidth *
          (outputs * (sum + codes.cycles / 4) + 30 * rests.length + 180),
        extraFlash: 28 * outputs + 2 * rests.length,
        scratch: 0,
        why:
          `two pixels in a word, three taps a run, ${rests.length} of ${linear.weights.length} ` +
          `weights in two parts; ${pool.name} of the sums`,
        emit: (name) => ({
          kernels: [
            "noinline",
            // It turns sums into codes one by one.
            ...codes.kernels.slice(0, -1),
            "plane_rests",
            "plane_most",
            `conv2d_plane_pool@INTNIC_CODES=${codes.name}`,
          ],
          constants: defineChannels(name, channels) + codes.define(name, 1),
          weightBytes: 37 * outputs + 2 * rests.length,
          scratchBytes: 0,
          body: `static const struct intnic_plane_pool layer = {
    .weights = model_weights_${name}, .counts = model_counts_${name}, .rests = ${
            rests.length > 0 ? `model_rests_${name}` : "0"
          },
    .scales = model_scales_${name},
    .height = ${height}, .width = ${width},
    .pad_top = ${padding.top}, .pad_left = ${padding.left},
    .out_height = ${outHeight}, .out_width = ${outWidth}, .outputs = ${outputs},
    .input_zero = ${inputs[0]!.zeroPoint},
    .range = ${rangeFields(node)},
};
intnic_plane_pool_${codes.name}(&layer, x, y);`,
        }),
      };
    },
  };
}

/** A channel's weights such that every row fits a lane, and what has been taken from them. */
interface Rows {
  readonly weights: Int8Array;
  readonly rests: readonly { readonly tap: number; readonly weight: number }[];
}

function splitRows(weights: Int8Array): Rows {
  const kept = weights.slice();
  const rests: { readonly tap: number; readonly weight: number }[] = [];
  for (let row = 0; row < 9; row += 3) {
    const three = kept.subarray(row, row + 3);
    while (!fitsLane(three)) {
      // Of the largest as much as it takes, which is usually enough.
      const tap = three.reduce((at, w, i) => Math.abs(w) > Math.abs(three[at]!) ? i : at, 0);
      const whole = three[tap]!;
      while (three[tap] !== 0 && !fitsLane(three)) three[tap]! -= Math.sign(whole);
      rests.push({ tap: row + tap, weight: whole - three[tap]! });
    }
  }
  return { weights: kept, rests };
}

function defineChannels(name: string, channels: readonly Rows[]): string {
  const parts = channels.flatMap(({ rests }) =>
    rests.map(({ tap, weight }) => `{ ${tap}, ${weight} }`)
  );
  const define = (type: string, what: string, list: readonly (string | number)[]) =>
    `static const ${type} model_${what}_${name}[${list.length}] = {\n${formatList(list)}\n};\n`;
  return define("int32_t", "weights", channels.flatMap(({ weights }) => [...weights])) +
    define("uint8_t", "counts", channels.map(({ rests }) => rests.length)) +
    (parts.length === 0 ? "" : define("struct intnic_plane_rest", "rests", parts));
}
