import type { Conv2d } from "../ops/conv2d.ts";
import type { QuantizedContext } from "../ops/op.ts";
import type { QuantizedNode, Shape } from "../types.ts";

/** Largest offset of a load or store. */
const MAX_OFFSET = 4095;

/** What the parts of the kernel cost on a Cortex-M4. */
export const costs = {
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

/** A layer's outputs as the kernel walks over them, line by line: rows, or columns. */
export interface Walk {
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
export interface Way {
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

/** The ways in which the kernel may do a layer: lines along rows, along columns, or neither. */
export function waysOf(
  node: QuantizedNode<Conv2d>,
  context: QuantizedContext,
  bits: 8 | 16,
): Way[] {
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

function even(count: number): number {
  return count + count % 2;
}
