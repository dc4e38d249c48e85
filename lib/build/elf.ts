/**
 * Reads ELF files: the headers, the bytes to load, the symbols, and which ranges hold instructions.
 * Nothing in the file is trusted: every offset and length is checked before it is used.
 *
 * Source of the layout: System V ABI, chapters 4 and 5; mapping symbols ($t, $x, $d) from "ELF for
 * the Arm Architecture" (AAELF32, 5.5.5) and the RISC-V ELF psABI.
 *
 * @module
 */

import { UserError } from "../errors.ts";
import { ByteReader } from "./elf_reader.ts";

/** What the emulator and the tables of sizes need to know of an ELF file. */
export interface Elf {
  readonly class: 32 | 64;
  /** "arm", "riscv", "x86-64", "aarch64", or "machine <number>" for any other. */
  readonly machine: string;
  /** Address of the first instruction, as the header has it (Thumb bit included). */
  readonly entry: number;
  readonly segments: readonly ElfSegment[];
  readonly sections: readonly ElfSection[];
  readonly symbols: readonly ElfSymbol[];
}

/** A loadable range (PT_LOAD). */
export interface ElfSegment {
  /** Where the program uses it. */
  readonly address: number;
  /** Where it is stored before the start-up code runs: the flash image. */
  readonly physical: number;
  readonly offset: number;
  readonly fileBytes: number;
  /** At least `fileBytes`; the rest is zero. */
  readonly memoryBytes: number;
  /** 1 execute, 2 write, 4 read. */
  readonly flags: number;
}

/** A named range; `flags` bit 1 (2) is "allocated", bit 2 (4) "executable". */
export interface ElfSection {
  readonly name: string;
  /** 1 bytes of the program, 2 symbols, 8 zeros (.bss). */
  readonly type: number;
  readonly flags: number;
  readonly address: number;
  readonly offset: number;
  readonly size: number;
}

export type SymbolKind = "none" | "object" | "function" | "section" | "file" | "other";

export interface ElfSymbol {
  readonly name: string;
  /** The value with the Thumb bit of Arm functions cleared. */
  readonly address: number;
  readonly value: number;
  readonly size: number;
  readonly kind: SymbolKind;
  readonly binding: "local" | "global" | "weak" | "other";
  /** Index into `sections`; 0 when undefined, 0xfff1 when absolute. */
  readonly section: number;
}

const MACHINES: Record<number, string> = {
  3: "x86",
  40: "arm",
  62: "x86-64",
  183: "aarch64",
  243: "riscv",
};
const KINDS: readonly SymbolKind[] = ["none", "object", "function", "section", "file"];
const BINDINGS = ["local", "global", "weak"] as const;

/**
 * Reads a little-endian ELF file of either class.
 *
 * @throws {UserError} when the bytes are not ELF, are big-endian, or point outside themselves
 */
export function readElf(bytes: Uint8Array): Elf {
  if (
    bytes.length < 20 || bytes[0] !== 0x7f || String.fromCharCode(...bytes.subarray(1, 4)) !== "ELF"
  ) {
    throw new UserError("This is not an ELF file: it does not begin with the bytes 7F 45 4C 46.");
  }
  const kind = bytes[4];
  if (kind !== 1 && kind !== 2) {
    throw new UserError(
      `Cannot read the ELF file: its class is ${kind}; 1 (32 bits) or 2 (64 bits) would be right.`,
    );
  }
  if (bytes[5] !== 1) {
    throw new UserError(
      "Cannot read the ELF file: it is big-endian, and only little-endian programs can be run.",
    );
  }
  const wide = kind === 2;
  const reader = new ByteReader(bytes, wide);
  const header = reader.at(0, wide ? 64 : 52, "header");
  const machine = header.u16(18);
  const [phoff, shoff] = wide
    ? [header.word(32), header.word(40)]
    : [header.word(28), header.word(32)];
  const counts = wide ? 54 : 42;
  const [phentsize, phnum, shentsize, shnum, shstrndx] = [0, 2, 4, 6, 8].map((o) =>
    header.u16(counts + o)
  ) as [number, number, number, number, number];
  checkEntrySize("program header", phentsize, phnum, wide ? 56 : 32);
  checkEntrySize("section header", shentsize, shnum, wide ? 64 : 40);

  const segments: ElfSegment[] = [];
  for (let i = 0; i < phnum; i++) {
    const segment = readSegment(reader, phoff + i * phentsize, wide, i);
    if (segment !== undefined) segments.push(segment);
  }
  const raw = Array.from(
    { length: shnum },
    (_, i) => readSection(reader, shoff + i * shentsize, wide, i),
  );
  const names = raw[shstrndx];
  const sections = raw.map((s): ElfSection => ({
    name: names === undefined || names.type !== 3 ? "" : reader.string(names, s.nameOffset),
    type: s.type,
    flags: s.flags,
    address: s.address,
    offset: s.offset,
    size: s.size,
  }));
  const symbols: ElfSymbol[] = [];
  for (const table of raw.filter((s) => s.type === 2)) {
    const strings = raw[table.link];
    if (strings === undefined || strings.type !== 3) {
      throw new UserError(
        `Cannot read the ELF file: its symbol table has no string table (section ${table.link}).`,
      );
    }
    const entry = wide ? 24 : 16;
    for (let at = 0; at + entry <= table.size; at += entry) {
      symbols.push(readSymbol(reader, table.offset + at, wide, strings, machine === 40));
    }
  }
  return {
    class: wide ? 64 : 32,
    machine: MACHINES[machine] ?? `machine ${machine}`,
    entry: header.word(24),
    segments,
    sections,
    symbols,
  };
}

function checkEntrySize(what: string, size: number, count: number, least: number): void {
  if (count > 0 && size < least) {
    throw new UserError(
      `Cannot read the ELF file: a ${what} has ${size} bytes; ${least} would be right.`,
    );
  }
}

function readSegment(
  reader: ByteReader,
  offset: number,
  wide: boolean,
  index: number,
): ElfSegment | undefined {
  const h = reader.at(offset, wide ? 56 : 32, `program header ${index}`);
  if (h.u32(0) !== 1) return undefined;
  const [flags, at, vaddr, paddr, filesz, memsz] = wide
    ? [4, 8, 16, 24, 32, 40]
    : [24, 4, 8, 12, 16, 20];
  const segment = {
    address: h.word(vaddr!),
    physical: h.word(paddr!),
    offset: h.word(at!),
    fileBytes: h.word(filesz!),
    memoryBytes: h.word(memsz!),
    flags: h.u32(flags!),
  };
  reader.check(segment.offset, segment.fileBytes, `segment ${index}`);
  if (segment.memoryBytes < segment.fileBytes) {
    throw new UserError(
      `Cannot read the ELF file: segment ${index} holds ${segment.fileBytes} bytes in the file but takes ` +
        `only ${segment.memoryBytes} in memory.`,
    );
  }
  return segment;
}

function readSection(reader: ByteReader, offset: number, wide: boolean, index: number) {
  const h = reader.at(offset, wide ? 64 : 40, `section header ${index}`);
  const [flags, address, at, size, link] = wide ? [8, 16, 24, 32, 40] : [8, 12, 16, 20, 24];
  const section = {
    nameOffset: h.u32(0),
    type: h.u32(4),
    flags: h.word(flags!),
    address: h.word(address!),
    offset: h.word(at!),
    size: h.word(size!),
    link: h.u32(link!),
  };
  // Type 0 is unused and type 8 (.bss) has no bytes in the file.
  if (section.type !== 0 && section.type !== 8) {
    reader.check(section.offset, section.size, `section ${index}`);
  }
  return section;
}

function readSymbol(
  reader: ByteReader,
  offset: number,
  wide: boolean,
  strings: { offset: number; size: number },
  arm: boolean,
): ElfSymbol {
  const h = reader.at(offset, wide ? 24 : 16, "symbol");
  const info = h.u8(wide ? 4 : 12);
  const value = h.value(wide ? 8 : 4);
  const kind = KINDS[info & 15] ?? "other";
  return {
    name: reader.string(strings, h.u32(0)),
    address: arm && kind === "function" && value % 2 === 1 ? value - 1 : value,
    value,
    size: h.value(wide ? 16 : 8),
    kind,
    binding: BINDINGS[info >> 4] ?? "other",
    section: h.u16(wide ? 6 : 14),
  };
}

/** The symbol of that name which is defined, a global one before a local one. */
export function findSymbol(elf: Elf, name: string): ElfSymbol | undefined {
  const found = elf.symbols.filter((s) => s.name === name && s.section !== 0);
  return found.find((s) => s.binding !== "local") ?? found[0];
}

/** The bytes `length` from `address` on as they lie in the file, or undefined if it has none there. */
export function bytesAt(
  elf: Elf,
  bytes: Uint8Array,
  address: number,
  length: number,
): Uint8Array | undefined {
  for (const s of elf.segments) {
    if (address >= s.address && address + length <= s.address + s.fileBytes) {
      return bytes.subarray(
        s.offset + address - s.address,
        s.offset + address - s.address + length,
      );
    }
  }
  return undefined;
}
