import { divideByPowerOfTwo, type FixedPoint, toFixedPointTflite } from "../quantize/requant.ts";
import { unary } from "./unary.ts";

/** x · (x + 3 limited to 0…6) / 6. */
export const hardSwish = unary({
  quantization: "range",
  real: (x) => x * Math.min(6, Math.max(0, x + 3)) / 6,

  // 16-bit fixed point: the input at 128 times its resolution, times its place in −3…3.
  tflite({ inputs: [input], output }) {
    const fine = Math.fround(input!.scale / 128);
    const scaling = toFixedPointTflite(Math.fround(fine / Math.fround(output.scale)));
    // The kernel refuses an output finer than the fine input.
    if (scaling.shift > 0) return undefined;
    const gate = toFixedPointTflite(Math.fround(fine / Math.fround(3 / 32768)));
    return (x) => {
      const scaled = multiply16(128 * x, short(scaling));
      let place = 128 * x;
      if (gate.shift > 0) place = saturate16(place * 2 ** (gate.shift - 1));
      place = multiply16(place, short(gate));
      if (gate.shift > 0) place = saturate16(place * 2);
      if (gate.shift < 0) place = divideByPowerOfTwo(place, -gate.shift);
      // From −1…1 to 0…1, then the product of both, rounded towards zero.
      const product = Math.trunc(((place + 32768) >> 1) * scaled / 32768);
      return divideByPowerOfTwo(product, -scaling.shift) + output.zeroPoint;
    };
  },
});

/** A multiplier's upper 16 bits, rounded. */
function short({ multiplier }: FixedPoint): number {
  return Math.min(32767, (multiplier + 32768) / 65536 | 0);
}

/** a·b / 2¹⁵ of two int16 values, rounded to nearest, half towards +∞. */
function multiply16(a: number, b: number): number {
  return saturate16(Math.floor(a * b / 32768 + 0.5));
}

function saturate16(value: number): number {
  return Math.min(32767, Math.max(-32768, value));
}
