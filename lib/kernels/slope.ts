/**
 * Requantization by one high multiply, for cores that have one: as `steps.ts`, with
 *
 *     code = (⌊u · 2^up · factor / 2³²⌋ + offset) ≫ 21,  u = sum − base, 0 ≤ u ≤ most,
 *
 * where both operands are made as large as 31 bits allow, and both negative, for a number is limited
 * to at most zero in two instructions and to at least zero in three.
 *
 * @module
 */
import { formatList } from "../codegen/literals.ts";
import type { Encoding, LinearConstants, QuantizedNode, Rounding } from "../types.ts";
import { fitFactor, fitSteps, TRIES } from "./steps.ts";

/** As `firmware/kernels/mulh/slope.c` shifts. */
const SHIFT = 21;

/** One channel of a `struct intnic_slope`. */
export interface Slope {
  readonly bias: number;
  readonly most: number;
  readonly up: number;
  readonly factor: number;
  /** Lowest code included, modulo 2³². */
  readonly offset: number;
}

/** A layer's constants, or why there are none. */
export function slopesOf(
  linear: LinearConstants,
  inputZero: number,
  node: Pick<QuantizedNode, "clamp">,
  output: Encoding,
  rounding: Rounding,
): Slope[] | string {
  const all = fitSteps(linear, inputZero, node, output, rounding, (above, slope) => {
    const up = Math.clz32(above.at(-1) ?? 0) - 1;
    if (above.length === 0) return { shift: SHIFT, factor: 0, offset: 0, up };
    const factor = slope * 2 ** (SHIFT + 32 - up);
    if (factor >= 2 ** 31 - TRIES) return undefined;
    const fit = fitFactor(above, factor, 32 - up, SHIFT);
    return fit && { ...fit, up };
  });
  if (typeof all === "string") return all;
  return all.map(({ fit: { up, factor, offset }, bias, base, most, lowest }) => ({
    most,
    up,
    factor,
    // Sums are counted from where the code is at its top.
    bias: bias - base - most,
    offset: (offset + (lowest & 255) * 2 ** SHIFT) % 2 ** 32,
  }));
}

/** Definition of `model_scales_<name>`, filled up to a multiple of some number of channels. */
export function defineSlopes(name: string, slopes: readonly Slope[], multiple = 1): string {
  const rows = slopes.map(({ bias, most, up, factor, offset }) =>
    `{ ${bias}, ${most + up * 2 ** 24}, ${-factor}, ${offset}u }`
  );
  while (rows.length % multiple !== 0) rows.push("{ 0, 0, 0, 0 }");
  return `static const struct intnic_slope model_scales_${name}[${rows.length}] = {\n` +
    `${formatList(rows)}\n};\n`;
}
