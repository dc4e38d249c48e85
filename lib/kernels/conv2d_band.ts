import { rowDistance } from "../codegen/overlap.ts";
import { formatList } from "../codegen/literals.ts";
import { quantizedLinear } from "../ops/op.ts";
import type { Conv2d } from "../ops/conv2d.ts";
import type { LinearConstants, Rounding } from "../types.ts";
import { canJoin, type Codes, commonShift, ownShifts } from "./band_codes.ts";
import { costs, type Walk, type Way, waysOf } from "./band_ways.ts";
import type { Kernel } from "./kernel.ts";
import { rangeFields, scaleKernels, scalesOf } from "./scale.ts";

/**
 * Convolution on cores with SMLAD (`firmware/kernels/dsp/conv2d_band.c`): windows become runs of
 * int16 in a band, four pixels and two channels are computed at once. Weights of 8 bits are widened
 * as they are loaded; of 16 bits they need twice the flash and less time.
 */
export const conv2dBand: Kernel<Conv2d> = band("band", 8);
export const conv2dBand16: Kernel<Conv2d> = band("band16", 16);
/** The same with the max pool behind it: four pixels are those of one of its windows. */
export const conv2dBandPool: Kernel<Conv2d> = { ...band("band-pool", 8), pools: true };
export const conv2dBand16Pool: Kernel<Conv2d> = { ...band("band16-pool", 16), pools: true };

function band(name: string, bits: 8 | 16): Kernel<Conv2d> {
  return {
    name,
    file: "conv2d_band",

    plan(node, context) {
      const { inputs, output, rounding } = context;
      const linear = quantizedLinear(node);
      const outputs = output.shape[2]!;
      if ((node.attributes.groups ?? 1) > 1) return "its channels come in groups";
      if (outputs % 2 !== 0) return `its ${outputs} outputs are not a multiple of 2`;
      const scales = scalesOf(linear, inputs[0]!.zeroPoint, output, rounding);
      if (typeof scales === "string") return scales;
      const codes = bits === 16 ? commonShift(node, context, scales) : ownShifts(scales);
      const joined = bits === 8 && canJoin(linear, scales);
      const ways = waysOf(node, context, bits).map((way) => ({
        ...way,
        cycles: cyclesOf(way, { bits, outputs, codes, joined, rounding }),
      })).sort((a, b) => a.cycles - b.cycles);
      const [way] = ways;
      if (way === undefined) return "its windows have holes, or are too far apart";
      const { walk, pitch, step, at, pairs, round, skip, columns, column, fours, threes } = way;
      const words = pack(linear, way, { bits, codes, joined });
      const extraFlash = 4 * words.length - linear.weights.length - 16 * outputs;
      const before = Math.min(walk.padAlong, columns);
      const inside = Math.min(walk.along, columns - before);
      const alone = threes > 0 && walk.pixels < 3;
      // Single pixels are computed as the first of three; a word may be loaded behind the last window.
      const scratch = 2 * columns * column + (alone ? 2 * pitch : 0) +
        4 * Math.max(0, pairs - walk.kernel * column / 2) + 4;
      const pooled = node.attributes.pool === undefined ? 0 : 1;
      const kind = [
        pitch,
        at[0],
        step,
        joined ? "joined" : bits,
        round,
        pairs,
        fours,
        threes,
        codes.shift,
      ]
        .join("_");
      return {
        cycles: way.cycles,
        extraFlash,
        scratch,
        why: "four pixels and two channels at once, two taps an SMLAD" +
          (bits === 8 ? "" : `, +${Math.ceil(extraFlash / 1024)} KB flash`) +
          (node.attributes.pool === undefined ? "" : `; ${node.attributes.pool.name} of the sums`),
        emit: (name) => ({
          kernels: [
            "noinline",
            "simd",
            ...scaleKernels(rounding),
            "limit",
            "band",
            "band_taps",
            ...(pooled ? ["larger"] : []),
            `conv2d_band@INTNIC_KIND=${kind},INTNIC_PITCH=${pitch},INTNIC_STEP=${step},` +
            at.map((bytes, i) => `INTNIC_AT_${i + 1}=${bytes},`).join("") +
            `INTNIC_SKIP=${skip},INTNIC_WINDOW=${4 * pairs + pairs / round * skip},` +
            `INTNIC_POOLED=${pooled},INTNIC_BITS=${bits},INTNIC_ROUND=${round},INTNIC_PAIRS=${pairs},` +
            `INTNIC_FOURS=${fours},INTNIC_THREES=${threes},INTNIC_SHIFT=${codes.shift},` +
            `INTNIC_JOINED=${joined ? 1 : 0}`,
          ],
          constants: `static const int32_t model_weights_${name}[${words.length}] = {\n${
            formatList(words)
          }\n};\n`,
          weightBytes: 4 * words.length,
          ...(walk.rows
            ? {
              distance: rowDistance({
                rows: walk.lines,
                outputRow: walk.line,
                inputRow: walk.nextAcross,
                stride: walk.strideAcross,
                before: walk.padAcross,
                copied: true,
              }),
            }
            : {}),
          scratchBytes: scratch,
          body: `static const struct intnic_conv2d_band layer = {
    .weights = model_weights_${name}, .end = model_weights_${name} + ${words.length},
    .across = ${walk.across}, .depth = ${walk.depth},
    .next_along = ${walk.nextAlong}, .next_across = ${walk.nextAcross},
    .kernel_across = ${walk.kernelAcross}, .dilation_across = ${walk.dilationAcross},
    .stride_across = ${walk.strideAcross},
    .pad_across = ${walk.padAcross},
    .lines = ${walk.lines}, .line = ${walk.line},
    .before = ${before}, .inside = ${inside}, .behind = ${columns - before - inside},
    .column = ${column},
    .last = ${walk.pixels - (alone || pooled ? 1 : threes > 0 ? 3 : 4)}, .advance = ${
            alone ? 1 : 3
          },
    .step = ${walk.step}, .codes = ${walk.lines * walk.pixels * outputs},
    .input_zero = ${inputs[0]!.zeroPoint},
    .range = ${rangeFields(node)},
};
intnic_conv2d_band_${kind}(&layer, x, (int16_t *)(void *)scratch, y);`,
        }),
      };
    },
  };
}

function cyclesOf(
  { walk, pairs, round, columns, column, fours, threes }: Way,
  { bits, outputs, codes, joined, rounding }: {
    readonly bits: 8 | 16;
    readonly outputs: number;
    readonly codes: Codes;
    readonly joined: boolean;
    readonly rounding: Rounding;
  },
): number {
  const unpacked = bits === 8 && !joined ? 1 : 0;
  const rounds = pairs === round ? 0 : 6 + costs.round * pairs / round;
  const own = codes.shift === 0;
  const channels = (pixels: 3 | 4) =>
    (costs.taps[pixels] + unpacked) * pairs + costs.channels[pixels] + rounds +
    (own ? costs.own[pixels] : 0) +
    (own && rounding === "tflite" ? costs.tflite[pixels] : 0) +
    (joined ? costs.joined : 0);
  const words = walk.depth % 4 === 0 || (walk.depth === 3 && walk.kernelAcross === 3);
  return walk.lines * (
    fours * (costs.pixels + outputs / 2 * channels(4)) +
    threes * (costs.pixels + outputs / 2 * channels(3)) +
    (words ? costs.element : costs.byte) * columns * column
  );
}

/**
 * All words of a layer in the order of the kernel.
 *
 * @param weights OHWI
 */
function pack(
  { weights }: LinearConstants,
  { walk, pairs, column, skip }: Way,
  { bits, codes, joined }: {
    readonly bits: 8 | 16;
    readonly codes: Codes;
    readonly joined: boolean;
  },
): number[] {
  const { rows, kernel, depth } = walk;
  // What is skipped has no weights.
  const run = column - skip / 2;
  const kernelAcross = skip === 0 ? walk.kernelAcross : run / depth;
  const perChannel = kernel * kernelAcross * depth;
  // Index of a weight within its channel for every tap, or -1 for the gaps.
  const order = new Int32Array(2 * pairs).fill(-1);
  for (let along = 0; along < kernel; along++) {
    for (let t = 0; t < kernelAcross * depth; t++) {
      const [across, c] = [Math.floor(t / depth), t % depth];
      const pixel = rows ? across * kernel + along : along * kernelAcross + across;
      order[along * run + widened(t, walk)] = pixel * depth + c;
    }
  }
  const words: number[] = [];
  for (let o = 0; o < codes.biases.length; o += 2) {
    const weight = (channel: number, tap: number) => {
      const from = order[tap]!;
      return from < 0
        ? 0
        : weights[(o + channel) * perChannel + from]! * codes.factors[o + channel]!;
    };
    const [first, second] = [codes.biases[o]!, codes.biases[o + 1]!];
    words.push(first, joined ? 256 * second + first | 0 : second);
    for (let tap = 0; tap < 2 * pairs; tap += 2) {
      const [a, b, c, d] = [weight(0, tap), weight(0, tap + 1), weight(1, tap), weight(1, tap + 1)];
      if (bits === 16) words.push(a & 0xffff | b << 16, c & 0xffff | d << 16);
      else if (joined) words.push((256 * c + a) & 0xffff | (256 * d + b) << 16);
      else words.push(a & 0xff | (c & 0xff) << 8 | (b & 0xff) << 16 | d << 24);
    }
    words.push(...codes.words[o]!, ...codes.words[o + 1]!);
  }
  return words;
}

/** Place of an element of a column after widening, which is done by words. */
function widened(index: number, { kernelAcross, depth }: Walk): number {
  if (depth === 3 && kernelAcross === 3) return [0, 6, 1, 2, 7, 3, 4, 8, 5][index]!;
  return depth % 4 === 0 ? index - index % 4 + [0, 2, 1, 3][index % 4]! : index;
}
