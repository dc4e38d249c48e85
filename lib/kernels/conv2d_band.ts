import { rowDistance } from "../codegen/overlap.ts";
import { defineAlignedWeights } from "../codegen/pack.ts";
import { quantizedLinear } from "../ops/op.ts";
import type { Conv2d } from "../ops/conv2d.ts";
import type { Shape } from "../types.ts";
import type { Kernel } from "./kernel.ts";
import { defineScales, rangeFields, scaleKernels, scalesOf } from "./scale.ts";

/** Outputs computed at once. */
const GROUP = 4;
/** Largest offset of a load instruction. */
const MAX_PITCH = 4095;

/**
 * Convolution on cores with SMLAD (`firmware/kernels/dsp/conv2d_band.c`): windows become runs of
 * int16 in a band of columns, two pixels and four channels are computed at once. Weights of 8 bits
 * are widened as they are loaded; of 16 bits they need twice the flash and a tenth less time.
 */
export const conv2dBand: Kernel<Conv2d> = band("band", 8);
export const conv2dBand16: Kernel<Conv2d> = band("band16", 16);

/** What the parts of the kernel cost on a Cortex-M4. */
const costs = {
  8: { unroll: 8, twoTaps: 17, loop: 6, block: 113 },
  16: { unroll: 16, twoTaps: 16, loop: 6, block: 113 },
} as const;

function band(name: string, bits: 8 | 16): Kernel<Conv2d> {
  return {
    name,
    file: "conv2d_band",

    plan(node, { inputs, output, rounding }) {
      const linear = quantizedLinear(node);
      const { kernel, stride, dilation, padding } = node.attributes;
      const { image: [height, width, depth], pixels: [outHeight, outWidth] } = shapes(
        node.attributes,
        inputs[0]!.shape,
        output.shape,
      );
      const outputs = output.shape[2]!;
      if ((node.attributes.groups ?? 1) > 1) return "its channels come in groups";
      if (dilation[1] !== 1 && kernel[1] > 1) return "its windows have holes";
      if (outputs % GROUP !== 0) return `its ${outputs} outputs are not a multiple of ${GROUP}`;
      const column = even(kernel[0] * depth);
      const pitch = 2 * stride[1] * column;
      if (pitch > MAX_PITCH) return `its columns are ${pitch} bytes apart`;
      const taps = kernel[1] * column;
      const columns = (outWidth - 1) * stride[1] + kernel[1];
      const scales = scalesOf(linear, inputs[0]!.zeroPoint, output, rounding);
      if (typeof scales === "string") return scales;
      const groups = Math.ceil(outputs / GROUP);
      const packed = pack(linear.weights, { outputs, kernel, depth, column, bits });
      const { unroll, twoTaps, loop, block } = costs[bits];
      const rounds = Math.floor(taps / unroll) + taps % unroll / 2;
      return {
        cycles:
          pairs([outHeight, outWidth]) * groups * (twoTaps * taps / 2 + loop * rounds + block) +
          2 * outHeight * columns * column,
        extraFlash: packed.length - linear.weights.length,
        // One window more than there is may be read, and not used.
        scratch: 2 * columns * column + 2 * pitch + 4,
        why: "two pixels and four channels at once, two taps an SMLAD" +
          (bits === 8
            ? ""
            : `, +${Math.ceil((packed.length - linear.weights.length) / 1024)} KB flash`),
        emit: (name) => ({
          kernels: [
            "noinline",
            "simd",
            ...scaleKernels(rounding),
            "limit",
            `conv2d_band@INTNIC_PITCH=${pitch},INTNIC_BITS=${bits}`,
          ],
          constants: defineAlignedWeights(name, packed) +
            defineScales(name, scales),
          weightBytes: packed.length,
          distance: rowDistance({
            rows: outHeight,
            outputRow: outWidth * outputs,
            inputRow: width * depth,
            stride: stride[0],
            before: padding.top,
            copied: true,
          }),
          scratchBytes: 2 * columns * column + 2 * pitch + 4,
          body: `static const struct intnic_conv2d_band layer = {
    .weights = model_weights_${name}.bytes, .scales = model_scales_${name},
    .height = ${height}, .width = ${width}, .depth = ${depth},
    .kernel_height = ${kernel[0]}, .dilation_y = ${dilation[0]}, .taps = ${taps},
    .stride_y = ${stride[0]}, .stride_x = ${stride[1]},
    .pad_top = ${padding.top}, .pad_left = ${padding.left},
    .out_height = ${outHeight}, .out_width = ${outWidth}, .outputs = ${outputs},
    .columns = ${columns}, .column = ${column},
    .input_zero = ${inputs[0]!.zeroPoint},
    .range = ${rangeFields(node)},
};
intnic_conv2d_band_${pitch}_${bits}(&layer, x, (int16_t *)(void *)scratch, y);`,
        }),
      };
    },
  };
}

/** Largest band of a pointwise layer's rows. */
const MAX_ROW_BYTES = 4096;

/**
 * Image and output as the kernel walks them. To a pointwise convolution all pixels are alike, so it
 * takes them in rows that waste the fewest single pixels at their ends.
 */
function shapes(
  { kernel, stride, padding }: Conv2d,
  image: Shape,
  output: Shape,
): { image: [number, number, number]; pixels: [number, number] } {
  const [height, width, depth] = image as [number, number, number];
  const pixels: [number, number] = [output[0]!, output[1]!];
  const pointwise = [...kernel, ...stride].every((size) => size === 1) &&
    Object.values(padding).every((size) => size === 0);
  if (!pointwise) return { image: [height, width, depth], pixels };
  let best = pixels;
  for (let row = 1; row <= height * width && 2 * row * depth <= MAX_ROW_BYTES; row++) {
    if (height * width % row !== 0) continue;
    const candidate: [number, number] = [height * width / row, row];
    if (pairs(candidate) <= pairs(best)) best = candidate;
  }
  return { image: [...best, depth], pixels: best };
}

function pairs([height, width]: readonly [number, number]): number {
  return height * Math.ceil(width / 2);
}

/** Where the weights of a layer go. */
interface Layout {
  readonly outputs: number;
  readonly kernel: readonly [number, number];
  readonly depth: number;
  /** Taps of one column of a window, even. */
  readonly column: number;
  readonly bits: 8 | 16;
}

/**
 * Weights in the order of the kernel: for every four channels, for two taps at a time along the
 * columns of the window, as int8 the two taps of channels 0 and 1 in turn, then of 2 and 3; as int16,
 * little endian, both taps of each channel.
 *
 * @param weights OHWI
 */
function pack(
  weights: Int8Array,
  { outputs, kernel, depth, column, bits }: Layout,
): Int8Array {
  const [kernelHeight, kernelWidth] = kernel;
  const taps = kernelWidth * column;
  // Index of a weight within its channel for every tap, or -1 for the gaps.
  const order = new Int32Array(taps).fill(-1);
  for (let kx = 0; kx < kernelWidth; kx++) {
    for (let t = 0; t < kernelHeight * depth; t++) {
      const [ky, c] = [Math.floor(t / depth), t % depth];
      order[kx * column + widened(t, depth)] = (ky * kernelWidth + kx) * depth + c;
    }
  }
  const perChannel = kernelHeight * kernelWidth * depth;
  // Which of four channels and of two taps, in the order in which they lie.
  const turns = bits === 8
    ? [[0, 0], [1, 0], [0, 1], [1, 1], [2, 0], [3, 0], [2, 1], [3, 1]] as const
    : [[0, 0], [0, 1], [1, 0], [1, 1], [2, 0], [2, 1], [3, 0], [3, 1]] as const;
  const packed: number[] = [];
  for (let first = 0; first < outputs; first += GROUP) {
    for (let tap = 0; tap < taps; tap += 2) {
      for (const [channel, t] of turns) {
        const from = order[tap + t]!;
        const weight = from >= 0 ? weights[(first + channel) * perChannel + from]! : 0;
        packed.push(weight);
        if (bits === 16) packed.push(weight >> 8);
      }
    }
  }
  return Int8Array.from(packed);
}

/** Place of an element after widening, which swaps the middle two of four. */
function widened(index: number, depth: number): number {
  if (depth % 4 !== 0) return index;
  return index - index % 4 + [0, 2, 1, 3][index % 4]!;
}

function even(count: number): number {
  return count + count % 2;
}
