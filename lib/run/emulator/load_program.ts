/**
 * Makes an engine ready to run a program from reset with every instruction checked: memory filled,
 * code priced, breaks and core registers in place.
 *
 * @module
 */

import { type Elf, readElf } from "../../build/elf.ts";
import { UserError } from "../../errors.ts";
import type { Target } from "../../types.ts";
import { check, checkMachine, coreOf, openEngine, symbolAddress } from "./engine.ts";
import { hex } from "./fault.ts";
import { lateCode } from "./late.ts";
import type { Memory } from "./memory.ts";
import type { Native } from "./native.ts";
import { loadPriced } from "./priced.ts";
import { Profile } from "./profile.ts";
import { findSites } from "./sites.ts";
import { timingTable } from "./timing/mod.ts";
import { statedError } from "./waits.ts";

export interface MachineOptions {
  /** Its `emulator` names the core and the timing table, its `memory` the memory map. */
  readonly target: Target;
  readonly elf: Uint8Array;
  /** Timing table to use instead of the target's. */
  readonly timing?: string;
  /** Symbols at which `proceed` may stop. */
  readonly breaks?: readonly string[];
  /** Per `proceed` from reset, and per call; 10¹⁰ unless told. */
  readonly maxInstructions?: number;
  /** Seconds of this machine's time, likewise; 60 unless told. */
  readonly timeout?: number;
  readonly profile?: boolean;
  /** Takes what the program prints by semihosting; dropped unless told. */
  readonly output?: (stream: "stdout" | "stderr", bytes: Uint8Array) => void;
}

/** What `loadProgram` has made ready. The engine is the caller's to close. */
export interface LoadedProgram {
  readonly elf: Elf;
  /** The timing table, and the error to state for what it says of this target. */
  readonly table: { readonly name: string; readonly error: string };
  /** The symbols of `breaks`, each once; the native half tells them by their place here. */
  readonly breaks: readonly string[];
  readonly engine: Deno.PointerValue;
  readonly memory: Memory;
  readonly profile: Profile | undefined;
  /** Prices code that was not there when the program was loaded; see `lateCode`. */
  readonly late: (address: number) => boolean;
}

/** CPUID of each core (its manual's system control block, reset value). */
const PARTS: Readonly<Record<string, number>> = {
  "cortex-m0": 0x410cc200,
  "cortex-m0plus": 0x410cc601,
  "cortex-m3": 0x412fc231,
  "cortex-m4": 0x410fc241,
  "cortex-m7": 0x411fc272,
  "cortex-m33": 0x410fd213,
};

/** @throws {UserError} when the program does not fit the target, or a tool is missing */
export function loadProgram(native: Native, options: MachineOptions): LoadedProgram {
  const { target } = options;
  const core = coreOf(target);
  const timing = timingTable(options.timing ?? core.timing);
  const elf = readElf(options.elf);
  checkMachine(target, elf);
  const breaks = [...new Set(options.breaks)];
  const addresses = new Map(
    breaks.map((name, n): [number, number] => [symbolAddress(elf, name), n]),
  );
  const engine = openEngine(native, core.cpu, true);
  try {
    const program = { target, elf, bytes: options.elf, table: timing };
    const { memory, regions, waiting } = loadPriced(native, engine, program, new Map(), true);
    for (const [address, n] of addresses) {
      if (regions.some((r) => address >= r.base && address < r.base + 2 * r.count)) continue;
      throw new UserError(`${breaks[n]} at ${hex(address)} is not in the program's code.`);
    }
    const sites = findSites(elf, options.elf, regions, addresses);
    const part = target.isa === "thumb" ? PARTS[core.cpu] ?? 0 : 0;
    const count = sites.words.length / 4;
    check(native.intnic_device(engine, sites.words, count, part, options.profile ? 1 : 0));
    for (const [base, numbers] of sites.regions) {
      check(native.intnic_sites(engine, BigInt(base), numbers));
    }
    const profile = options.profile ? new Profile(elf, options.elf, regions) : undefined;
    profile?.attach(native, engine);
    return {
      elf,
      table: { name: timing.name, error: statedError(timing, target) },
      breaks,
      engine,
      memory,
      profile,
      late: lateCode(native, engine, elf, options.elf, memory, timing, waiting),
    };
  } catch (error) {
    native.intnic_close(engine);
    throw error;
  }
}
