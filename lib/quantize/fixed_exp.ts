/**
 * Exponential, reciprocal, logistic and tanh in 32-bit fixed point, integer for integer what the
 * reference kernels of TensorFlow Lite compute with gemmlowp's `fixedpoint.h`. Here they make tables
 * at generation time; what must run on the core is in `softmax.c`.
 *
 * A Qm.n number is an int32 whose unit is 2^−n, n = 31 − m.
 *
 * @module
 */
import { divideByPowerOfTwo, doublingHigh } from "./requant.ts";

/** 1 in Q0.31, as near as it comes. */
export const ONE = 2 ** 31 - 1;

/** e^−(2^k) in Q0.31 for k = −2…4. */
const POWERS = [1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242] as const;

/** e^(−1/8) and 1/3 in Q0.31. */
const EXP_EIGHTH = 1895147668;
const THIRD = 715827883;

/** 48/17 and −32/17 in Q2.29: the start of Newton's iteration for 1/d with d in [1/2, 1]. */
const START = 1515870810;
const SLOPE = -1010580540;

/**
 * e^x in Q0.31.
 *
 * @param x Qm.n with m = `integerBits`, 0…5; −2^31 < x ≤ 0
 */
export function expNegative(x: number, integerBits: number): number {
  if (x === 0) return ONE;
  const fraction = 31 - integerBits;
  const quarter = 2 ** (fraction - 2);
  // x = rest − remainder with rest in [−1/4, 0) and remainder a sum of powers of two.
  const rest = (x & (quarter - 1)) - quarter;
  const remainder = rest - x;
  let result = expQuarter(rest * 2 ** integerBits);
  POWERS.forEach((power, i) => {
    const bit = fraction + i - 2;
    if (bit < 31 && (remainder >> bit & 1) === 1) result = doublingHigh(result, power);
  });
  return result;
}

/** e^a for a in [−1/4, 0), both Q0.31: four terms of the series around −1/8. */
function expQuarter(a: number): number {
  const x = a + 2 ** 28;
  const x2 = doublingHigh(x, x);
  const x3 = doublingHigh(x2, x);
  const x4 = doublingHigh(x2, x2);
  const cubic = doublingHigh(divideByPowerOfTwo(x4, 2) + x3, THIRD);
  return EXP_EIGHTH + doublingHigh(EXP_EIGHTH, x + divideByPowerOfTwo(cubic + x2, 1));
}

/** 1/d in Q2.29, for d in [1/2, 1] as Q0.31, by three steps of Newton's iteration. */
function newton(d: number): number {
  let x = START + doublingHigh(d, SLOPE);
  // The correction is Q4.27; shifting it to Q2.29 cannot overflow, it is below 1/4.
  for (let i = 0; i < 3; i++) x += doublingHigh(x, 2 ** 29 - doublingHigh(d, x)) * 4;
  return x;
}

/** 1 / (1 + a) in Q0.31, for a in [0, 1) as Q0.31. */
export function reciprocal(a: number): number {
  return Math.min(ONE, 2 * newton((a >> 1) + 2 ** 30));
}

/** (1 − a) / (1 + a) in Q0.31, for a in [0, 1) as Q0.31. */
function complement(a: number): number {
  return Math.min(ONE, 4 * (newton((a >> 1) + 2 ** 30) - 2 ** 29));
}

/** 1 / (1 + e^−x) in Q0.31, for x in Q4.27. */
export function logistic(x: number): number {
  if (x === 0) return 2 ** 30;
  const positive = reciprocal(expNegative(-Math.abs(x), 4));
  return x > 0 ? positive : ONE - positive;
}

/** tanh(x) in Q0.31, for x in Q4.27. */
export function tanh(x: number): number {
  if (x === 0) return 0;
  // The bits of x as Q5.26 are 2x.
  return Math.sign(x) * complement(expNegative(-Math.abs(x), 5));
}

/** ln 2, 2^−1/4 and 2^−1/2 in Q0.31, and the coefficients of the rational function below. */
const LN2 = 1488522236;
const QUARTER_ROOT = 1805811301;
const ROOT = 1518500250;
const NUMERATOR = 117049297;
const DENOMINATOR = [1057819769, 638450708, 127690142] as const;

/**
 * ln(z) in Q5.26 for z in Q12.19, at least 1: z = r · 2^e with r near 2^−1/4, of two such splits the
 * one with the smaller r and the larger e, and a rational function of r for ln(r · 2^1/4).
 */
export function logarithm(z: number): number {
  const zeros = Math.clz32(z);
  const zerosB = Math.clz32(doublingHigh(z, ROOT)) - 1;
  const ra = Math.min(ONE, 2 * doublingHigh(z * 2 ** (zeros - 1), ROOT));
  const rb = Math.min(ONE, z * 2 ** zerosB);
  const ea = (12 - zeros) * 2 ** 25 + 2 ** 23;
  const eb = (12 - zerosB) * 2 ** 25 - 2 ** 23;
  const r = Math.min(ra, rb);
  const p = Math.floor((r + QUARTER_ROOT + 1) / 2);
  const q = 2 * (r - QUARTER_ROOT);
  const q2 = doublingHigh(q, q);
  const numerator = doublingHigh(q, r) + doublingHigh(doublingHigh(q, q2), NUMERATOR);
  const factor = DENOMINATOR[0] + q + doublingHigh(DENOMINATOR[2], q2);
  const inverse = reciprocal(doublingHigh(p, factor) + doublingHigh(DENOMINATOR[1], q));
  const whole = doublingHigh(Math.max(ea, eb), LN2);
  return 2 * (whole + doublingHigh(divideByPowerOfTwo(numerator, 6), inverse));
}
