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
  | "stack"
  | "alignment"
  | "divide"
  | "not-thumb"
  | "no-fpu"
  | "timeout"
  | "exit"
  | "reset";

/** What a fault report says besides its sentence. */
export interface FaultDetails {
  readonly pc: number;
  readonly location: string;
  readonly address?: number | undefined;
  readonly instruction?: string | undefined;
  readonly registers?: Readonly<Record<string, number>>;
  readonly callChain?: readonly string[];
  readonly likelyCause?: string | undefined;
}

/**
 * A run that ended with something else than its return. The message is the whole report; the fields
 * carry its parts.
 */
export class EmulatorFault extends UserError {
  readonly kind: FaultKind;
  /** Address of the instruction at fault, or of the block it is in. */
  readonly pc: number;
  /** Function and offset of `pc`, e.g. `dense+0x12`. */
  readonly location: string;
  /** The memory address accessed, if that was the fault. */
  readonly address: number | undefined;

  /** The instruction at fault in words, with its encoding, e.g. `ldr r0, [r1, #4] (6848)`. */
  readonly instruction: string | undefined;
  /** Registers as the instruction found them, by name; above 2⁵³ rounded. */
  readonly registers: Readonly<Record<string, number>>;
  /**
   * Who called, innermost first, as `function+offset` of the return addresses. Found by looking
   * through the stack for addresses behind calls, so it is probable, not certain.
   */
  readonly callChain: readonly string[];
  /** One sentence on the likely cause, where there is one to tell. */
  readonly likelyCause: string | undefined;

  constructor(kind: FaultKind, message: string, details: FaultDetails) {
    super(report(message, details));
    this.kind = kind;
    this.pc = details.pc;
    this.location = details.location;
    this.address = details.address;
    this.instruction = details.instruction;
    this.registers = details.registers ?? {};
    this.callChain = details.callChain ?? [];
    this.likelyCause = details.likelyCause;
  }
}

function report(message: string, { registers, callChain = [], likelyCause }: FaultDetails): string {
  const lines = [message];
  if (likelyCause !== undefined) lines.push(`Likely cause: ${likelyCause}`);
  if (callChain.length > 0) lines.push(`Called from (probably): ${callChain.join(" < ")}`);
  const values = Object.entries(registers ?? {})
    .map(([name, value]) => `${name.padStart(3)} ${value.toString(16).padStart(8, "0")}`);
  for (let n = 0; n < values.length; n += 8) lines.push(`  ${values.slice(n, n + 8).join("  ")}`);
  return lines.join("\n");
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
