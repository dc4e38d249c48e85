import { rowDistance } from "../codegen/overlap.ts";
import { formatList } from "../codegen/literals.ts";
import type { QuantizedContext } from "../ops/op.ts";
import { quantizedLinear } from "../ops/op.ts";
import type { Conv2d } from "../ops/conv2d.ts";
import type { LinearConstants, QuantizedNode, Rounding, Shape } from "../types.ts";
import { canJoin, type Codes, commonShift, ownShifts } from "./band_codes.ts";
import type { Kernel } from "./kernel.ts";
import { rangeFields, scaleKernels, scalesOf } from "./scale.ts";

/** Largest offset of a load or store. */
const MAX_OFFSET = 4095;

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

/** What the parts of the kernel cost on a Cortex-M4. */
const costs = {
  /** Two taps of two channels, of four and of three pixels; 1 more where both are unpacked. */
  taps: { 4: 16, 3: 12 },
  /** Besides its taps, of two channels: biases, codes, loop. */
  channels: { 4: 42, 3: 36 },
  /** What more it is where channels have their own shifts, by the rule tflite, and of joined sums. */
  own: { 4: 10, 3: 8 },
  tflite: { 4: 16, 3: 12 },
  joined: 8,
  /** Of a round of taps; of all channels; of an element of a band. */
  round: 6,
  pixels: 45,
  element: 2.2,
  /** An element where columns are widened byte by byte. */
  byte: 8,
} as const;
/** Pairs of taps that are written out, where a window has more. */
const MOST_PAIRS = { 8: 12, 16: 24 } as const;

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

/** A layer's outputs as the kernel walks over them, line by line: rows, or columns. */
interface Walk {
  readonly rows: boolean;
  /** Of the image, and bytes from a pixel to the next. */
  readonly along: number;
  readonly across: number;
  readonly depth: number;
  readonly nextAlong: number;
  readonly nextAcross: number;
  /** Of the windows, along the lines and across them. */
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly kernelAcross: number;
  readonly strideAcross: number;
  readonly dilationAcross: number;
  readonly padAlong: number;
  readonly padAcross: number;
  /** Lines and their pixels; and bytes from one to the next. */
  readonly lines: number;
  readonly pixels: number;
  readonly line: number;
  readonly step: number;
}

/** How the kernel does a layer. */
interface Way {
  readonly walk: Walk;
  /** Bytes from the windows of an output to those of the next. */
  readonly pitch: number;
  /** Bytes from the first window of those computed at once to the others. */
  readonly at: readonly [number, number, number];
  /** Bytes from a pixel's codes to the next one's, or 0 where pixels are computed one by one. */
  readonly step: number;
  /** Pairs of taps of a window, and those that are written out. */
  readonly pairs: number;
  readonly round: number;
  /** Bytes to leave out behind each round. */
  readonly skip: number;
  /** Of the band: pixels along a line, and their elements. */
  readonly columns: number;
  readonly column: number;
  /** How often four and three pixels are computed at once. */
  readonly fours: number;
  readonly threes: number;
}

function waysOf(node: QuantizedNode<Conv2d>, context: QuantizedContext, bits: 8 | 16): Way[] {
  if (node.attributes.pool !== undefined) return pooledWays(node, context);
  return [true, false].flatMap((rows) => {
    const walk = walkOf(node.attributes, context.inputs[0]!.shape, context.output.shape, rows);
    if (walk.dilation !== 1 && walk.kernel > 1) return [];
    const column = even(walk.kernelAcross * walk.depth);
    const pitch = 2 * walk.stride * column;
    const taps = walk.kernel * column / 2;
    const round = roundOf(taps, MOST_PAIRS[bits]);
    const farthest = Math.floor(
      Math.min(MAX_OFFSET / pitch, walk.pixels < 3 ? Infinity : (MAX_OFFSET - 1) / walk.step),
    );
    if (farthest < 2) return [];
    return [{
      walk,
      pitch,
      at: [pitch, 2 * pitch, 3 * pitch],
      skip: 0,
      step: walk.pixels < 3 ? 0 : walk.step,
      pairs: Math.ceil(taps / round) * round,
      round,
      columns: (walk.pixels - 1) * walk.stride + walk.kernel,
      column,
      ...split(walk.pixels, farthest),
    }];
  });
}

/** Pairs of taps that can be written out. */
const MOST_WRITTEN = 31;

/**
 * Of a layer that includes a max pool: columns of the band hold what two windows below each other see,
 * and each skips a part of it.
 */
function pooledWays({ attributes }: QuantizedNode<Conv2d>, context: QuantizedContext): Way[] {
  const walk = walkOf(attributes, context.inputs[0]!.shape, context.output.shape, true);
  const { kernel, kernelAcross, stride, strideAcross, depth } = walk;
  if (walk.dilation !== 1 || walk.dilationAcross !== 1 || depth % 2 !== 0) return [];
  const round = kernelAcross * depth / 2;
  const column = (kernelAcross + strideAcross) * depth;
  const right = 2 * stride * column;
  const below = 2 * strideAcross * depth;
  if (round > MOST_WRITTEN || right + below > MAX_OFFSET) return [];
  return [{
    walk: {
      ...walk,
      kernelAcross: kernelAcross + strideAcross,
      strideAcross: 2 * strideAcross,
    },
    pitch: 2 * right,
    at: [right, below, right + below],
    step: 0,
    pairs: kernel * round,
    round,
    skip: below,
    columns: (2 * walk.pixels - 1) * stride + kernel,
    column,
    fours: walk.pixels,
    threes: 0,
  }];
}

function walkOf(
  { kernel, stride, dilation, padding }: Conv2d,
  image: Shape,
  output: Shape,
  rows: boolean,
): Walk {
  const [, width, depth] = image as [number, number, number];
  const [, outWidth, outputs] = output as [number, number, number];
  // Index of the direction across lines.
  const [a, b] = rows ? [0, 1] as const : [1, 0] as const;
  const next = [width * depth, depth] as const;
  const pads = [padding.top, padding.left] as const;
  const codes = [outWidth * outputs, outputs] as const;
  return {
    rows,
    along: image[b]!,
    across: image[a]!,
    depth,
    nextAlong: next[b],
    nextAcross: next[a],
    kernel: kernel[b],
    stride: stride[b],
    dilation: dilation[b],
    kernelAcross: kernel[a],
    strideAcross: stride[a],
    dilationAcross: dilation[a],
    padAlong: pads[b],
    padAcross: pads[a],
    lines: output[a]!,
    pixels: output[b]!,
    line: codes[a],
    step: codes[b],
  };
}

/**
 * Pixels in fours and threes, of which the last may be computed twice.
 *
 * @param farthest pixel behind the first that instructions reach
 */
function split(pixels: number, farthest: number): { fours: number; threes: number } {
  // Fewer than three are computed one by one.
  if (pixels < 3) return { fours: 0, threes: pixels };
  const threes = { fours: 0, threes: Math.ceil(pixels / 3) };
  if (farthest < 3) return threes;
  const options = [threes];
  for (let fours = 1; 4 * fours < pixels + 4; fours++) {
    const rest = Math.max(0, Math.ceil((pixels - 4 * fours) / 3));
    if (pixels >= 4) options.push({ fours, threes: rest });
  }
  // Threes take a little longer a pixel.
  const cost = (option: typeof threes) => 4 * option.fours + 3.2 * option.threes;
  return options.sort((a, b) => cost(a) - cost(b))[0]!;
}

/** Pairs of taps to write out of so many: all, or as many as leave the fewest over. */
function roundOf(pairs: number, most: number): number {
  if (pairs <= most) return pairs;
  const rounds = (round: number) => Math.ceil(pairs / round);
  const costOf = (round: number) => rounds(round) * (costs.taps[4] * round + costs.round);
  let best = most;
  for (let round = most - 1; round >= most / 2; round--) {
    if (costOf(round) < costOf(best)) best = round;
  }
  return best;
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

function even(count: number): number {
  return count + count % 2;
}
