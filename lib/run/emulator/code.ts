/**
 * Which bytes of an ELF file are instructions, and what they are.
 *
 * @module
 */

import { type Elf, type ElfSection, type ElfSymbol } from "../../build/elf.ts";
import type { Decode, Instruction } from "./decode/instruction.ts";
import { riscvDecoder } from "./decode/riscv.ts";
import { decodeThumb } from "./decode/thumb.ts";

/** A stretch of code without data in it: first address, and the one after its last byte. */
export interface CodeRange {
  readonly start: number;
  readonly end: number;
}

/** The decoder for an ELF file's machine, or undefined if there is none. */
export function decoderFor(elf: Elf): Decode | undefined {
  if (elf.machine === "arm") return decodeThumb;
  if (elf.machine === "riscv") return riscvDecoder(elf.class);
  return undefined;
}

/** Sections of the program that hold instructions. */
export function codeSections(elf: Elf): readonly ElfSection[] {
  return elf.sections
    .filter((s) => s.type === 1 && (s.flags & 6) === 6 && s.size > 0)
    .sort((a, b) => a.address - b.address);
}

/**
 * The stretches of a section that are code. The assembler marks where code ($t, $x, $a) and data
 * ($d) begin; a section without marks is code but for the objects its symbols name, as when a link
 * script puts constants there.
 */
export function codeRanges(elf: Elf, section: ElfSection): CodeRange[] {
  const end = section.address + section.size;
  const changes: { at: number; code: boolean; rank: number }[] = [];
  const index = elf.sections.indexOf(section);
  for (const s of elf.symbols) {
    // Debug sections have marks too, at addresses of their own.
    if (s.section !== index || s.address < section.address || s.address >= end) continue;
    const code = opensCode(s);
    if (code !== undefined) changes.push({ at: s.address, ...code });
  }
  // At one address the assembler's mark has the last word.
  changes.sort((a, b) => a.at - b.at || a.rank - b.rank);
  const ranges: CodeRange[] = [];
  let start: number | undefined = section.address;
  for (const change of changes) {
    if (change.code) start ??= change.at;
    else if (start !== undefined) {
      if (change.at > start) ranges.push({ start, end: change.at });
      start = undefined;
    }
  }
  if (start !== undefined && end > start) ranges.push({ start, end });
  return ranges;
}

function opensCode(s: ElfSymbol): { code: boolean; rank: number } | undefined {
  if (/^\$[tax]/.test(s.name)) return { code: true, rank: 2 };
  if (/^\$d(\.|$)/.test(s.name)) return { code: false, rank: 2 };
  if (s.kind === "function") return { code: true, rank: 1 };
  if (s.kind === "object" && s.size > 0) return { code: false, rank: 0 };
  return undefined;
}

/** The instructions of a range, in order of address. */
export function* instructions(
  elf: Elf,
  bytes: Uint8Array,
  section: ElfSection,
  range: CodeRange,
  decode: Decode,
): Generator<Instruction> {
  const offset = section.offset + range.start - section.address;
  const length = range.end - range.start;
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, length);
  let conditions = 0;
  for (let at = 0; at + 2 <= length;) {
    const i = decode(view, at, range.start + at);
    yield conditions > 0 ? { ...i, conditional: true } : i;
    conditions = elf.machine === "arm" && i.kind === "if-then"
      ? blockLength(i.word)
      : Math.max(0, conditions - 1);
    at += i.size;
  }
}

/** Instructions under an IT: one to four, by the lowest set bit of its mask (DDI 0403E A7.3.2). */
function blockLength(word: number): number {
  for (let bit = 0; bit < 4; bit++) if ((word >> bit) & 1) return 4 - bit;
  return 0;
}
