import { formatList } from "../codegen/literals.ts";
import { roundingRule } from "../quantize/requant.ts";
import type { Encoding, Rounding } from "../types.ts";

/** True if both say the same of every code. */
export function sameEncoding(a: Encoding, b: Encoding): boolean {
  return a.scale === b.scale && a.zeroPoint === b.zeroPoint;
}

/**
 * The code in `to` for every code in `from`, by code + 128; saturated. By the rule `single` it is the
 * nearest, half towards +∞, found in double precision; by `tflite` what TensorFlow Lite's reference
 * kernel for requantization gives.
 */
export function recodeTable(from: Encoding, to: Encoding, rounding: Rounding): Int8Array {
  const ratio = from.scale / to.scale;
  const scale = rounding === "single"
    ? (steps: number) => Math.floor(steps * ratio + 0.5)
    : tfliteScale(ratio);
  return Int8Array.from({ length: 256 }, (_, i) => {
    const code = scale(i - 128 - from.zeroPoint) + to.zeroPoint;
    return Math.min(127, Math.max(-128, code));
  });
}

function tfliteScale(ratio: number): (steps: number) => number {
  // From 2^22 on, which int32 would not hold after the shift, all but zero saturates.
  const rule = roundingRule("tflite");
  const { multiplier, shift } = rule.toFixedPoint(Math.min(ratio, 2 ** 22));
  return (steps) => rule.requantize(steps, multiplier, shift);
}

/** Definition of such a table, for the kernels that look codes up in it. */
export function defineRecoding(name: string, table: Int8Array): string {
  return `static const int8_t ${name}[256] = {\n${formatList(table)}\n};\n`;
}
