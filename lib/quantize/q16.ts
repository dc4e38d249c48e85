import type { QuantizedTensor, Rounding } from "../types.ts";
import { type FixedPoint, requantize, roundingRule, toFixedPoint } from "./requant.ts";

/**
 * Conversion between a tensor's int8 codes and Q16.16 fixed point (real · 65536 in an int32), for
 * firmware whose features are fixed point already. Each factor is a multiplier and shift as in
 * `requant.ts`; the way in rounds by the graph's rule, the way out always once.
 */
export interface Q16 {
  readonly fixed: FixedPoint;
  /** Left shift of the operand before the product. */
  readonly prescale: number;
}

/**
 * Factor from Q16.16 to codes, or undefined if a step of the tensor is at most four steps of
 * Q16.16 (a scale of 2⁻¹⁴), where fixed point could not tell the codes apart well.
 */
export function fromQ16({ scale }: QuantizedTensor, rounding: Rounding): Q16 | undefined {
  const factor = 1 / (scale * 65536);
  if (factor >= 0.25) return undefined;
  return { fixed: roundingRule(rounding).toFixedPoint(factor), prescale: 0 };
}

/**
 * Factor from codes to Q16.16, or undefined if a step of the tensor is below one of Q16.16's, or if
 * the tensor's range, at scales from 32 up, could leave Q16.16's ±32768. Differences q − z have nine bits, so they are shifted up first.
 */
export function toQ16({ scale }: QuantizedTensor): Q16 | undefined {
  if (scale >= 32 || scale < 2 ** -16) return undefined;
  const prescale = scale < 16 ? 22 : 23;
  return { fixed: toFixedPoint(scale * 65536 / 2 ** prescale), prescale };
}

/** int8 codes of Q16.16 values: the meaning of the generated Q16.16 entry's first step. */
export function codesFromQ16(
  values: Int32Array,
  tensor: QuantizedTensor,
  q16: Q16,
  rounding: Rounding,
): Int8Array {
  const { multiplier, shift } = q16.fixed;
  const rule = roundingRule(rounding);
  return Int8Array.from(values, (value) => {
    const code = rule.requantize(value, multiplier, shift) + tensor.zeroPoint;
    return Math.min(127, Math.max(-128, code));
  });
}

/** Q16.16 values of int8 codes: the meaning of the generated Q16.16 entry's last step. */
export function codesToQ16(codes: Int8Array, tensor: QuantizedTensor, q16: Q16): Int32Array {
  const { multiplier, shift } = q16.fixed;
  return Int32Array.from(
    codes,
    (code) => requantize((code - tensor.zeroPoint) * 2 ** q16.prescale, multiplier, shift),
  );
}
