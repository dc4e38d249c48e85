import { formatList } from "../codegen/literals.ts";
import { foldZeroPoint } from "../codegen/pack.ts";
import type { Encoding, LinearConstants, QuantizedNode, Rounding } from "../types.ts";

/** Largest magnitude of an int32. */
const MAX = 2 ** 31 - 1;

/** One channel of a `struct intnic_scale`, `firmware/kernels/dsp/scale.c` and `scale_tflite.c`. */
export interface Scale {
  readonly bias: number;
  readonly multiplier: number;
  readonly addend: number;
  readonly right: number;
}

/** The kernel files that requantize in few instructions on cores with SMMLA, callees first. */
export function scaleKernels(rounding: Rounding): readonly string[] {
  return ["minmax", "range", rounding === "tflite" ? "scale_tflite" : "scale"];
}

/**
 * A layer's constants as those kernels want them, or why they cannot have them: they shift right by
 * at least one, and add the zero point before that.
 *
 * @param inputZero folded into the biases
 */
export function scalesOf(
  linear: LinearConstants,
  inputZero: number,
  output: Encoding,
  rounding: Rounding,
): Scale[] | string {
  const biases = foldZeroPoint(linear, inputZero);
  const scales: Scale[] = [];
  for (let o = 0; o < biases.length; o++) {
    const multiplier = linear.multiplier[o]!;
    const shift = linear.shift[o]!;
    const bound = linear.bound[o]!;
    // multiplier · 2^(shift − 31); by the rule single, the top word of the product is taken first.
    const right = rounding === "tflite" ? -shift : -shift - 1;
    const addend = (2 * output.zeroPoint + 1) * 2 ** (right - 1);
    if (multiplier === 0) {
      scales.push({
        bias: biases[o]!,
        multiplier: 0,
        addend: 2 * output.zeroPoint + 1,
        right: 1,
      });
      continue;
    }
    if (right < 1) return `channel ${o} is not scaled down by two or more`;
    const doubled = rounding === "tflite" ? 2 * bound : bound;
    if (doubled > MAX || Math.abs(addend) + bound + 1 > MAX) {
      return `the sum of channel ${o}, up to ${bound}, leaves no room for its zero point`;
    }
    scales.push({ bias: biases[o]!, multiplier, addend, right });
  }
  return scales;
}

/**
 * The same for sums that come as 64 times what they are, or why they cannot; that 64 times the sums
 * fit int32 is for the caller to prove.
 */
export function scalesOf64(
  linear: LinearConstants,
  inputZero: number,
  output: Encoding,
  rounding: Rounding,
): Scale[] | string {
  const scales = scalesOf(linear, inputZero, output, rounding);
  if (typeof scales === "string") return scales;
  // The rule tflite rounds a product's lower bits as well, and has to divide by 64 first.
  if (rounding === "tflite") return scales.map((scale) => ({ ...scale, bias: 64 * scale.bias }));
  const channel = scales.findIndex(({ addend, right }) =>
    right + 6 > 31 || 64 * Math.abs(addend) > MAX / 2
  );
  if (channel >= 0) {
    return `64 times the sum of channel ${channel} leaves no room for its zero point`;
  }
  return scales.map(({ bias, multiplier, addend, right }) => ({
    bias: 64 * bias,
    multiplier,
    addend: 64 * addend,
    right: right + 6,
  }));
}

/** Definition of `model_scales_<name>`, filled up to a multiple of some number of channels. */
export function defineScales(name: string, scales: readonly Scale[], multiple = 1): string {
  const rows = scales.map(({ bias, multiplier, addend, right }) =>
    `{ ${bias}, ${multiplier}, ${addend}, ${right} }`
  );
  while (rows.length % multiple !== 0) rows.push("{ 0, 0, 0, 1 }");
  return `static const struct intnic_scale model_scales_${name}[${rows.length}] = {\n` +
    `${formatList(rows)}\n};\n`;
}

/** A `struct intnic_range`. */
export function rangeFields({ clamp: [low, high] }: Pick<QuantizedNode, "clamp">): string {
  return `{ .low = ${low}, .high = ${high} }`;
}
