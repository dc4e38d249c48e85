/**
 * Writes an instruction as text. Operands are told from what the decoder knows, so their order is
 * that of the manuals for loads, stores and branches only; elsewhere it is results, then sources.
 *
 * @module
 */

import type { Instruction } from "./instruction.ts";

const ARM = [
  ...["r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7"],
  ...["r8", "r9", "r10", "r11", "r12", "sp", "lr", "pc"],
];
const RISCV = [
  ...["zero", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1"],
  ...["a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7"],
  ...["s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6"],
];

/** Names of a machine's registers, by number. */
export function registerNames(machine: string): readonly string[] {
  return machine === "arm" ? ARM : RISCV;
}

/** The instruction and its encoding, e.g. `ldr r0, [r1, #4] (6848)`. */
export function instructionText(i: Instruction, machine: string): string {
  const encoding = (i.word >>> 0).toString(16).padStart(i.size * 2, "0");
  const operands = operandsOf(i, machine);
  return `${i.name}${operands === "" ? "" : ` ${operands}`} (${encoding})`;
}

function operandsOf(i: Instruction, machine: string): string {
  const names = registerNames(machine);
  const list = (bits: number) => names.filter((_, n) => (bits & (1 << n)) !== 0);
  if (i.target !== undefined) {
    return [...list(i.reads), `0x${(i.target >>> 0).toString(16)}`].join(", ");
  }
  const loads = i.kind.startsWith("load");
  if (!loads && !i.kind.startsWith("store")) {
    return [...list(i.writes), ...list(i.reads & ~i.writes)].join(", ");
  }
  const moved = list(loads ? i.loaded : i.reads & ~i.addressReads);
  const [base = "pc", index] = list(i.addressReads);
  if (i.kind.endsWith("-multiple")) return `${base}, {${moved.join(", ")}}`;
  if (machine !== "arm") return [...moved, `${i.offset}(${base})`].join(", ");
  const second = index ?? (i.offset === 0 ? undefined : `#${i.offset}`);
  return [...moved, `[${second === undefined ? base : `${base}, ${second}`}]`].join(", ");
}
