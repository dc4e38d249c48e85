import { UserError } from "../errors.ts";
import { roundedSingly, unary } from "./unary.ts";

/** What an exponential linear unit needs to know. */
export interface Elu {
  /** Size of the values far below zero; any finite number, 1 in most networks. */
  readonly alpha: number;
}

/** x where it is positive, α·(e^x − 1) below. */
export const elu = unary<Elu>({
  quantization: "range",
  real: (x, { alpha }) => x >= 0 ? x : alpha * Math.expm1(x),

  check({ name, attributes: { alpha } }) {
    if (!Number.isFinite(alpha)) {
      throw new UserError(`Elu ${name} has an alpha of ${alpha}; it must be finite.`);
    }
  },

  tflite(context, { alpha }) {
    // It subtracts 1 in single precision, which can matter where a value lies halfway.
    const below = (x: number) => alpha * Math.fround(Math.fround(Math.exp(x)) - 1);
    return roundedSingly((x) => x >= 0 ? x : below(x), context);
  },
});
