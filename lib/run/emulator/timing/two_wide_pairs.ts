/**
 * Which two instructions a Cortex-M7 can begin in one cycle, operands aside: jnk0le/random,
 * cortex_m7.md.
 *
 * @module
 */

import type { Instruction } from "../decode/instruction.ts";
import { operandPath } from "./operand_path.ts";

const SIMPLE = new Set([
  "alu",
  "multiply",
  "multiply-add",
  "multiply-long",
  "multiply-add-long",
  "load",
  "store",
  "nop",
  "branch",
  "branch-if",
  "call",
  "jump",
  "if-then",
]);

/** Whether `second` may begin in the same cycle as `first`, which comes right before it. */
export function canPair(first: Instruction, second: Instruction, loadPairs: boolean): boolean {
  if (!SIMPLE.has(first.kind) || !SIMPLE.has(second.kind)) return false;
  // What is behind a branch that is always taken begins anew.
  if (first.jumps && first.kind !== "branch-if") return false;
  if ((first.writes & second.writes) !== 0 && first.kind !== "alu") return false;
  const [a, b] = [first.kind, second.kind];
  if (a.startsWith("multiply") && (b.startsWith("multiply") || b === "store")) return false;
  if (a === "store" && (b.startsWith("multiply") || b === "store")) return false;
  if (a === "load" && b === "load") return loadPairs && differentBanks(first, second);
  return sharesShifter(first, second);
}

/** At most one of a pair passes the shifter or the unit for bitfields and parallel arithmetic. */
function sharesShifter(first: Instruction, second: Instruction): boolean {
  const [a, b] = [operandPath(first), operandPath(second)];
  const special = (p: string) => /^(extend|bits|dsp)/.test(p);
  const shifted = (p: string) => p === "inline-shift" || p === "shifted-constant";
  if (special(a) && special(b)) return false;
  if (shifted(b)) return !shifted(a) && a !== "shift" && !takesShifter(first);
  return !(shifted(a) && takesShifter(second));
}

/** Of those, the ones that no shifted operand can go with. */
function takesShifter(i: Instruction): boolean {
  const path = operandPath(i);
  return path === "bits" || path === "extend-add" || i.name === "pkh";
}

/** Whether two loads from one base touch an even and an odd word. */
function differentBanks(a: Instruction, b: Instruction): boolean {
  return a.addressing === "immediate" && b.addressing === "immediate" &&
    a.addressReads === b.addressReads && (((a.offset ^ b.offset) >> 2) & 1) === 1;
}
