/**
 * Decodes Thumb instructions. It knows every instruction of the cores up to ARMv8-M Main without
 * asking which core it is for: what a core lacks, the emulator refuses when it is run.
 *
 * @module
 */

import type { Addressing, Instruction, Kind } from "./instruction.ts";
import { field, match, type Pattern, popcount, signed } from "./pattern.ts";
import { THUMB16 } from "./thumb16.ts";
import { THUMB32 } from "./thumb32.ts";
import { decodeFloat } from "./vfp.ts";

const SP = 1 << 13;
const LR = 1 << 14;
const PC = 1 << 15;

const UNDEFINED: Pattern = {
  name: "undefined",
  kind: "undefined",
  traits: new Set(),
  mask: 0,
  value: 0,
  fields: new Map(),
};

/** Decodes one instruction; a 32-bit one cut off by the end of the bytes is undefined. */
export function decodeThumb(view: DataView, offset: number, address: number): Instruction {
  const first = view.getUint16(offset, true);
  // DDI 0403E A5.1: these five bits announce a 32-bit instruction.
  const wide = first >>> 11 >= 0b11101;
  if (wide && offset + 4 > view.byteLength) return describe(UNDEFINED, first, address, 2);
  const word = wide ? ((first << 16) | view.getUint16(offset + 2, true)) : first;
  const pattern = match(wide ? THUMB32 : THUMB16, word) ?? UNDEFINED;
  return describe(pattern, word, address, wide ? 4 : 2);
}

function describe(p: Pattern, word: number, address: number, size: 2 | 4): Instruction {
  const get = (letter: string) => field(p, word, letter);
  const bit = (letter: string) => {
    const register = get(letter);
    return register === undefined ? 0 : 1 << register;
  };
  const memory = p.kind.startsWith("load") || p.kind.startsWith("store");
  const loads = p.kind.startsWith("load");
  const list = (get("r") ?? 0) | (get("p") === 1 ? (loads ? PC : LR) : 0);
  const moved = bit("t") | bit("u") | list;
  const stackPointer = p.traits.has("sp") ? SP : 0;
  const base = bit("n") | stackPointer;

  let reads = base | bit("m") | bit("a") | bit("e") | (memory && !loads ? moved : 0);
  let writes = bit("d") | bit("h") | bit("e") | (loads ? moved : 0);
  if (p.kind === "multiply-add-long") reads |= bit("d") | bit("h");
  if (p.traits.has("tosp")) writes |= SP;
  if (p.traits.has("link")) writes |= LR;
  if (get("w") === 1) writes |= bit("n");
  // A base that is in the list is not written back, but then it is loaded.
  if (p.traits.has("back")) writes |= bit("n");
  if (p.traits.has("pc")) reads |= PC;

  const kind: Kind = p.kind === "alu" && (writes & PC) !== 0 ? "jump" : p.kind;
  if (kind === "float") return describeFloat(word, address);
  const target = branchTarget(p, word, address, size);
  const conditional = kind === "branch-if";
  return {
    address,
    size,
    word,
    name: p.name,
    kind,
    reads,
    writes,
    addressReads: memory || kind === "table-branch" ? base | bit("m") : 0,
    accumulates: p.kind === "multiply-add-long" ? bit("d") | bit("h") : bit("a"),
    loaded: loads ? moved : 0,
    addressing: memory ? addressing(p) : "none",
    offset: memory ? constantOffset(p, word) : 0,
    registers: memory ? Math.max(1, popcount(list) || (get("u") === undefined ? 1 : 2)) : 0,
    setsFlags: p.traits.has("S"),
    shifts: p.traits.has("shift"),
    dsp: p.traits.has("dsp"),
    jumps: target !== undefined || kind === "jump" || kind === "table-branch" ||
      (writes & PC) !== 0,
    conditional,
    ...(target === undefined ? {} : { target }),
    ...(kind === "divide" || kind.endsWith("-long")
      ? { operands: [get("n")!, get("m")!] as const }
      : {}),
    float: false,
  };
}

function describeFloat(word: number, address: number): Instruction {
  const { reads, writes, addend, ...found } = decodeFloat(word);
  const literal = (found.address & PC) !== 0;
  return {
    address,
    size: 4,
    word,
    name: found.name,
    kind: "float",
    reads: found.coreReads,
    writes: found.coreWrites,
    addressReads: found.address,
    accumulates: 0,
    loaded: 0,
    addressing: found.address === 0 ? "none" : literal ? "literal" : "immediate",
    offset: 0,
    registers: found.words,
    setsFlags: found.setsFlags,
    shifts: false,
    dsp: false,
    jumps: false,
    conditional: false,
    float: true,
    floats: { reads, writes, addend },
  };
}

function addressing(p: Pattern): Addressing {
  if (p.traits.has("pc")) return "literal";
  return p.fields.has("m") ? "register" : "immediate";
}

function constantOffset(p: Pattern, word: number): number {
  // With write-back after the access the offset is not part of the address.
  if (field(p, word, "b") === 0) return 0;
  const size = (field(p, word, "i") ?? 0) * (p.traits.has("x4") ? 4 : p.traits.has("x2") ? 2 : 1);
  return field(p, word, "k") === 0 ? -size : size;
}

/** Branch offsets count from the address of the instruction plus 4. */
function branchTarget(p: Pattern, word: number, address: number, size: 2 | 4): number | undefined {
  const from = address + 4;
  if (p.traits.has("zero")) return from + 2 * (field(p, word, "i") ?? 0);
  if (p.traits.has("near")) {
    return from + 2 * signed(field(p, word, "i") ?? 0, p.kind === "branch" ? 11 : 8);
  }
  if (size !== 4) return undefined;
  const sign = (word >>> 26) & 1;
  const j1 = (word >>> 13) & 1;
  const j2 = (word >>> 11) & 1;
  const low = word & 0x7ff;
  if (p.traits.has("far20")) {
    const high = (sign << 19) | (j2 << 18) | (j1 << 17) | (((word >>> 16) & 0x3f) << 11);
    return from + 2 * signed(high | low, 20);
  }
  if (p.traits.has("far24")) {
    const i1 = (~(j1 ^ sign)) & 1;
    const i2 = (~(j2 ^ sign)) & 1;
    const high = (sign << 23) | (i1 << 22) | (i2 << 21) | (((word >>> 16) & 0x3ff) << 11);
    return from + 2 * signed(high | low, 24);
  }
  return undefined;
}
