/**
 * Who called whom, as far as the stack tells without frame pointers or unwind tables.
 *
 * @module
 */

import type { Elf } from "../../build/elf.ts";
import { codeSections, decoderFor } from "./code.ts";
import { locate } from "./fault.ts";
import { type Memory, regionOf } from "./memory.ts";

/** Words looked at from the stack pointer on. */
const DEPTH = 1024;
/** Callers told. */
const MOST = 12;

/**
 * Callers of the code at `pc`, innermost first: the link register and every word on the stack that
 * is an address right behind a call. What was left there by calls long returned is told too.
 */
export function callChain(
  elf: Elf,
  memory: Memory,
  at: { readonly pc: number; readonly link: number; readonly stack: number },
): string[] {
  const found: number[] = [];
  const add = (value: number) => {
    const address = returnAddress(elf, memory, value);
    if (address !== undefined && address !== found.at(-1)) found.push(address);
  };
  add(at.link);
  const { ram } = memory;
  const size = elf.class / 8;
  const view = new DataView(ram.bytes.buffer, ram.bytes.byteOffset, ram.size);
  const start = at.stack - ram.origin;
  for (let n = 0; n < DEPTH && found.length < MOST; n++) {
    const offset = start + n * size;
    if (!(offset >= 0 && offset + size <= ram.size)) break;
    add(size === 8 ? Number(view.getBigUint64(offset, true)) : view.getUint32(offset, true));
  }
  return found.map((address) => locate(elf, address));
}

/** The address itself, without its Thumb bit, if a call is right before it. */
function returnAddress(elf: Elf, memory: Memory, value: number): number | undefined {
  const arm = elf.machine === "arm";
  if (value % 2 !== (arm ? 1 : 0)) return undefined;
  const address = arm ? value - 1 : value;
  const inside = codeSections(elf).some((s) =>
    address > s.address && address <= s.address + s.size
  );
  const decode = decoderFor(elf);
  if (!inside || decode === undefined) return undefined;
  return [4, 2].some((size) => {
      const region = regionOf([memory.flash, memory.ram], address - size, size);
      if (region === undefined) return false;
      const { buffer, byteOffset, byteLength } = region.bytes;
      const view = new DataView(buffer, byteOffset, byteLength);
      const i = decode(view, address - size - region.origin, address - size);
      const link = 1 << (arm ? 14 : 1);
      return i.size === size && i.jumps && (i.kind === "call" || (i.writes & link) !== 0);
    })
    ? address
    : undefined;
}
