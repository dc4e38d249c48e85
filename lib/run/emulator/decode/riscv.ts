/**
 * Decodes RISC-V instructions, RV32 or RV64.
 *
 * @module
 */

import type { Decode, Instruction } from "./instruction.ts";
import { field, match, type Pattern, signed } from "./pattern.ts";
import { RISCV, RISCV_COMPRESSED } from "./riscv_rows.ts";

const UNDEFINED: Pattern = {
  name: "undefined",
  kind: "undefined",
  traits: new Set(),
  mask: 0,
  value: 0,
  fields: new Map(),
};

/** The decoder for registers of `width` bits. */
export function riscvDecoder(width: 32 | 64): Decode {
  const other = width === 32 ? "rv64" : "rv32";
  const wide = RISCV.filter((p) => !p.traits.has(other));
  const compressed = RISCV_COMPRESSED.filter((p) => !p.traits.has(other));
  return (view, offset, address) => {
    const first = view.getUint16(offset, true);
    if ((first & 3) !== 3) {
      return describe(match(compressed, first) ?? UNDEFINED, first, address, 2);
    }
    if (offset + 4 > view.byteLength) return describe(UNDEFINED, first, address, 2);
    const word = view.getInt32(offset, true);
    return describe(match(wide, word) ?? UNDEFINED, word, address, 4);
  };
}

function describe(p: Pattern, word: number, address: number, size: 2 | 4): Instruction {
  const bit = (letter: string) => {
    const positions = p.fields.get(letter);
    if (positions === undefined) return 0;
    const register = field(p, word, letter)! + (positions.length === 3 ? 8 : 0);
    return register === 0 ? 0 : 1 << register;
  };
  const memory = p.kind === "load" || p.kind === "store";
  const stackPointer = p.traits.has("sp") ? 1 << 2 : 0;
  const base = bit("s") | stackPointer;
  const target = branchTarget(p, word, address);
  return {
    address,
    size,
    word,
    name: p.name,
    kind: p.kind,
    reads: base | bit("t") | bit("e"),
    writes: bit("d") | bit("e") | (p.traits.has("tosp") ? 1 << 2 : 0) |
      (p.traits.has("ra") ? 1 << 1 : 0),
    addressReads: memory ? base : 0,
    accumulates: 0,
    loaded: p.kind === "load" ? bit("d") : 0,
    addressing: memory ? "immediate" : "none",
    offset: memory ? memoryOffset(p, word) : 0,
    registers: memory ? 1 : 0,
    setsFlags: false,
    shifts: p.traits.has("shift"),
    ...(p.traits.has("shift") && !p.fields.has("t") ? { distance: distance(word, size) } : {}),
    ...(depends(p) ? { operands: [field(p, word, "s")!, field(p, word, "t")!] as const } : {}),
    dsp: false,
    jumps: target !== undefined || p.kind === "jump" || p.traits.has("jumps"),
    conditional: p.kind === "branch-if",
    ...(target === undefined ? {} : { target }),
    float: p.kind === "float",
  };
}

/** Whether a core may take more or less time for it, by the values in its two registers. */
function depends(p: Pattern): boolean {
  const arithmetic = p.kind === "divide" || p.kind.startsWith("multiply") || p.traits.has("shift");
  return arithmetic && p.fields.has("s") && p.fields.has("t");
}

/** A shift's constant; a compressed one has its highest bit elsewhere. */
function distance(word: number, size: 2 | 4): number {
  return size === 4 ? (word >>> 20) & 63 : ((word >>> 7) & 32) | ((word >>> 2) & 31);
}

/** The encodings scatter the offset's bits: lists of the instruction bits, highest first. */
const OFFSETS: Record<string, readonly number[]> = {
  branch: [31, 7, 30, 29, 28, 27, 26, 25, 11, 10, 9, 8],
  jal: [31, 19, 18, 17, 16, 15, 14, 13, 12, 20, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21],
  cbranch: [12, 6, 5, 2, 11, 10, 4, 3],
  cjump: [12, 8, 10, 9, 6, 7, 2, 11, 5, 4, 3],
};

function branchTarget(p: Pattern, word: number, address: number): number | undefined {
  for (const [trait, bits] of Object.entries(OFFSETS)) {
    if (!p.traits.has(trait)) continue;
    let offset = 0;
    for (const bit of bits) offset = (offset << 1) | ((word >>> bit) & 1);
    return address + 2 * signed(offset, bits.length);
  }
  return undefined;
}

/** Loads and stores scatter theirs too; atomic ones have none. */
const MEMORY_OFFSETS: Record<string, readonly [bits: readonly number[], scale: number]> = {
  l: [[31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20], 1],
  s: [[31, 30, 29, 28, 27, 26, 25, 11, 10, 9, 8, 7], 1],
  "c.lw": [[5, 12, 11, 10, 6], 4],
  "c.sw": [[5, 12, 11, 10, 6], 4],
  "c.ld": [[6, 5, 12, 11, 10], 8],
  "c.sd": [[6, 5, 12, 11, 10], 8],
  "c.lwsp": [[3, 2, 12, 6, 5, 4], 4],
  "c.ldsp": [[4, 3, 2, 12, 6, 5], 8],
  "c.swsp": [[8, 7, 12, 11, 10, 9], 4],
  "c.sdsp": [[9, 8, 7, 12, 11, 10], 8],
};

function memoryOffset(p: Pattern, word: number): number {
  if (p.name === "lr" || p.name === "sc") return 0;
  const compressed = p.name.startsWith("c.");
  const entry = MEMORY_OFFSETS[compressed ? p.name : p.name[0]!];
  if (entry === undefined) return 0;
  const [bits, scale] = entry;
  let offset = 0;
  for (const bit of bits) offset = (offset << 1) | ((word >>> bit) & 1);
  return scale * (compressed ? offset : signed(offset, bits.length));
}
