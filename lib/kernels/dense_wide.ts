import { defineAlignedWeights, foldZeroPoint } from "../codegen/pack.ts";
import { quantizedLinear } from "../ops/op.ts";
import type { LinearConstants } from "../types.ts";
import { type DenseScales, denseScales } from "./dense_scales.ts";
import type { Kernel } from "./kernel.ts";
import { rangeFields } from "./scale.ts";
import { largestSum } from "./sums.ts";

/** 256 times a sum stays in int32 below this. */
const MAX_SUM = 2 ** 23;
/** Bytes behind the weights that some cores load and do not use. */
const AHEAD = 8;

/** How inputs come to be pairs of 16 bits in `firmware/kernels/dsp/dense_sums.c`, and for what. */
interface Form {
  readonly name: string;
  /** The file that makes cores have it, if not that of all. */
  readonly file?: string;
  /** See `Kernel`. */
  readonly level?: "speed";
  /** A macro of that file. */
  readonly macro: "WIDE" | "LONG" | "DIRECT";
  /** Outputs computed at once: 8 or 2. */
  readonly rows: number;
  /** Bytes a step of four inputs reads. */
  readonly bytes: number;
  /** Cycles of a step on a Cortex-M4, its share of the loop included, and beside steps. */
  readonly cycles: number;
  readonly more: number;
  readonly why: string;
}

/**
 * Dense layers on cores with SMLAD (`firmware/kernels/dsp/dense_wide.c`): weights in 16-bit pairs
 * 256·w1 + w0, of which every second product needs no unpacking. The inputs are widened once, in
 * scratch.
 */
export const denseWide: Kernel = kernelOf({
  name: "wide",
  macro: "WIDE",
  rows: 8,
  bytes: 8,
  cycles: 39,
  more: 140,
  why: "eight outputs at once",
});

/** Inputs that its loop takes at once, and those left over that cost no more than otherwise. */
const LONG = { block: 128, over: 64 } as const;

/**
 * The same with longer blocks, for cores where ends of loops are what is left to save: 4 KB of code
 * for half a per cent to one and a half of the cycles.
 */
export const denseLong: Kernel = kernelOf({
  name: "long",
  level: "speed",
  file: "dense_long",
  macro: "LONG",
  rows: 8,
  bytes: 8,
  cycles: 38.9,
  more: 140,
  why: "eight outputs at once, 32 steps a block",
});

/** The same with inputs that are widened for every eight outputs, without scratch. */
export const denseDirect: Kernel = kernelOf({
  name: "direct",
  macro: "DIRECT",
  rows: 8,
  bytes: 4,
  cycles: 44,
  more: 140,
  why: "eight outputs at once, inputs widened each time",
});

/** The same for two outputs at once: layers of few outputs, whose weights need no filling up. */
export const densePair: Kernel = kernelOf({
  name: "pair",
  macro: "DIRECT",
  rows: 2,
  bytes: 4,
  cycles: 17,
  more: 70,
  why: "two outputs at once, inputs widened each time",
});

function kernelOf(form: Form): Kernel {
  const { name: kernel, macro, rows, bytes, cycles, more, why } = form;
  const wide = macro !== "DIRECT";
  return {
    name: kernel,
    file: form.file ?? "dense_wide",
    ...(form.level === undefined ? {} : { level: form.level }),

    plan(node, { inputs, output, rounding }) {
      const linear = quantizedLinear(node);
      const outputs = linear.bias.length;
      const taps = linear.weights.length / outputs;
      const zero = inputs[0]!.zeroPoint;
      const scales = denseScales(node, zero, output, rounding);
      if (typeof scales === "string") return scales;
      if (macro === "LONG" && (taps < LONG.block || taps % LONG.block >= LONG.over)) {
        return `its ${taps} inputs leave too many over`;
      }
      if (!wide && taps % 4 !== 0) return `its ${taps} inputs are no multiple of four`;
      const largest = largestSum(linear, zero);
      if (largest >= MAX_SUM) {
        return `its sums reach ${largest}, and 256 times that is not an int32`;
      }
      const packed = pack(linear, { zero, scales, rows });
      if (packed === undefined) return "a pair of weights leaves 16 bits";
      const steps = Math.ceil(taps / 4);
      const groups = Math.ceil(outputs / rows);
      const scratch = wide ? bytes * steps : 0;
      const called = `intnic_dense_${kernel}_${scales.macro}_${scales.rule}`.toLowerCase();
      return {
        cycles:
          groups * (Math.ceil(cycles * steps) + more - (scales.macro === "SAME" ? 4 * rows : 0)) +
          (wide ? 12 * steps + 20 : 0),
        extraFlash: packed.length - linear.weights.length -
          (scales.macro === "SAME" ? 4 : 16) * outputs,
        scratch,
        why: `${why}; 256 times a sum is below 2^31: sums stay within ${largest}`,
        emit: (name) => ({
          kernels: [
            "noinline",
            "simd",
            "minmax",
            "range",
            "limit",
            "dense_steps",
            "dense_sums",
            ...(wide ? ["dense_inputs"] : []),
            ...(form.file === undefined ? [] : [form.file]),
            "dense_codes",
            `dense_wide@INTNIC_DENSE=${called},INTNIC_INPUTS=${macro},INTNIC_ROWS=${rows},` +
            `INTNIC_SCALES=${scales.macro},INTNIC_RULE=${scales.rule}`,
          ],
          constants: defineAlignedWeights(name, packed),
          weightBytes: packed.length,
          scratchBytes: scratch,
          body: `static const struct intnic_dense layer = {
    .weights = model_weights_${name}.bytes,
    .scale = ${scales.common},
    .end = ${bytes * steps},
    .outputs = ${outputs},
    .range = ${rangeFields(node)},
};
` + (wide
            ? `intnic_widen_inputs(x, ${taps}, (intnic_pair *)(void *)scratch);
${called}(&layer, scratch, y);`
            : `${called}(&layer, x, y);`),
        }),
      };
    },
  };
}

/**
 * For every group of outputs: what their sums begin with; for four inputs at a time each output's two
 * pairs 256·w1 + w0 of 16 bits; their scales. Undefined if a pair does not fit.
 */
function pack(
  linear: LinearConstants,
  { zero, scales, rows: group }: {
    readonly zero: number;
    readonly scales: DenseScales;
    readonly rows: number;
  },
): Int8Array | undefined {
  const outputs = linear.bias.length;
  const taps = linear.weights.length / outputs;
  const at = (o: number, i: number) => o < outputs && i < taps ? linear.weights[o * taps + i]! : 0;
  const biases = foldZeroPoint(linear, zero);
  const steps = Math.ceil(taps / 4);
  const groups = Math.ceil(outputs / group);
  const each = 4 + 4 * steps + (scales.macro === "EACH" ? 12 : 0);
  const packed = new DataView(new ArrayBuffer(groups * group * each + AHEAD));
  let end = 0;
  const word = (value: number) => {
    packed.setInt32(end, value, true);
    end += 4;
  };
  for (let first = 0; first < groups * group; first += group) {
    const rows = Array.from({ length: group }, (_, k) => first + k);
    for (const o of rows) {
      word(start(linear.weights.subarray(o * taps, (o + 1) * taps), biases[o]) + scales.more);
    }
    for (let i = 0; i < 4 * steps; i += 4) {
      for (const o of rows) {
        for (const k of [i, i + 2]) {
          const pair = 256 * at(o, k + 1) + at(o, k);
          if (pair < -32768) return undefined;
          packed.setInt16(end, pair, true);
          end += 2;
        }
      }
    }
    if (scales.macro === "SAME") continue;
    for (const o of rows) for (const value of scales.each(o)) word(value);
  }
  return new Int8Array(packed.buffer);
}

/** 256 times the bias, less what widened inputs add: 128·256 of w1 and 255 of w0; modulo 2³². */
function start(weights: Int8Array, bias = 0): number {
  return weights.reduce((sum, w, i) => sum - (i % 2 === 1 ? 32768 : 255) * w, 256 * bias) | 0;
}
