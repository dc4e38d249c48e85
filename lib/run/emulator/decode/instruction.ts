/**
 * What a decoder says of one instruction: as much as timing, the search for float code and fault
 * reports need, and no more.
 *
 * @module
 */

import type { FloatOperands } from "./vfp.ts";

/** What an instruction does to the pipeline. */
export type Kind =
  | "alu"
  | "multiply"
  | "multiply-add"
  | "multiply-long"
  | "multiply-add-long"
  | "divide"
  | "load"
  | "store"
  | "load-double"
  | "store-double"
  | "load-multiple"
  | "store-multiple"
  /** To a fixed target, always. */
  | "branch"
  /** To a fixed target, on a condition. */
  | "branch-if"
  | "call"
  /** To a target in a register, calls through a register included. */
  | "jump"
  | "table-branch"
  | "if-then"
  | "nop"
  | "barrier"
  | "system"
  | "float"
  | "undefined";

/** How a load or store forms its address. */
export type Addressing = "none" | "immediate" | "register" | "literal";

export interface Instruction {
  readonly address: number;
  readonly size: 2 | 4;
  /** The encoding's bits, a 32-bit Thumb instruction with its first halfword on top. */
  readonly word: number;
  readonly name: string;
  readonly kind: Kind;
  /** Bit n for register n, all operands. RISC-V's x0 is never set. */
  readonly reads: number;
  readonly writes: number;
  /** The part of `reads` that forms an address. */
  readonly addressReads: number;
  /** The part of `reads` that is only added to a product. */
  readonly accumulates: number;
  /** The part of `writes` that comes from memory, unlike a base that is written back. */
  readonly loaded: number;
  readonly addressing: Addressing;
  /** Constant added to the address register, where the encoding has one. */
  readonly offset: number;
  /** Registers moved by a load or store: 1, 2 or the length of the list. */
  readonly registers: number;
  readonly setsFlags: boolean;
  /** An operand passes through the shifter, or the instruction is a bitfield operation. */
  readonly shifts: boolean;
  /** Distance of a shift by a constant; RISC-V only. */
  readonly distance?: number;
  /**
   * Registers of the first and second operand, in the order of the manual, of instructions whose
   * time may depend on their values.
   */
  readonly operands?: readonly [first: number, second: number];
  /** Of the DSP extension. */
  readonly dsp: boolean;
  /** Changes the program counter other than by falling through; so a block ends after it. */
  readonly jumps: boolean;
  /** May be skipped: inside an IT block, or a conditional branch. */
  readonly conditional: boolean;
  /** Where a direct branch or call leads. */
  readonly target?: number;
  /** Needs a floating-point unit. */
  readonly float: boolean;
  /** Its registers in that unit; Thumb only. */
  readonly floats?: FloatOperands;
}

/** Decodes the instruction at `offset` of the bytes, which the program sees at `address`. */
export type Decode = (view: DataView, offset: number, address: number) => Instruction;
