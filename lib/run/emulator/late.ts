/**
 * Code that decoding ahead did not find: functions that the program copies to RAM itself, and
 * instructions that begin in the middle of what was taken for others (in programs whose symbols
 * were stripped, data between functions).
 *
 * @module
 */

import type { Elf } from "../../build/elf.ts";
import { codeSections } from "./code.ts";
import { type Memory, regionOf } from "./memory.ts";
import type { Native } from "./native.ts";
import { priceCode } from "./slots.ts";
import type { TimingTable } from "./timing/mod.ts";
import type { FetchMemory } from "./waits.ts";

/** Bytes priced at once: more than any block has. */
const STRETCH = 4096;

/** Bytes at a jump's target that must be found in the program's code to believe it is a copy. */
const PROOF = 8;

/**
 * Makes the function that prices code at an address when a jump first leads there. It yields false,
 * and the jump is a fault, unless the address is in a section of code or holds a copy of such code.
 * Code that is changed after it first ran keeps its price.
 */
export function lateCode(
  native: Native,
  engine: Deno.PointerValue,
  elf: Elf,
  bytes: Uint8Array,
  memory: Memory,
  table: TimingTable,
  waiting: readonly FetchMemory[],
): (address: number) => boolean {
  return (address) => {
    const region = regionOf([memory.flash, memory.ram], address, PROOF);
    if (region === undefined || address % 2 !== 0) return false;
    const offset = address - region.origin;
    const code = region.bytes.slice(offset, Math.min(offset + STRETCH, region.bytes.length));
    const sections = codeSections(elf);
    const inside = sections.some((s) => address >= s.address && address < s.address + s.size);
    const proof = code.subarray(0, PROOF);
    // Zeros pad code, so that finding them there proves nothing.
    const copied = proof.some((byte) => byte !== 0) &&
      sections.some((s) => includes(bytes.subarray(s.offset, s.offset + s.size), proof));
    if (!inside && !copied) return false;
    const size = code.length & ~1;
    const section = { name: "late", type: 1, flags: 6, address, offset: 0, size };
    const piece: Elf = { ...elf, sections: [section], symbols: [], segments: [] };
    // What depends on operands is known for code that was there from the start only.
    const { operands: _, ...plain } = table;
    const { regions } = priceCode(piece, code, plain, new Map(), waiting);
    return regions.every(({ base, count, bytes: slots }) =>
      native.intnic_code(engine, BigInt(base), BigInt(count), slots) === 0
    );
  };
}

function includes(where: Uint8Array, what: Uint8Array): boolean {
  for (let at = where.indexOf(what[0]!); at >= 0; at = where.indexOf(what[0]!, at + 1)) {
    if (at % 2 === 0 && what.every((byte, n) => where[at + n] === byte)) return true;
  }
  return false;
}
