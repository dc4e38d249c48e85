import { rowDistance } from "../codegen/overlap.ts";
import { formatList } from "../codegen/literals.ts";
import { quantizedLinear } from "../ops/op.ts";
import type { Window } from "../ops/window.ts";
import type { Shape } from "../types.ts";
import { defineDepthwiseCodes, depthwiseCodes } from "./depthwise_codes.ts";
import type { Kernel } from "./kernel.ts";
import { defineScales, rangeFields, scaleKernels, scalesOf } from "./scale.ts";

/**
 * Lines that there is room for at a time: a word of each of four channels is at most 255 bytes. Few
 * different ones, as each is code of its own.
 */
const LINES = [3, 5, 7, 9, 15];
/** Cycles that scratch memory for more lines at a time has to save. */
const WORTH = 1.04;

/**
 * Depthwise convolution with 3×3 filters on cores with SMLAD (`firmware/kernels/dsp/depthwise_3x3.c`):
 * some lines of four channels at a time are laid out as words of two steps.
 */
export const depthwise3x3: Kernel<Window> = planes("planes", false);
/** The same with the least scratch memory. */
export const depthwise3x3Few: Kernel<Window> = planes("planes-few", true);

function planes(name: string, few: boolean): Kernel<Window> {
  return {
    name,
    file: "depthwise_3x3",

    plan(node, { inputs, output, rounding }) {
      const linear = quantizedLinear(node);
      const { kernel, stride: [stride, across], dilation } = node.attributes;
      const input = inputs[0]!;
      const depth = input.shape[2]!;
      if (kernel[0] !== 3 || kernel[1] !== 3) return "its filters are not 3×3";
      if (dilation[0] !== 1 || dilation[1] !== 1) return "its windows have holes";
      if (stride !== across || stride > 2) return "its stride is not 1 or 2 both ways";
      if (output.shape[2] !== depth) return "it has several filters a channel";
      if (depth < 4) return `it has only ${depth} channels`;
      const codes = depthwiseCodes(linear, input.zeroPoint, node, output, rounding);
      const scales = scalesOf(linear, input.zeroPoint, output, rounding);
      const atOnce = typeof codes !== "string";
      if (!atOnce && typeof scales === "string") return scales;
      // Lines cost something each, so there should be few of them. All strips of a layer are to choose
      // alike, or they do not share their weights.
      const turned = output.shape[0]! > output.shape[1]!;
      const walk = walkOf(node.attributes, input.shape, output.shape, {
        turned,
        codes: atOnce,
        few,
      });
      const { x, y, lines, pairs, scratch } = walk;
      const out = atOnce ? "codes" : "sums";
      const taps = pack(
        linear.weights,
        turned,
        stride,
        (channel) => atOnce && codes[channel]!.constant,
      );
      const odd = (pairs - 1) % 2;
      const fours = depth % 4 === 0;
      const shape = `INTNIC_LINES=${lines},INTNIC_ODD=${odd}`;
      return {
        cycles: walk.cycles,
        extraFlash: 0,
        scratch,
        why: "four channels laid out as lines, two steps a word" +
          (atOnce ? ", sums scaled where they are made" : `; ${codes}`),
        emit: (name) => ({
          kernels: [
            "noinline",
            "simd",
            ...scaleKernels(rounding),
            "limit",
            "depthwise_planes",
            "depthwise_lines",
            "depthwise_steps",
            `depthwise_lay@INTNIC_LINES=${lines}`,
            atOnce ? "depthwise_store" : "store_sums",
            `depthwise_lines_${stride}@${shape},INTNIC_OUT=${out}`,
            `depthwise_${out}@${shape},INTNIC_STRIDE=${stride}`,
            `depthwise_3x3@${shape},INTNIC_STRIDE=${stride},INTNIC_OUT=${out}`,
          ],
          constants: defineTaps(name, taps) +
            (atOnce
              ? defineDepthwiseCodes(name, codes)
              : defineScales(name, typeof scales === "string" ? [] : scales)),
          weightBytes: 4 * taps.length,
          // A channel's lines are read before any of theirs is written, unless it is one of those that
          // are computed twice. Of columns in several turns the first are written to all rows before
          // the last are read.
          ...(turned && (walk.atOnce < y.lines || !fours) ? {} : {
            distance: rowDistance({
              rows: y.lines,
              atOnce: walk.atOnce,
              outputRow: y.line,
              inputRow: x.line,
              stride,
              before: walk.padLines,
              copied: fours,
            }),
            ...(fours ? { distanceUnit: depth } : {}),
          }),
          scratchBytes: scratch,
          body: `static const struct intnic_depthwise_3x3 layer = {
    .taps = model_weights_${name}, .scales = model_scales_${name}, .depth = ${depth},
    .x_lines = ${x.lines}, .x_line = ${x.line}, .x_step = ${x.step},
    .y_lines = ${y.lines}, .y_steps = ${y.steps}, .y_line = ${y.line}, .y_step = ${y.step},
    .pad_lines = ${walk.padLines}, .at_once = ${walk.atOnce},
    .pairs = ${pairs}, ${pairFields(walk)},
    .input_zero = ${input.zeroPoint},
};
static const struct intnic_range range = ${rangeFields(node)};

intnic_depthwise_3x3_${out}_${stride}_${lines}_${odd}(&layer, x, (intnic_pair *)(void *)scratch, y);
intnic_limit(y, ${y.lines * y.steps * depth}, &range);`,
        }),
      };
    },
  };
}

/** An image as lines of steps: rows of pixels or, turned, columns; and bytes from one to the next. */
function geometry(shape: Shape, turned: boolean) {
  const [height, width, depth] = shape as [number, number, number];
  return turned
    ? { lines: width, steps: height, line: depth, step: width * depth }
    : { lines: height, steps: width, line: width * depth, step: depth };
}

/** Which of a line's pairs are outside the image, half inside and inside. */
function pairFields(
  { pairs, padSteps, x }: { pairs: number; padSteps: number; x: { steps: number } },
): string {
  // Steps beyond the last window are not laid out.
  const steps = Math.max(0, Math.min(x.steps, 2 * pairs - padSteps));
  const before = Math.min(pairs, Math.floor(padSteps / 2));
  const entering = steps > 0 ? padSteps % 2 : 0;
  const inside = Math.floor((steps - entering) / 2);
  const leaving = steps - entering - 2 * inside;
  const behind = pairs - before - entering - inside - leaving;
  return `.before = ${before}, .entering = ${entering}, .inside = ${inside}, ` +
    `.leaving = ${leaving}, .behind = ${behind}`;
}

/**
 * How to walk over a layer: with as many lines at a time as are worth their scratch memory.
 *
 * @param turned whether along columns
 * @param codes whether sums are scaled where they are made
 * @param few true for one line at a time
 */
function walkOf(
  { stride: [stride], padding }: Window,
  image: Shape,
  output: Shape,
  { turned, codes, few }: { turned: boolean; codes: boolean; few: boolean },
) {
  const x = geometry(image, turned);
  const y = geometry(output, turned);
  const pairs = stride === 1 ? Math.ceil(y.steps / 2) + 1 : y.steps + 1;
  const most = Math.min(y.lines, Math.floor((LINES.at(-1)! - 3) / stride) + 1);
  const [padLines, padSteps] = turned ? [padding.left, padding.top] : [padding.top, padding.left];
  const walks = Array.from({ length: most }, (_, i) => {
    const atOnce = i + 1;
    const lines = LINES.find((room) => room >= (atOnce - 1) * stride + 3)!;
    const turns = Math.ceil(y.lines / atOnce);
    // The last lines of a turn are laid out again in the next; those outside are not.
    let laid = 0;
    for (let first = 0; first < y.lines; first += atOnce) {
      const top = first * stride - padLines;
      const end = top + (Math.min(atOnce, y.lines - first) - 1) * stride + 3;
      laid += Math.max(0, Math.min(end, x.lines) - Math.max(top, 0));
    }
    const window = codes ? { 1: 25.5, 2: 14.5 } : { 1: 46, 2: 26 };
    const channel = y.lines * (window[stride as 1 | 2] * (pairs - 1) + 34 - 8 * stride) +
      turns * 60;
    const four = laid * (17 * Math.min(pairs, x.steps / 2) + 40) +
      y.lines * (codes ? 5 * y.steps + 10 : 0) +
      4 * channel + turns * 150;
    return {
      x,
      y,
      atOnce,
      lines,
      pairs,
      padLines,
      padSteps,
      scratch: 16 * lines * pairs + 4 * 2 * (pairs - 1) * (codes ? atOnce : 1),
      cycles: Math.ceil(image[2]! / 4) * four,
    };
  });
  if (few) return walks[0]!;
  const fewest = Math.min(...walks.map(({ cycles }) => cycles));
  return walks.find(({ cycles }) => cycles <= fewest * WORTH)!;
}

/**
 * Per channel a word for each of three lines: bytes 1 and 3 are its first two taps. With a stride of
 * 1, bytes 0 and 2 are the last two; with a stride of 2, the third taps follow each other in those.
 */
function pack(
  weights: Int8Array,
  turned: boolean,
  stride: number,
  blank: (channel: number) => boolean,
): Uint32Array {
  const taps = new Uint32Array(weights.length / 3);
  for (let channel = 0; channel < weights.length / 9; channel++) {
    if (blank(channel)) continue;
    const tap = (line: number, step: number) =>
      line < 3 ? weights[9 * channel + (turned ? 3 * step + line : 3 * line + step)]! & 255 : 0;
    for (let line = 0; line < 3; line++) {
      const [v0, v1] = stride === 1
        ? [tap(line, 1), tap(line, 2)]
        : [tap(2 * line, 2), tap(2 * line + 1, 2)];
      taps[3 * channel + line] = v0 | tap(line, 0) << 8 | v1 << 16 | tap(line, 1) << 24;
    }
  }
  return taps;
}

function defineTaps(name: string, taps: Uint32Array): string {
  const words = Array.from(taps, (word) => `0x${word.toString(16).padStart(8, "0")}`);
  return `static const uint32_t model_weights_${name}[${words.length}] = {\n${
    formatList(words)
  }\n};\n`;
}
