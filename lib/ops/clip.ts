import { UserError } from "../errors.ts";
import { factorTflite, scaledTflite } from "./requantized.ts";
import { unary } from "./unary.ts";

/** What a clip needs to know. */
export interface Clip {
  /** At most `high`; may be −∞. */
  readonly low: number;
  /** May be ∞. */
  readonly high: number;
}

/**
 * x limited to low…high. The output keeps the input's scale, in which no code changes but those
 * clipped, unless the model brings another.
 */
export const clip = unary<Clip>({
  quantization: "follow",
  real: (x, { low, high }) => Math.min(high, Math.max(low, x)),

  check({ name, attributes: { low, high } }) {
    if (!(low <= high && low < Infinity && high > -Infinity)) {
      throw new UserError(
        `Clip ${name} has the limits ${low} and ${high}; the lower must not exceed the upper.`,
      );
    }
  },

  tflite(context, { low, high }) {
    const { scale, zeroPoint } = context.output;
    const scaled = scaledTflite(context, factorTflite(context, 1));
    const least = Math.round(Math.fround(low / scale)) + zeroPoint;
    const most = Math.round(Math.fround(high / scale)) + zeroPoint;
    return (x) => Math.min(most, Math.max(least, scaled(x)));
  },
});
