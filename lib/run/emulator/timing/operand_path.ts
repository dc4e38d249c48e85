/**
 * Which part of the arithmetic unit an instruction uses, as far as the published measurements of
 * Cortex-M33 and M7 tell instructions apart. The decoder knows only that something passes through a
 * shifter; here the encoding is looked at (DDI 0403E, A5.2 and A5.3).
 *
 * @module
 */

import type { Instruction } from "../decode/instruction.ts";

export type OperandPath =
  /** Sums, logic, copies, comparisons of registers and simple constants. */
  | "plain"
  /** A shift or rotation and nothing else. */
  | "shift"
  /** A second operand that is shifted on its way. */
  | "inline-shift"
  /** A constant of eight bits that are shifted on their way. */
  | "shifted-constant"
  /** Extraction of a byte or halfword. */
  | "extend"
  /** The same with an addition. */
  | "extend-add"
  /** Bitfields, and bytes or bits in another order. */
  | "bits"
  /** Parallel and saturating arithmetic, and what else the DSP extension has but products. */
  | "dsp";

const NAMED: ReadonlyMap<string, OperandPath> = new Map([
  ...["lsl", "lsr", "asr", "ror", "lsls", "lsrs", "asrs", "rors"].map((n) => [n, "shift"] as const),
  ...["sxtb", "sxth", "uxtb", "uxth", "sxtb16", "uxtb16"].map((n) => [n, "extend"] as const),
  ...["sxtab", "sxtah", "uxtab", "uxtah", "sxtab16", "uxtab16"]
    .map((n) => [n, "extend-add"] as const),
  ...["bfi", "bfc", "sbfx", "ubfx", "rev", "rev16", "revsh", "rbit"]
    .map((n) => [n, "bits"] as const),
  ...["ssat", "usat", "ssat16", "usat16", "pkh", "clz"].map((n) => [n, "dsp"] as const),
]);

/** The path of an arithmetic Thumb instruction; "plain" for others, whatever they are. */
export function operandPath(i: Instruction): OperandPath {
  if (i.kind !== "alu") return "plain";
  const named = NAMED.get(i.name);
  if (named !== undefined) return named;
  if (i.dsp) return "dsp";
  if (i.size === 2) return "plain";
  if (i.word >>> 25 === 0b1110101) {
    // Neither a distance nor a kind of shift other than LSL by none.
    if ((i.word & 0x70f0) === 0) return "plain";
    return i.name === "mov" ? "shift" : "inline-shift";
  }
  // Data processing with a modified constant: from 0b0100 on it is eight bits, rotated.
  if (i.word >>> 27 === 0b11110 && (i.word & 0x02008000) === 0) {
    const code = ((i.word >>> 23) & 8) | ((i.word >>> 12) & 7);
    return code >= 4 ? "shifted-constant" : "plain";
  }
  return "plain";
}

/** The register that is shifted, extended or extracted, as a bit; 0 if the path has none. */
export function shiftedRegister(i: Instruction, path: OperandPath): number {
  switch (path) {
    case "inline-shift":
    case "extend-add":
      return 1 << (i.word & 15);
    case "bits":
      return i.size === 4 && /bf/.test(i.name) ? 1 << ((i.word >>> 16) & 15) : i.reads;
    default:
      return i.name === "pkh" ? 1 << (i.word & 15) : 0;
  }
}
