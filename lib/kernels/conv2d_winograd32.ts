import { formatList } from "../codegen/literals.ts";
import type { Conv2d } from "../ops/conv2d.ts";
import { quantizedLinear } from "../ops/op.ts";
import { codesOf } from "./codes.ts";
import type { Kernel } from "./kernel.ts";
import { rangeFields } from "./scale.ts";
import { reachOf } from "./sums.ts";
import { ELEMENTS, MAX_SUM, notWinograd, TILE, transform } from "./winograd.ts";

/** Input channels are filled up to a multiple of this. */
const FOUR = 4;

/** How many tiles and outputs a core's `winograd_sums` has registers for, and what they cost. */
interface Core {
  /** The kernel file. */
  readonly file: string;
  readonly tiles: 1 | 2;
  readonly outputs: 4 | 8;
  /** Rough cycles of a multiplication. */
  readonly product: number;
  /** … of an element's sum, besides. */
  readonly sum: number;
  /** … of a channel of an element's head. */
  readonly head: number;
  readonly multiply: "high" | "low";
  /** … of transforming a channel of a tile, and an output of it back. */
  readonly into: number;
  readonly back: number;
}

/**
 * 3×3 convolution by integer Winograd F(4×4, 3×3) on cores without SIMD
 * (`firmware/kernels/lanes/conv2d_winograd32.c`): an eighth of the multiplications, for weights that
 * take nine times their flash.
 */
export const conv2dWinograd32: readonly Kernel<Conv2d>[] = [
  {
    file: "winograd_sums4",
    tiles: 1,
    multiply: "low",
    outputs: 4,
    product: 3.8,
    sum: 10,
    head: 7.5,
    into: 760,
    back: 750,
  } as const,
  {
    file: "winograd_sums8",
    tiles: 2,
    multiply: "high",
    outputs: 8,
    product: 4.1,
    sum: 6,
    head: 7,
    into: 530,
    back: 540,
  } as const,
].flatMap((core) => [winogradKernel(core, 1), winogradKernel(core, 2)]);

/** @param pool 2 with the 2×2 max pool of what it computes */
function winogradKernel(core: Core, pool: 1 | 2): Kernel<Conv2d> {
  return {
    name: pool === 1 ? "winograd" : "winograd-pool",
    file: core.file,
    ...(pool === 1 ? {} : { pools: true }),

    plan(node, { inputs, output, rounding }) {
      const refusal = notWinograd(node.attributes);
      if (refusal !== undefined) return refusal;
      const linear = quantizedLinear(node);
      const { padding } = node.attributes;
      const [height, width, depth] = inputs[0]!.shape as [number, number, number];
      const [outHeight, outWidth, outputs] = output.shape as [number, number, number];
      const largest = largestSum(linear.weights, outputs);
      if (largest >= MAX_SUM) return `its sums reach ${largest}, and 64 times that is not an int32`;
      const codes = codesOf(node, inputs[0]!.zeroPoint, output, rounding, core.multiply);
      if (typeof codes === "string") return codes;
      const channels = Math.ceil(depth / FOUR) * FOUR;
      const groups = Math.ceil(outputs / core.outputs);
      const [rows, columns] = [pool * outHeight, pool * outWidth];
      const tiles = Math.ceil(columns / TILE) * Math.ceil(rows / TILE);
      const turns = Math.ceil(tiles / core.tiles);
      const bytes = 4 * ELEMENTS * groups * core.outputs * (1 + channels / 2);
      const pitch = core.tiles * (2 + channels + core.outputs);
      const scratch = 4 * ELEMENTS * pitch + ELEMENTS * depth;
      const extraFlash = bytes - linear.weights.length;
      return {
        cycles: turns * core.tiles * groups * core.outputs * ELEMENTS *
            (core.product * channels + core.sum) +
          tiles * (depth * core.into + ELEMENTS * channels * core.head +
              outputs * (core.back + 4 * codes.cycles / pool ** 2)),
        extraFlash,
        scratch,
        why: `4×4 outputs at once by an eighth of the multiplications, +${
          Math.ceil(extraFlash / 1024)
        } KB flash; 64 times a sum is below 2^31: sums stay within ${largest}${
          pool === 1 ? "" : `; ${node.attributes.pool!.name} of the sums`
        }`,
        emit: (name) => ({
          kernels: [
            "noinline",
            // It turns sums into codes one by one.
            ...codes.kernels.slice(0, -1),
            "copy",
            core.file,
            `conv2d_winograd32@INTNIC_CODES=${codes.name},INTNIC_POOL=${pool}`,
          ],
          constants: defineWords(name, pack(linear.weights, { outputs, depth, channels }, core)) +
            codes.define(name, 1),
          weightBytes: bytes,
          distance: Math.max(
            0,
            // The last tiles begin before the end of those above them.
            ...Array.from({ length: Math.ceil(rows / TILE) }, (_, i) => {
              const first = Math.min(TILE * i, Math.max(0, rows - TILE));
              const written = Math.min(rows, first + TILE) / pool * outWidth * outputs;
              return written - Math.max(0, first - padding.top) * width * depth;
            }),
          ),
          scratchBytes: scratch,
          body: `static const struct intnic_winograd32 layer = {
    .weights = model_weights_${name}, .scales = model_scales_${name},
    .height = ${height}, .width = ${width}, .depth = ${depth}, .channels = ${channels},
    .pad_top = ${padding.top}, .pad_left = ${padding.left},
    .rows = ${rows}, .columns = ${columns},
    .outputs = ${outputs}, .y_row = ${outWidth * outputs},
    .input_zero = ${inputs[0]!.zeroPoint},
    .range = ${rangeFields(node)},
};
intnic_winograd32_${codes.name}_${pool}(&layer, x, (int32_t *)(void *)scratch, y);`,
        }),
      };
    },
  };
}

/** Largest magnitude of Σ w·x over all int8 inputs. */
function largestSum(weights: Int8Array, outputs: number): number {
  const taps = weights.length / outputs;
  let largest = 0;
  for (let o = 0; o < outputs; o++) {
    const [low, high] = reachOf(weights.subarray(o * taps, (o + 1) * taps), 0);
    largest = Math.max(largest, -low, high);
  }
  return largest;
}

/**
 * Transformed weights in the order of the kernel: for every group of outputs, for each element of a
 * tile, what their sums start at, then for two input channels at a time two words of every two
 * outputs.
 *
 * @param weights OHWI
 */
function pack(
  weights: Int8Array,
  { outputs, depth, channels }: {
    readonly outputs: number;
    readonly depth: number;
    readonly channels: number;
  },
  { outputs: group }: Core,
): Uint32Array {
  const elements = Array.from(
    { length: Math.ceil(outputs / group) * group },
    (_, o) =>
      Array.from(
        { length: channels },
        (_, c) => transform((tap) => c < depth ? weights[(o * 9 + tap) * depth + c] ?? 0 : 0),
      ),
  );
  const packed: number[] = [];
  for (let first = 0; first < elements.length; first += group) {
    for (let element = 0; element < ELEMENTS; element++) {
      // By pair of outputs the words of all channels.
      const pairs = Array.from({ length: group / 2 }, (_, pair) => {
        const [a, b] = elements.slice(first + 2 * pair, first + 2 * pair + 2);
        return a!.map((of, c) => (b![c]![element]! << 16) + of[element]! + 2 ** 15 | 0);
      });
      for (const words of pairs) {
        packed.push(start(words), start(words.map((word) => word >> 16)));
      }
      for (let c = 0; c < channels; c += 2) {
        for (const words of pairs) packed.push(words[c]!, words[c + 1]!);
      }
    }
  }
  return Uint32Array.from(packed, (word) => word >>> 0);
}

/** What the products of neighbouring weights add to a sum, taken away. */
function start(words: readonly number[]): number {
  let sum = 0;
  for (let c = 0; c < words.length; c += 2) sum -= Math.imul(words[c]!, words[c + 1]!);
  return sum | 0;
}

function defineWords(name: string, words: Uint32Array): string {
  const list = [...words].map((word) => `0x${word.toString(16).padStart(8, "0")}u`);
  return `static const uint32_t model_weights_${name}[${list.length}] = {\n${
    formatList(list)
  }\n};\n`;
}
