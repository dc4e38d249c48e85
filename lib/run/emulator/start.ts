/**
 * Where a program begins after a reset.
 *
 * @module
 */

import type { Elf } from "../../build/elf.ts";
import { UserError } from "../../errors.ts";
import { hex } from "./fault.ts";
import { type Memory, regionOf } from "./memory.ts";

/** The first instruction, without Thumb bit, and the stack pointer where the hardware sets it. */
export interface Start {
  readonly entry: number;
  readonly stack: number | undefined;
}

/**
 * A Cortex-M reads both from its vector table: at the start of the flash, else at the lowest
 * address the program is loaded to. A program without one (newlib's default layout) starts at the
 * ELF file's entry, with the stack at the end of the RAM, as a debugger would start it. A RISC-V
 * core starts at the entry and sets its own stack pointer.
 *
 * @throws {UserError} when there is nothing to start at
 */
export function startOf(elf: Elf, memory: Memory, arm: boolean): Start {
  const { flash, ram } = memory;
  const inMemory = (address: number) => regionOf([flash, ram], address, 2) !== undefined;
  if (!arm) {
    if (!inMemory(elf.entry)) throw nothing(elf);
    return { entry: elf.entry, stack: undefined };
  }
  const loaded = elf.segments.filter((s) => s.fileBytes >= 8).map((s) => s.physical);
  for (const table of new Set([flash.origin, Math.min(...loaded)])) {
    const region = regionOf([flash, ram], table, 8);
    if (region === undefined) continue;
    const { buffer, byteOffset } = region.bytes;
    const view = new DataView(buffer, byteOffset + table - region.origin, 8);
    const stack = view.getUint32(0, true);
    const entry = view.getUint32(4, true);
    const inRam = stack > ram.origin && stack <= ram.origin + ram.size && stack % 4 === 0;
    if (inRam && entry % 2 === 1 && inMemory(entry - 1)) return { entry: entry - 1, stack };
  }
  if (!inMemory(elf.entry & ~1) || elf.entry === 0) {
    throw nothing(elf);
  }
  if (elf.entry % 2 === 0) {
    throw new UserError(
      `The program's entry, ${hex(elf.entry)}, is even, which stands for Arm code, and it has no ` +
        "vector table; a Cortex-M runs Thumb code only.",
    );
  }
  return { entry: elf.entry - 1, stack: Math.floor((ram.origin + ram.size) / 8) * 8 };
}

function nothing(elf: Elf): UserError {
  return new UserError(
    `The program cannot be started: its entry, ${hex(elf.entry)}, is outside the target's memory` +
      (elf.machine === "arm" ? ", and it does not begin with a vector table." : "."),
  );
}
