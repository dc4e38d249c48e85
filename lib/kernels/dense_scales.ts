import { quantizedLinear } from "../ops/op.ts";
import type { Encoding, QuantizedNode, Rounding } from "../types.ts";
import { codesOfAll } from "./pointwise_codes.ts";
import { type Scale, scalesOf } from "./scale.ts";

/** How 256 times the sums of a layer become codes: `firmware/kernels/dsp/dense_codes.c`. */
export interface DenseScales {
  /** Macros of that file. */
  readonly macro: "SAME" | "EACH";
  readonly rule: "SHIFT" | "PLAIN" | "TFLITE";
  /** What is added to 256 times the sums. */
  readonly more: number;
  /** The `struct intnic_dense_scale` of all outputs. */
  readonly common: string;
  /** Multiplier, addend and right shift of one output; of none, what gives any code. */
  each(output: number): readonly number[];
}

/** The shift of the rule SHIFT there: factors below 1/4 have room for it. */
const SHIFT = 9;
/** Largest magnitude of an addend, so that a product's top word can be added to it. */
const MAX_ADDEND = 2 ** 30;

/**
 * The scales of a layer, or why it cannot have them.
 *
 * By the rule `single`, 256 times a sum only needs a longer shift. By `tflite` the product is rounded
 * before the zero point is added; the lower half that it rounds at, and all of the other, are one
 * addend for sums that are not negative: enough where nothing below the zero point comes out. Where one
 * scale does for all outputs, numbers for a fixed shift are mostly found as well.
 */
export function denseScales(
  node: QuantizedNode,
  inputZero: number,
  output: Encoding,
  rounding: Rounding,
): DenseScales | string {
  const shifted = codesOfAll(quantizedLinear(node), inputZero, node, output, rounding, {
    times: 256,
    more: 255,
    shift: SHIFT,
  });
  if (shifted !== undefined) {
    const words = [shifted.multiplier, shifted.addend, SHIFT];
    const common = `{ ${words.join(", ")} }`;
    return { macro: "SAME", rule: "SHIFT", common, more: shifted.more, each: () => words };
  }
  // The zero point of the input is no matter of scales.
  const scales = scalesOf(quantizedLinear(node), 0, output, rounding);
  if (typeof scales === "string") return scales;
  const tflite = rounding === "tflite";
  const plain = scales.map(({ multiplier, addend, right }) =>
    tflite
      ? { multiplier, addend: 128 * addend + 64, right: right + 7 }
      : { multiplier, addend: 256 * addend, right: right + 8 }
  );
  const outgrown = plain.findIndex(({ addend, right }) =>
    Math.abs(addend) >= MAX_ADDEND || right > 31
  );
  if (!tflite && outgrown >= 0) {
    return `256 times the sum of channel ${outgrown} leaves no room for its zero point`;
  }
  const isPlain = outgrown < 0 && (!tflite || node.clamp[0] >= output.zeroPoint);
  const used: readonly Omit<Scale, "bias">[] = isPlain ? plain : scales;
  const words = (o: number) => {
    const { multiplier, addend, right } = used[o] ?? { multiplier: 0, addend: 0, right: 1 };
    return [multiplier, addend, right];
  };
  const same = used.every((_, o) => words(o).join() === words(0).join());
  return {
    macro: same ? "SAME" : "EACH",
    rule: isPlain ? "PLAIN" : "TFLITE",
    more: 0,
    common: `{ ${(same ? words(0) : [0, 0, 1]).join(", ")} }`,
    each: words,
  };
}
