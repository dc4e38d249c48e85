/**
 * Why a program could not go on, told in a sentence.
 *
 * @module
 */

import type { Elf } from "../../build/elf.ts";
import { UserError } from "../../errors.ts";

export type FaultKind =
  | "memory"
  | "instruction"
  | "limit"
  | "not-code"
  | "exception"
  | "stopped"
  | "stack";

/** A run that ended with something else than its return. */
export class EmulatorFault extends UserError {
  readonly kind: FaultKind;
  /** Address of the instruction at fault, or of the block it is in. */
  readonly pc: number;
  /** Function and offset of `pc`, e.g. `dense+0x12`. */
  readonly location: string;
  /** The memory address accessed, if that was the fault. */
  readonly address: number | undefined;

  constructor(
    kind: FaultKind,
    message: string,
    where: { pc: number; location: string; address?: number | undefined },
  ) {
    super(message);
    this.kind = kind;
    this.pc = where.pc;
    this.location = where.location;
    this.address = where.address;
  }
}

export function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, "0")}`;
}

/** `function+offset` of an address, or the bare address where no function is known. */
export function locate(elf: Elf, address: number): string {
  let best: { name: string; address: number } | undefined;
  const section = elf.sections.findIndex((s) =>
    (s.flags & 4) !== 0 && address >= s.address && address < s.address + s.size
  );
  for (const s of elf.symbols) {
    if (s.kind !== "function" || s.section !== section || s.address > address) continue;
    if (s.size > 0 && address >= s.address + s.size) continue;
    if (best === undefined || s.address > best.address) best = s;
  }
  if (best === undefined) return hex(address);
  const offset = address - best.address;
  return offset === 0 ? best.name : `${best.name}+0x${offset.toString(16)}`;
}
