import { UserError } from "../errors.ts";
import { factorTflite, scaledTflite } from "./requantized.ts";
import { unary } from "./unary.ts";

/** What a leaky rectifier needs to know. */
export interface LeakyRelu {
  /** Slope below zero; any finite number. */
  readonly alpha: number;
}

/** x where it is positive, α·x below. */
export const leakyRelu = unary<LeakyRelu>({
  quantization: "range",
  real: (x, { alpha }) => x >= 0 ? x : alpha * x,

  check({ name, attributes: { alpha } }) {
    if (!Number.isFinite(alpha)) {
      throw new UserError(`Leaky relu ${name} has a slope of ${alpha}; it must be finite.`);
    }
  },

  tflite(context, { alpha }) {
    const { zeroPoint } = context.output;
    const above = scaledTflite(context, factorTflite(context, 1));
    const below = scaledTflite(context, Math.abs(factorTflite(context, alpha)));
    return (x) => {
      if (x >= 0) return above(x);
      return alpha < 0 ? 2 * zeroPoint - below(x) : below(x);
    };
  },
});
