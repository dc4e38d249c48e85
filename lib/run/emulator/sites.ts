/**
 * Finds the instructions that need something seen to before they run: breaks, accesses that must be
 * aligned, divisions, growth of the stack, floating point, counter registers. The layout of a site
 * is `struct site` in `device.c`.
 *
 * @module
 */

import type { Elf } from "../../build/elf.ts";
import { codeRanges, codeSections, decoderFor, instructions } from "./code.ts";
import type { Instruction } from "./decode/instruction.ts";
import type { SlotRegion } from "./slots.ts";

const KIND = { break: 1, align: 2, divide: 3, stack: 4, float: 5, counter: 6 } as const;

interface Site {
  readonly kind: number;
  readonly reg?: number;
  readonly value?: number;
  readonly extra?: number;
}

/** Sites of a program's code. */
export interface Sites {
  /** Four 32-bit words a site; the first stands for none. */
  readonly words: Int32Array<ArrayBuffer>;
  /** By base address of a region: for each halfword the number of its site. */
  readonly regions: ReadonlyMap<number, Uint16Array<ArrayBuffer>>;
}

/**
 * Finds the sites of all code that `regions` price.
 *
 * @param breaks address → number of the break there
 */
export function findSites(
  elf: Elf,
  bytes: Uint8Array,
  regions: readonly SlotRegion[],
  breaks: ReadonlyMap<number, number>,
): Sites {
  const known = new Map<string, number>();
  const words: number[] = [0, 0, 0, 0];
  const numberOf = ({ kind, reg = 0, value = 0, extra = 0 }: Site) => {
    const key = `${kind} ${reg} ${value} ${extra}`;
    let number = known.get(key);
    if (number === undefined) {
      number = words.length / 4;
      // A program has a few dozen kinds of them; one beyond the limit goes unchecked.
      if (number > 0xffff) return 0;
      words.push(kind, reg, value, extra);
      known.set(key, number);
    }
    return number;
  };
  const sites = new Map(
    regions.map((r): [number, Uint16Array<ArrayBuffer>] => [r.base, new Uint16Array(r.count + 1)]),
  );
  const put = (address: number, site: (before: number) => Site) => {
    const region = regions.find((r) => address >= r.base && address < r.base + 2 * r.count);
    if (region === undefined) return;
    const all = sites.get(region.base)!;
    const index = (address - region.base) / 2;
    all[index] = numberOf(site(all[index]!));
  };
  const decode = decoderFor(elf);
  const siteOf = elf.machine === "arm" ? armSite : riscvSite(elf.class);
  for (const section of codeSections(elf)) {
    for (const range of decode === undefined ? [] : codeRanges(elf, section)) {
      let sets = false;
      for (const i of instructions(elf, bytes, section, range, decode!)) {
        const site = siteOf(i);
        // Behind auipc or lui an addition completes an address: the stack pointer is being set.
        if (site !== undefined && !(sets && site.kind === KIND.stack)) put(i.address, () => site);
        sets = i.name === "auipc" || i.name === "lui" || i.name === "c.lui";
      }
    }
  }
  for (const [address, value] of breaks) {
    put(address, (extra) => ({ kind: KIND.break, value, extra }));
  }
  return { words: Int32Array.from(words), regions: sites };
}

const SP = 13;

function armSite(i: Instruction): Site | undefined {
  const { word } = i;
  if (i.kind === "float") return { kind: KIND.float };
  if (i.kind === "divide") return { kind: KIND.divide, reg: word & 15 };
  const taken = armStack(i);
  if (taken > 0) return { kind: KIND.stack, value: taken };
  // The Armv7-M manual, A3.2.1: these fault on addresses that are not word-aligned, always.
  if (/^(load|store)-(multiple|double)$/.test(i.kind) && i.addressing !== "literal") {
    const reg = 31 - Math.clz32(i.addressReads);
    if (reg !== SP && reg >= 0) {
      const value = i.kind.endsWith("double") ? i.offset : 0;
      return { kind: KIND.align, reg, value, extra: 3 };
    }
  }
  return undefined;
}

/** Bytes by which an instruction of a Cortex-M moves the stack pointer down. */
function armStack(i: Instruction): number {
  const word = i.word >>> 0;
  if (i.size === 2) {
    if ((word & 0xfe00) === 0xb400) return 4 * i.registers; // push
    return (word & 0xff80) === 0xb080 ? 4 * (word & 0x7f) : 0; // sub sp, #imm
  }
  const high = word >>> 16;
  if (high === 0xe92d) return 4 * i.registers; // push.w
  if (high === 0xf84d && (word & 0xf00) === 0xd00) return word & 0xff; // str rt, [sp, #-imm]!
  if (high === 0xe96d) return 4 * (word & 0xff); // strd rt, rt2, [sp, #-imm]!
  if ((word & 0xfbef8f00) >>> 0 === 0xf1ad0d00) return modified(word); // sub.w sp, sp, #const
  if ((word & 0xfbff8f00) >>> 0 === 0xf2ad0d00) return constant(word); // subw sp, sp, #imm12
  return 0;
}

/** The twelve bits i:imm3:imm8 of a 32-bit Thumb instruction. */
function constant(word: number): number {
  return ((word >>> 26 & 1) << 11) | ((word >>> 12 & 7) << 8) | (word & 0xff);
}

/** ThumbExpandImm of the Armv7-M manual, A5.3.2, for plain and rotated bytes. */
function modified(word: number): number {
  const bits = constant(word);
  if (bits >>> 8 === 0) return bits;
  if (bits >>> 10 === 0) return 0; // repeated bytes: no frame is that large
  const rotation = bits >>> 7;
  const value = 0x80 | (bits & 0x7f);
  return ((value >>> rotation) | (value << (32 - rotation))) >>> 0;
}

/** Counters by number of their CSR: 0 cycles, 1 instructions, 2 added for the upper half. */
const COUNTERS: Readonly<Record<number, number>> = {
  0xb00: 0, // mcycle
  0xb02: 1, // minstret
  0xb80: 2,
  0xb82: 3,
  0xc00: 0, // cycle
  0xc01: 0, // time: one tick a cycle
  0xc02: 1, // instret
  0xc80: 2,
  0xc81: 2,
  0xc82: 3,
};

function riscvSite(width: 32 | 64): (i: Instruction) => Site | undefined {
  return (i) => {
    const word = i.word >>> 0;
    if (i.size === 4) {
      const function3 = word >>> 12 & 7;
      const rd = word >>> 7 & 31;
      const rs = word >>> 15 & 31;
      if ((word & 0x7f) === 0x73 && (function3 & 3) !== 0) {
        const counter = COUNTERS[word >>> 20];
        if (counter === undefined) return undefined;
        const value = counter | (width === 32 ? 4 : 0) | (function3 << 8);
        return { kind: KIND.counter, reg: rd, value, extra: rs };
      }
      // addi sp, sp, -n
      if ((word & 0x7f) === 0x13 && function3 === 0 && rd === 2 && rs === 2) {
        return grows(-(i.word >> 20));
      }
      return undefined;
    }
    // c.addi16sp (a different scatter of its bits) and c.addi sp
    if ((word & 0xef83) === 0x6101) {
      const bits = [12, 4, 3, 5, 2, 6].reduce((v, b) => (v << 1) | (word >>> b & 1), 0);
      return grows(-(((bits << 26) >> 26) * 16));
    }
    if ((word & 0xef83) === 0x0101) {
      const bits = (word >>> 12 & 1) << 5 | (word >>> 2 & 31);
      return grows(-((bits << 26) >> 26));
    }
    return undefined;
  };
}

function grows(bytes: number): Site | undefined {
  return bytes > 0 ? { kind: KIND.stack, value: bytes } : undefined;
}
