import { formatList } from "../codegen/literals.ts";
import { foldZeroPoint } from "../codegen/pack.ts";
import type { Conv2d } from "../ops/conv2d.ts";
import { quantizedLinear } from "../ops/op.ts";
import type {
  Encoding,
  LinearConstants,
  QuantizedNode,
  QuantizedTensor,
  Rounding,
  Shape,
} from "../types.ts";
import { withoutConstantChannels } from "./constant_channels.ts";
import type { Kernel } from "./kernel.ts";
import { shiftedCodes } from "./pointwise_codes.ts";
import { rangeFields, scaleKernels, scalesOf } from "./scale.ts";
import { largestSum } from "./sums.ts";

/** Outputs computed at once, and pixels. */
const GROUP = 4;
const PIXELS = 2;
/** Taps that the inner loop may be written out for. */
const PASSES = [4, 8, 12, 16, 20, 24, 32, 40, 48, 64] as const;
/** 256 times a sum stays in int32 below this. */
const MAX_SUM = 2 ** 23;

/** What the parts of the kernel cost on a core. */
interface Costs {
  /** Two taps of two pixels and four channels; of a pass besides them; what else the four take. */
  readonly twoTaps: number;
  readonly pass: number;
  readonly codes: Readonly<Record<Rule, number>>;
  /** A last pixel alone: two taps of four channels, and what else they take. */
  readonly aloneTaps: number;
  readonly aloneCodes: number;
  /** Two pixels: one value of each, and what else they take. */
  readonly value: number;
  readonly pixels: number;
}

const m4: Costs = {
  twoTaps: 15,
  pass: 6,
  codes: { SHIFT: 56, TFLITE: 82 },
  aloneTaps: 11,
  aloneCodes: 70,
  value: 4,
  pixels: 28,
};
const m7: Costs = {
  twoTaps: 8,
  pass: 2,
  codes: { SHIFT: 34, TFLITE: 46 },
  aloneTaps: 7,
  aloneCodes: 40,
  value: 2,
  pixels: 40,
};

/** How sums become codes: a `pointwise_codes` file. */
type Rule = keyof typeof files;
const files = {
  SHIFT: "pointwise_codes",
  TFLITE: "pointwise_codes_tflite",
} as const;

/**
 * 1×1 convolution on cores with SMLAD (`firmware/kernels/dsp/conv2d_pointwise.c`): two pixels and
 * four channels at once, from weights of 8 bits, half of which need no unpacking. A Cortex-M7 has its
 * own order of instructions.
 */
export const conv2dPointwise: readonly Kernel<Conv2d>[] = [
  pointwise("pointwise_taps", m4),
  pointwise("pointwise_taps_spread", m7),
];

function pointwise(order: string, costs: Costs): Kernel<Conv2d> {
  return {
    name: "pointwise",
    file: order,

    plan(node, { inputs, output, rounding }) {
      const { kernel, padding } = node.attributes;
      const [, , depth] = inputs[0]!.shape as [number, number, number];
      const outputs = output.shape[2]!;
      if (kernel[0] !== 1 || kernel[1] !== 1) return "its windows are not 1×1";
      if ((node.attributes.groups ?? 1) > 1) return "its channels come in groups";
      if (Object.values(padding).some((size) => size > 0)) return "its image is padded";
      if (depth % 4 !== 0) return `its ${depth} inputs are not a multiple of 4`;
      if (outputs % GROUP !== 0) return `its ${outputs} outputs are not a multiple of ${GROUP}`;
      const [input] = inputs as [QuantizedTensor];
      const linear = withoutConstantChannels(node, quantizedLinear(node), input, output, rounding);
      const largest = largestSum(linear, input.zeroPoint);
      if (largest >= MAX_SUM) {
        return `its sums reach ${largest}, and 256 times that is not an int32`;
      }
      const codes = codesOf(node, linear, input, output, rounding);
      if (typeof codes === "string") return codes;
      const { taps, passes, cycles } = passesFor(depth, costs);
      const all = taps * passes;
      const groups = outputs / GROUP;
      // Two taps more may be read, and not used.
      const bytes = 2 * PIXELS * (all + 2);
      const biases = foldZeroPoint(linear, input.zeroPoint);
      const words = pack(linear.weights, { outputs, depth, taps: all, biases, codes });
      if (words === undefined) return "a pair of weights leaves 16 bits";
      const walk = walkOf(node.attributes, inputs[0]!.shape, output.shape);
      const pair = groups * (cycles + costs.codes[codes.rule]) + costs.value * depth + costs.pixels;
      const alone = groups * (costs.aloneTaps * all / 2 + costs.aloneCodes) +
        costs.value * depth + costs.pixels;
      return {
        cycles: walk.rows *
          (Math.floor(walk.pixels / PIXELS) * pair + walk.pixels % PIXELS * alone),
        // The scales are among the channels' words.
        extraFlash: 4 * words.length - linear.weights.length - 16 * outputs,
        scratch: bytes,
        why: `two pixels and four channels at once; 256 times a sum is below 2^31: sums stay ` +
          `within ${largest}`,
        emit: (name) => ({
          kernels: [
            "noinline",
            "simd",
            ...scaleKernels(rounding),
            "limit",
            order,
            files[codes.rule],
            `conv2d_pointwise@INTNIC_TAPS=${taps},INTNIC_PASSES=${passes > 1 ? 2 : 1},` +
            `INTNIC_RULE=${codes.rule},INTNIC_SHIFT=${codes.shift}`,
          ],
          constants: `static const int32_t model_weights_${name}[${words.length}] = {\n${
            formatList(words)
          }\n};\n`,
          weightBytes: 4 * words.length,
          distance: distanceOf(walk, depth, outputs),
          scratchBytes: bytes,
          body: `static const struct intnic_conv2d_pointwise layer = {
    .blocks = model_weights_${name}, .end = model_weights_${name} + ${words.length},
    .rows = ${walk.rows}, .pixels = ${walk.pixels},
    .row_step = ${walk.rowStep * depth}, .pixel_step = ${walk.pixelStep * depth},
    .depth = ${depth}, .taps = ${all}, .outputs = ${outputs},
    .range = ${rangeFields(node)},
};
intnic_conv2d_pointwise_${taps}_${
            passes > 1 ? 2 : 1
          }_${codes.shift}(&layer, x, (intnic_pair *)(void *)scratch, y);`,
        }),
      };
    },
  };
}

/** What makes the codes of all channels. */
interface Codes {
  readonly rule: Rule;
  /** Of all channels, or 0 where each has its own. */
  readonly shift: number;
  /** Words of each channel. */
  readonly words: readonly (readonly number[])[];
}

/** Results by the constants asked for; layers in strips ask again and again. */
const known = new WeakMap<LinearConstants, Map<string, Codes | string>>();

function codesOf(
  node: QuantizedNode,
  linear: LinearConstants,
  input: Encoding,
  output: Encoding,
  rounding: Rounding,
): Codes | string {
  const key = [input.zeroPoint, output.zeroPoint, rounding, ...node.clamp].join();
  const results = known.get(quantizedLinear(node)) ?? new Map<string, Codes | string>();
  known.set(quantizedLinear(node), results);
  const result = results.get(key) ?? findCodes(node, linear, input, output, rounding);
  results.set(key, result);
  return result;
}

function findCodes(
  node: QuantizedNode,
  linear: LinearConstants,
  input: Encoding,
  output: Encoding,
  rounding: Rounding,
): Codes | string {
  const shifted = shiftedCodes(linear, input.zeroPoint, node, output, rounding);
  if (shifted !== undefined) {
    const words = shifted.channels.map(({ multiplier, addend }) => [multiplier, addend]);
    return { rule: "SHIFT", shift: shifted.shift, words };
  }
  if (rounding !== "tflite") return "its channels' scales are too far apart";
  const scales = scalesOf(linear, input.zeroPoint, output, rounding);
  if (typeof scales === "string") return scales;
  const words = scales.map(({ multiplier, addend, right }) => [multiplier, addend, right]);
  return { rule: "TFLITE", shift: 0, words };
}

/** Taps in one pass of the inner loop and how many of it, for the fewest cycles. */
function passesFor(
  depth: number,
  { twoTaps, pass }: Costs,
): { taps: number; passes: number; cycles: number } {
  const choices = PASSES.map((taps) => {
    const passes = Math.ceil(depth / taps);
    const cycles = passes * taps / 2 * twoTaps + (passes > 1 ? 4 + passes * pass : 0);
    return { taps, passes, cycles };
  });
  return choices.reduce((best, choice) => choice.cycles <= best.cycles ? choice : best);
}

/** Output pixels in rows, and how far apart what they see is, in pixels. */
interface Walk {
  readonly rows: number;
  readonly pixels: number;
  readonly rowStep: number;
  readonly pixelStep: number;
}

function walkOf({ stride }: Conv2d, image: Shape, output: Shape): Walk {
  const [height, width] = output as [number, number];
  if (stride[0] === 1 && stride[1] === 1) {
    return { rows: 1, pixels: height * width, rowStep: 0, pixelStep: 1 };
  }
  return { rows: height, pixels: width, rowStep: stride[0] * image[1]!, pixelStep: stride[1] };
}

/** How far before the image the output has to begin: pixels are read before theirs are written. */
function distanceOf(
  { rows, pixels, rowStep, pixelStep }: Walk,
  depth: number,
  outputs: number,
): number {
  let distance = 0;
  for (let row = 0; row < rows; row++) {
    for (let pixel = 0; pixel < pixels; pixel += PIXELS) {
      const done = Math.min(pixels, pixel + PIXELS);
      if (done === pixels && row === rows - 1) continue;
      const written = (row * pixels + done) * outputs;
      const next = done === pixels ? (row + 1) * rowStep : row * rowStep + done * pixelStep;
      distance = Math.max(distance, written - next * depth);
    }
  }
  return distance;
}

/** What makes the words of a layer. */
interface Packing {
  readonly outputs: number;
  readonly depth: number;
  /** With those that fill up the last pass. */
  readonly taps: number;
  readonly biases: Int32Array;
  readonly codes: Codes;
}

/**
 * The words of a layer as the C has them, four channels after four; undefined if a pair of weights,
 * 256·w1 + w0, leaves 16 bits.
 */
function pack(
  weights: Int8Array,
  { outputs, depth, taps, biases, codes }: Packing,
): number[] | undefined {
  const at = (o: number, t: number) => t < depth ? weights[o * depth + widened(t)]! : 0;
  const words: number[] = [];
  for (let first = 0; first < outputs; first += GROUP) {
    for (const o of [first, first + 2]) {
      // Modulo 2³², as the sums are.
      words.push(biases[o]!, 256 * biases[o + 1]! + biases[o]! | 0);
    }
    for (let t = 0; t < taps; t += 2) {
      for (const o of [first, first + 2]) {
        const [low, high] = [t, t + 1].map((tap) => 256 * at(o + 1, tap) + at(o, tap)) as [
          number,
          number,
        ];
        if (Math.min(low, high) < -32768) return undefined;
        words.push(high << 16 | low & 0xffff);
      }
    }
    words.push(...codes.words.slice(first, first + GROUP).flat());
  }
  return words;
}

/** The input at a place among widened ones: SXTB16 swaps the middle two of four. */
function widened(place: number): number {
  return place - place % 4 + [0, 2, 1, 3][place % 4]!;
}
