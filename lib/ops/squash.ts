import { UserError } from "../errors.ts";

/** The functions that a recurrent layer may apply, all bounded by 1. */
export type SquashName = "tanh" | "sigmoid" | "hard_sigmoid";

/** A function by name, and the numbers of a hard sigmoid, α·x + β limited to 0…1. */
export interface Squash {
  readonly name: SquashName;
  readonly alpha: number;
  readonly beta: number;
}

const KINDS: readonly SquashName[] = ["tanh", "sigmoid", "hard_sigmoid"];

/** tanh(k / 32) in Q0.15 for k = 0…256; `squash.c` has the same numbers. */
export const tanhTable: Int16Array = Int16Array.from(
  { length: 257 },
  (_, k) => Math.min(32767, Math.round(32768 * Math.tanh(k / 32))),
);

/** @throws {UserError} if there is no such function or a hard sigmoid's numbers are out of range */
export function checkSquash(layer: string, { name, alpha, beta }: Squash): void {
  if (!KINDS.includes(name)) {
    throw new UserError(
      `Layer ${layer} applies ${name}; recurrent layers can apply ${KINDS.join(", ")}.`,
    );
  }
  if (!(alpha >= 1 / 16 && alpha < 1 && beta >= 0 && beta <= 1)) {
    throw new UserError(
      `Layer ${layer} applies a hard sigmoid of slope ${alpha} and offset ${beta}; the slope must ` +
        `be from 1/16 to below 1, the offset 0 to 1.`,
    );
  }
}

/** The function in double precision. */
export function floatSquash({ name, alpha, beta }: Squash): (x: number) => number {
  if (name === "tanh") return Math.tanh;
  if (name === "sigmoid") return (x) => 1 / (1 + Math.exp(-x));
  return (x) => Math.min(1, Math.max(0, alpha * x + beta));
}

/**
 * The function of x in Q.12 as Q0.15 from −32767 to 32767: tanh by linear interpolation between table
 * entries 1/32 apart, sigmoid as (1 + tanh(x/2))/2. Off by at most 5·2^−15.
 */
export function integerSquash(squash: Squash): (x: number) => number {
  if (squash.name === "tanh") return (x) => interpolate(x, 7);
  if (squash.name === "sigmoid") return (x) => (32768 + interpolate(x, 8)) >> 1;
  const { slope, offset } = hardNumbers(squash);
  return (x) => {
    const value = Math.min(65535, Math.max(-65535, x)) * slope;
    return Math.min(32767, Math.max(0, (value >> 12) + offset));
  };
}

/** The C of a `struct intnic_squash`. */
export function squashFields(squash: Squash): string {
  const { slope, offset } = hardNumbers(squash);
  return `{ ${KINDS.indexOf(squash.name)}, ${slope}, ${offset} }`;
}

function hardNumbers({ alpha, beta }: Squash) {
  return { slope: Math.min(32767, Math.round(alpha * 32768)), offset: Math.round(beta * 32768) };
}

function interpolate(x: number, shift: number): number {
  const size = Math.min(Math.abs(x), (256 << shift) - 1);
  const entry = size >> shift;
  const [from, to] = [tanhTable[entry]!, tanhTable[entry + 1]!];
  const rest = size & ((1 << shift) - 1);
  const value = from + (((to - from) * rest + (1 << (shift - 1))) >> shift);
  return x < 0 ? -value : value;
}
