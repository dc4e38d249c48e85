/**
 * How much of its memory a program uses.
 *
 * @module
 */

import type { Elf } from "../../build/elf.ts";
import { type Memory, regionOf } from "./memory.ts";

/** Bytes. */
export interface MemoryUse {
  readonly flash: { readonly loaded: number };
  readonly ram: {
    /** Sections in RAM, without what they reserve for stack and heap. */
    readonly static: number;
    /** Bytes of RAM that are not what they were when the program was loaded. */
    readonly changed: number;
  };
}

/** @param before the RAM as it was when the program was loaded */
export function memoryUse(elf: Elf, { flash, ram }: Memory, before: Uint8Array): MemoryUse {
  const loaded = elf.segments
    .filter((s) => regionOf([flash], s.physical, s.fileBytes) !== undefined)
    .reduce((sum, s) => sum + s.fileBytes, 0);
  const sections = elf.sections
    .filter((s) => (s.flags & 2) !== 0 && !/stack|heap/.test(s.name))
    .filter((s) => s.size > 0 && regionOf([ram], s.address, s.size) !== undefined)
    .reduce((sum, s) => sum + s.size, 0);
  let changed = 0;
  for (let n = 0; n < before.length; n++) if (before[n] !== ram.bytes[n]) changed++;
  return { flash: { loaded }, ram: { static: sections, changed } };
}
