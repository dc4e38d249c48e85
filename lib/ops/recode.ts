import { formatList } from "../codegen/literals.ts";
import type { Encoding, Rounding } from "../types.ts";
import { productTflite } from "./requantized.ts";

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
    : productTflite(ratio);
  return Int8Array.from({ length: 256 }, (_, i) => {
    const code = scale(i - 128 - from.zeroPoint) + to.zeroPoint;
    return Math.min(127, Math.max(-128, code));
  });
}

/** Definition of such a table, for the kernels that look codes up in it. */
export function defineRecoding(name: string, table: Int8Array): string {
  return `static const int8_t ${name}[256] = {\n${formatList(table)}\n};\n`;
}
