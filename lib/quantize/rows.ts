/**
 * Matrices of int8 weights whose products become fixed point of 12 fractional bits: what recurrent
 * layers add up from several inputs of different scales, before a function is applied.
 *
 * @module
 */
import { formatList } from "../codegen/literals.ts";
import { packWeights } from "../codegen/pack.ts";
import { UserError } from "../errors.ts";
import type { FloatTensor } from "../types.ts";
import { quantizeWeights, weightScales } from "./linear.ts";
import { mulHigh } from "./requant.ts";

/** Real size of a step of the results. */
export const STEP = 2 ** -12;

/** Most that one row's result may be, so that two and what follows stay within int32. */
const MAX_RESULT = 2 ** 29;

/** Integer rows: results are floor((bias + Σ weights·x) · multiplier · 2^(left − right − 33) + 1/2). */
export interface Rows {
  /** `[rows, taps]`. */
  readonly weights: Int8Array;
  /** The input's zero point folded in. */
  readonly bias: Int32Array;
  readonly multiplier: Int32Array;
  readonly left: Int8Array;
  readonly right: Int8Array;
  /** No partial sum of a row, in any order, exceeds this in magnitude. */
  readonly bound: Float64Array;
}

/**
 * int8 rows of a float matrix, symmetric per row, for inputs of that scale and zero point.
 *
 * @param input `largest` is the largest magnitude of its codes
 * @throws {UserError} naming layer and row, if a sum or its result could leave int32
 */
export function quantizeRows(
  layer: string,
  weights: FloatTensor,
  bias: Float32Array,
  input: { readonly scale: number; readonly zeroPoint: number; readonly largest: number },
): Rows {
  const float = { weights, bias };
  const scales = weightScales(float, input.scale);
  const codes = quantizeWeights(float, scales, input.scale);
  const rows = bias.length;
  const taps = codes.weights.length / rows;
  const result = {
    weights: codes.weights,
    bias: new Int32Array(rows),
    multiplier: new Int32Array(rows),
    left: new Int8Array(rows),
    right: new Int8Array(rows),
    bound: new Float64Array(rows),
  };
  for (let o = 0; o < rows; o++) {
    const row = codes.weights.subarray(o * taps, (o + 1) * taps);
    const size = row.reduce((sum, weight) => sum + Math.abs(weight), 0);
    const bound = Math.abs(codes.bias[o]!) + size * (input.largest + Math.abs(input.zeroPoint));
    const factor = input.scale * scales[o]! / STEP;
    const { multiplier, left, right } = toShifted(factor);
    if (bound * 2 ** left >= 2 ** 31 || bound * factor > MAX_RESULT) {
      throw new UserError(
        `Row ${o} of the weights of layer ${layer} can reach ${bound * factor * STEP}, and its ` +
          `accumulator ${bound}; int32 holds ${MAX_RESULT * STEP} and ${2 ** 31 - 1}.`,
      );
    }
    result.bias[o] = codes.bias[o]! -
      input.zeroPoint * row.reduce((sum, weight) => sum + weight, 0);
    result.multiplier[o] = multiplier;
    result.left[o] = left;
    result.right[o] = right;
    result.bound[o] = bound;
  }
  return result;
}

/** A factor of multiplier · 2^(left − right − 33). */
export interface Shifted {
  readonly multiplier: number;
  readonly left: number;
  readonly right: number;
}

/** floor(value · factor + 1/2), exact. */
export function rescale(value: number, { multiplier, left, right }: Shifted): number {
  return ((mulHigh(value << left, multiplier) >> right) + 1) >> 1;
}

/** factor = multiplier · 2^(left − right − 33); right is at least 0, and left only where it must be. */
export function toShifted(factor: number): Shifted {
  if (factor === 0) return { multiplier: 0, left: 0, right: 0 };
  let exponent = Math.ceil(Math.log2(factor));
  let multiplier = Math.round(factor * 2 ** (31 - exponent));
  if (multiplier >= 2 ** 31) {
    multiplier = 2 ** 30;
    exponent++;
  }
  // factor = multiplier · 2^(exponent − 31), exponent − 31 = left − right − 33.
  return {
    multiplier,
    left: Math.max(0, exponent + 2),
    right: Math.min(30, Math.max(0, -exponent - 2)),
  };
}

/**
 * to[o] = (add ? to[o] : 0) + the result of row o, from row `first` to before `end`.
 *
 * @param x codes, of which row o's taps are those from `at` on
 */
export function applyRows(
  { weights, bias, multiplier, left, right }: Rows,
  { first, end, x, at, to, offset, add }: {
    readonly first: number;
    readonly end: number;
    readonly x: Int8Array | Int16Array;
    readonly at: number;
    readonly to: Int32Array;
    /** Where in `to` the result of row `first` goes. */
    readonly offset: number;
    readonly add: boolean;
  },
): void {
  const taps = weights.length / bias.length;
  for (let o = first; o < end; o++) {
    let sum = bias[o]!;
    for (let k = 0; k < taps; k++) sum = (sum + weights[o * taps + k]! * x[at + k]!) | 0;
    const factor = { multiplier: multiplier[o]!, left: left[o]!, right: right[o]! };
    const value = rescale(sum, factor);
    const place = offset + o - first;
    to[place] = (add ? to[place]! : 0) + value;
  }
}

/** C of an array of `struct intnic_row`. */
export function defineRows(name: string, { bias, multiplier, left, right }: Rows): string {
  const rows = [...bias].map((b, o) => `{ ${b}, ${multiplier[o]}, ${left[o]}, ${right[o]} }`);
  return `static const struct intnic_row ${name}[${rows.length}] = {\n${formatList(rows)}\n};\n`;
}

/** Weights as `recurrent.c` reads them: runs of rows packed by fours, one after the other. */
export function packRows({ weights, bias }: Rows, runs: readonly number[]): Int8Array {
  const taps = weights.length / bias.length;
  const packed = new Int8Array(weights.length);
  let row = 0;
  for (const rows of runs) {
    const part = weights.subarray(row * taps, (row + rows) * taps);
    packed.set(packWeights(part, rows), row * taps);
    row += rows;
  }
  return packed;
}
