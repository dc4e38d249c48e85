import { mulHigh, roundingRule } from "../quantize/requant.ts";
import type { Encoding, LinearConstants, Rounding } from "../types.ts";
import type { Scale } from "./scale.ts";

/** Most that may be added to a product's top word, which is below 2³⁰. */
const MAX_ADDEND = 2 ** 30 - 1;

/** One channel, and the sums it can have. */
interface Channel {
  readonly multiplier: number;
  readonly shift: number;
  readonly sums: readonly [low: number, high: number];
}

/**
 * Scales for sums that come as 256 times what they are, where negative ones need no rounding of
 * their own; undefined for a channel that has none.
 */
export function scalesOf256(
  scales: readonly Scale[],
  linear: LinearConstants,
  sums: readonly (readonly [number, number])[],
  { output, rounding }: { readonly output: Encoding; readonly rounding: Rounding },
): (Scale | undefined)[] {
  return scales.map((scale, o) => {
    // By the rule tflite, products are doubled; half of the top word's 2⁷ is its first rounding.
    const exact = rounding === "tflite"
      ? { ...scale, addend: 128 * scale.addend + 64, right: scale.right + 7 }
      : { ...scale, addend: 256 * scale.addend, right: scale.right + 8 };
    if (Math.abs(exact.addend) <= MAX_ADDEND) return exact;
    const channel = { multiplier: linear.multiplier[o]!, shift: linear.shift[o]!, sums: sums[o]! };
    const short = shortened(exact);
    return isSame(short, channel, output, rounding) ? short : undefined;
  });
}

/** The same with fewer bits, so that the zero point fits. */
function shortened(scale: Scale): Scale {
  const factor = 2 ** Math.ceil(Math.log2(Math.abs(scale.addend) / MAX_ADDEND));
  return {
    ...scale,
    multiplier: Math.round(scale.multiplier / factor),
    addend: Math.floor(scale.addend / factor),
    right: scale.right - Math.log2(factor),
  };
}

/** Whether 256 times every sum gives its code, by a look at the sums where codes change. */
function isSame(
  scale: Scale,
  { multiplier, shift, sums: [low, high] }: Channel,
  { zeroPoint }: Encoding,
  rounding: Rounding,
): boolean {
  const least = rounding === "tflite" ? zeroPoint : -128;
  const clamped = (code: number) => Math.min(127, Math.max(least, code));
  const { requantize } = roundingRule(rounding);
  const wanted = (sum: number) => clamped(requantize(sum, multiplier, shift) + zeroPoint);
  const given = (sum: number) =>
    clamped((mulHigh(256 * sum, scale.multiplier) + scale.addend) >> scale.right);
  if (wanted(low) !== given(low) || wanted(high) !== given(high)) return false;
  for (let from = low; wanted(from) < wanted(high);) {
    // The first sum of the next code.
    let [before, first] = [from, high];
    while (first - before > 1) {
      const middle = Math.floor((before + first) / 2);
      if (wanted(middle) > wanted(from)) first = middle;
      else before = middle;
    }
    if (wanted(before) !== given(before) || wanted(first) !== given(first)) return false;
    from = first;
  }
  return true;
}
