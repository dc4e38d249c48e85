import type { QuantizedNode, Rounding } from "../types.ts";

/** floor((f₀·x₀ + f₁·x₁ + offset) / 2^shift) of two int8 codes, in int32 throughout. */
export interface WholeSum {
  readonly factors: readonly [number, number];
  readonly offset: number;
  /** 0…30. */
  readonly shift: number;
}

/** That of a sum of two tensors, `addition.ts`; undefined where it takes more than one rounding. */
export function wholeSumOf(
  { parameters }: QuantizedNode,
  rounding: Rounding,
): WholeSum | undefined {
  return rounding === "tflite"
    ? (parameters as { readonly whole?: WholeSum }).whole
    : parameters as WholeSum;
}

/** Neighbours of each factor that are tried: the other rounding may be no rounding of these. */
const NEAR = [0, 1, -1, 2, -2];

/**
 * One multiplication an input and one shift that give exactly what another, longer computation gives
 * on all 65,536 pairs of codes, or undefined if none is near: then the longer one rounds in ways that
 * one rounding cannot follow.
 *
 * For given factors, every pair allows an interval of offsets; what is left of all of them is the
 * answer.
 *
 * @param wanted the result, limited to `clamp`
 * @param near factors and shift of the real sum
 */
export function equalWholeSum(
  wanted: (x0: number, x1: number) => number,
  clamp: readonly [number, number],
  near: Pick<WholeSum, "factors" | "shift">,
): WholeSum | undefined {
  const results = new Int8Array(65536);
  for (let i = 0; i < 65536; i++) results[i] = wanted((i >> 8) - 128, (i & 255) - 128);
  const { shift } = near;
  for (const d0 of NEAR) {
    for (const d1 of NEAR) {
      const factors = [near.factors[0] + d0, near.factors[1] + d1] as const;
      const offset = commonOffset(results, clamp, { factors, shift });
      if (offset === undefined) continue;
      const reach = 128 * (Math.abs(factors[0]) + Math.abs(factors[1])) + Math.abs(offset);
      if (reach < 2 ** 31) return { factors, offset, shift };
    }
  }
  return undefined;
}

/** An offset that is right for every pair of codes. */
function commonOffset(
  results: Int8Array,
  [low, high]: readonly [number, number],
  { factors: [f0, f1], shift }: Pick<WholeSum, "factors" | "shift">,
): number | undefined {
  const one = 2 ** shift;
  let least = -Infinity;
  let most = Infinity;
  for (let i = 0; i < 65536; i++) {
    const sum = f0 * ((i >> 8) - 128) + f1 * ((i & 255) - 128);
    const result = results[i]!;
    // What is limited may lie anywhere beyond.
    if (result > low) least = Math.max(least, result * one - sum);
    if (result < high) most = Math.min(most, (result + 1) * one - 1 - sum);
    if (least > most) return undefined;
  }
  if (least === -Infinity || most === Infinity) return undefined;
  return Math.floor((least + most) / 2);
}
