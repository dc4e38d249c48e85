/**
 * What softmax and its logarithm share: the sum of e^(β(x − largest)) over a row, as TensorFlow Lite's
 * reference kernels compute it. As the difference of an input to the largest of its row is one of 256,
 * the exponentials are a table made here, of at most 1 KB.
 *
 * @module
 */
import { formatList } from "../codegen/literals.ts";
import { UserError } from "../errors.ts";
import { expNegative, ONE } from "../quantize/fixed_exp.ts";
import { requantizeTflite, toFixedPointTflite } from "../quantize/requant.ts";
import type { Node, Shape } from "../types.ts";

/** Most columns whose sum of exponentials the Q12.19 accumulator holds. */
const MAX_COLUMNS = 4095;

/** Integer bits of a scaled difference; those of 31 and more count as infinite. */
const DIFFERENCE_BITS = 5;

/** How a difference of whole codes becomes Q5.26: d · 2^shift · multiplier / 2³¹ for d ≤ radius. */
export interface Difference {
  readonly multiplier: number;
  /** 0…30. */
  readonly shift: number;
  /** 0…255. */
  readonly radius: number;
}

/** @param factor real size of one code, times β */
export function differenceOf(factor: number): Difference {
  const unit = 2 ** (31 - DIFFERENCE_BITS);
  // A step so large that only the largest input counts; its shift would not fit an int32.
  if (factor * unit >= 2 ** 30) return { multiplier: 0, shift: 0, radius: 0 };
  const { multiplier, shift } = toFixedPointTflite(factor * unit);
  // Steps so small that nothing tells them from none.
  if (shift < 0) return { multiplier: Math.round(multiplier * 2 ** shift), shift: 0, radius: 255 };
  return { multiplier, shift, radius: Math.min(255, Math.floor(31 * unit / 2 ** shift)) };
}

/**
 * e^(−factor·d) in Q0.31 for d = 0, 1, …; what lies behind the end is as the last entry. Values so
 * small that neither the sum nor any output can show them are zero.
 */
export function exponentials(factor: number): Int32Array {
  const { multiplier, shift, radius } = differenceOf(factor);
  const exps = [ONE];
  for (let d = 1; d < 256; d++) {
    const exp = d > radius
      ? 0
      : expNegative(requantizeTflite(-d, multiplier, shift), DIFFERENCE_BITS);
    // 2048 is half of the sum's last bit.
    exps.push(exp < 2048 ? 0 : exp);
    if (exp < 2048) break;
  }
  return Int32Array.from(exps);
}

/** Entry of the table for an input `below` codes under the largest. */
export function exponentialOf(exps: Int32Array, below: number): number {
  return exps[Math.min(below, exps.length - 1)]!;
}

/** The largest of a row, and the sum of the exponentials in Q12.19. */
export function sumExponentials(row: Int8Array, exps: Int32Array): { most: number; sum: number } {
  const most = row.reduce((a, b) => Math.max(a, b));
  const sum = row.reduce(
    (total, value) => total + ((exponentialOf(exps, most - value) + 2048) >>> 12),
    0,
  );
  return { most, sum };
}

/** The C of the table. */
export function defineExponentials(name: string, exps: Int32Array): string {
  return `static const int32_t ${name}[${exps.length}] = {\n${formatList(exps)}\n};\n`;
}

/** @throws {UserError} if a row is too long to sum */
export function checkColumns({ name, op }: Node<object>, shape: Shape): void {
  const columns = shape.at(-1)!;
  if (columns > MAX_COLUMNS) {
    throw new UserError(
      `Layer ${name} (${op}) is taken over ${columns} values; at most ${MAX_COLUMNS} are possible.`,
    );
  }
}

/** Kernels that both need, callees first. */
export const exponentialKernels = [
  "minmax",
  "mul_high",
  "doubling_high",
  "leading_zeros",
  "reciprocal",
  "sum_exps",
] as const;
