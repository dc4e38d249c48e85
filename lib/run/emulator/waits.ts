/**
 * Wait states of a target's memory. What fetching instructions adds is known before the run but for
 * where a branch comes from, and becomes part of their prices: of a straight line, of landing on an
 * instruction, and of taking a branch to a place whose line is at hand. What loads and stores add
 * depends on their addresses and is counted as they happen (`waits.c`), and so is what lines of code
 * that are kept save.
 *
 * Fetched code is one line at a time at hand, and with prefetch the next one on its way: its read
 * begins when the line before it has come and takes one cycle more than the wait states.
 * `docs/timing.md` has the model and its limits.
 *
 * @module
 */

import type { MemoryRegion, Target } from "../../types.ts";
import type { Instruction } from "./decode/instruction.ts";
import { check } from "./engine.ts";
import type { Native } from "./native.ts";
import type { TimingTable } from "./timing/mod.ts";

/** A memory that code waits for. */
export interface FetchMemory {
  readonly origin: number;
  readonly size: number;
  /** Cycles, at least 1. */
  readonly waitStates: number;
  readonly lineBytes: number;
  readonly prefetch: boolean;
  /** Lines kept when a branch has waited for them. */
  readonly cacheLines: number;
}

/** Cycles that waiting adds to each instruction of a stretch of code. */
export interface FetchWaits {
  /** When it is reached from the one before it. */
  readonly straight: Int32Array;
  /** When a branch lands on it; what `straight` says of it, and what comes behind, is made up for. */
  readonly landing: Int32Array;
  /** When it branches; negative where its target's line is at hand, or soon. */
  readonly taken: Int32Array;
}

/** Bytes that RAM yields in one access. */
const WORD = 4;

/** Bytes of a line of flash, if the target does not say. */
const LINE = 4;

/** The memories of a target whose code waits; none when it has no wait states. */
export function fetchMemories({ memory }: Target): FetchMemory[] {
  if (memory === undefined) return [];
  const { flash, ram } = memory;
  return [
    { waitStates: 0, lineBytes: LINE, prefetch: false, cacheLines: 0, ...flash },
    { waitStates: 0, lineBytes: WORD, prefetch: false, cacheLines: 0, ...ram },
  ].filter(({ waitStates }) => waitStates > 0);
}

/** The one among `memories` that holds an address. */
export function memoryAt(
  memories: readonly FetchMemory[],
  address: number,
): FetchMemory | undefined {
  return memories.find((m) => address >= m.origin && address < m.origin + m.size);
}

/** Has the engine count what data wait for, by their memory. To be called before anything runs. */
export function watchData(native: Native, engine: Deno.PointerValue, { memory }: Target): void {
  if (memory === undefined) return;
  const { flash, ram } = memory;
  const range = (r: MemoryRegion) => [BigInt(r.origin), BigInt(r.origin + r.size - 1)] as const;
  const { waitStates = 0, lineBytes = LINE, cacheLines = 0, dataLines = 1 } = flash;
  if (waitStates > 0) {
    const [first, last] = range(flash);
    check(
      native.intnic_wait_flash(engine, first, last, waitStates, lineBytes, cacheLines, dataLines),
    );
  }
  if ((ram.waitStates ?? 0) > 0) {
    check(native.intnic_wait_ram(engine, ...range(ram), ram.waitStates!));
  }
  if (ram.regions !== undefined) {
    // The first that holds an address is its memory, so the whole RAM comes last.
    const memories = [...ram.regions, { ...flash, loadCycles: 0 }, { ...ram, loadCycles: 0 }];
    const words = memories.flatMap((m) => [...range(m), BigInt(m.loadCycles ?? 0)]);
    check(native.intnic_memories(engine, new BigUint64Array(words), memories.length));
  }
}

/** The error to state for cycles of a target: a table's own holds for the memories it names only. */
export function statedError(table: TimingTable, { memory }: Target): string {
  const { flash, ram } = memory ?? {};
  const parts: string[] = [];
  if ((flash?.waitStates ?? 0) > 0) {
    parts.push(`flash ${flash!.waitStates}, lines of ${flash!.lineBytes ?? LINE} bytes`);
    if (flash!.prefetch === true) parts.push("prefetch");
    if ((flash!.cacheLines ?? 0) > 0) parts.push(`${flash!.cacheLines} lines of code kept`);
    if ((flash!.dataLines ?? 1) > 1) parts.push(`${flash!.dataLines} lines of data kept`);
  }
  if ((ram?.waitStates ?? 0) > 0) parts.push(`RAM ${ram!.waitStates}`);
  const loads = ram?.regions?.map((r) => r.loadCycles ?? 0);
  if (parts.length > 0) {
    if (loads !== undefined) parts.push(`RAM regions, loads +${loads.join(" and +")}`);
    return `unvalidated with wait states (${parts.join(", ")})`;
  }
  if (loads === undefined) return table.error;
  const known = loads.every((cycles) => cycles === 0 || cycles === table.apart?.loadCycles);
  if (table.apart !== undefined && known) return table.apart.error;
  return `unvalidated with RAM regions (loads +${loads.join(" and +")})`;
}

/**
 * What waiting adds to a stretch of code.
 *
 * @param line its instructions, in order of address
 * @param costs cycles of each without wait states, reached from the one before it
 * @param taken what each adds if it branches, likewise
 */
export function fetchWaits(
  memory: FetchMemory,
  line: readonly Instruction[],
  costs: Int32Array,
  taken: Int32Array,
): FetchWaits {
  const waits = {
    straight: new Int32Array(line.length),
    landing: new Int32Array(line.length),
    taken: new Int32Array(line.length),
  };
  const fetch = new Fetch(memory);
  const numbers = new Map(line.map((i, n): [number, number] => [i.address, n]));
  /** The line and its age behind each instruction of the straight line. */
  const states: [line: number, age: number][] = [];
  for (const [n, i] of line.entries()) {
    // Behind a jump that is always taken, code is reached by a branch only.
    if (n === 0 || (line[n - 1]!.jumps && !line[n - 1]!.conditional)) fetch.land(i.address);
    waits.straight[n] = fetch.step(i, costs[n]!);
    states.push([fetch.line, fetch.age]);
  }
  /** What is added from `n` on beyond the straight line, until the next branch at the latest. */
  const beyond = (n: number): number => {
    let sum = 0;
    for (let k = n; k < line.length; k++) {
      sum += fetch.step(line[k]!, costs[k]!) - waits.straight[k]!;
      const [number, age] = states[k]!;
      if (line[k]!.jumps || (fetch.line === number && fetch.age === age)) break;
    }
    return sum;
  };
  for (const [n, i] of line.entries()) waits.landing[n] = fetch.land(i.address) + beyond(n);
  // Where lines are kept it matters which: that is decided when the branch is taken.
  if (memory.cacheLines > 0) return waits;
  for (const [n, i] of line.entries()) {
    const to = i.jumps && i.target !== undefined ? numbers.get(i.target) : undefined;
    if (to === undefined) continue;
    const entry = fetch.branch(states[n]!, Math.max(0, taken[n]!), i.target!);
    if (entry !== undefined) waits.taken[n] = entry + beyond(to) - waits.landing[to]!;
  }
  return waits;
}

/** Follows which line of code is at hand, and for how long. */
class Fetch {
  readonly #memory: FetchMemory;
  /** Number of the line at hand. */
  line = 0;
  /** Cycles since it came. */
  age = 0;

  constructor(memory: FetchMemory) {
    this.#memory = memory;
  }

  /** Cycles to wait for the line of an address that nobody has asked for before. */
  land(address: number): number {
    [this.line, this.age] = [this.#lineOf(address), 0];
    return this.#memory.waitStates;
  }

  /** Cycles to wait for all of an instruction, which takes `cost` cycles itself. */
  step(i: Instruction, cost: number): number {
    const last = this.#lineOf(i.address + i.size - 1);
    let cycles = 0;
    for (; this.line < last; this.line++, this.age = 0) cycles += this.#next();
    this.age += cost;
    return cycles;
  }

  /**
   * Cycles to wait for the target of a branch that takes `cycles`, if its line is the one at hand
   * or is being read ahead; undefined if it is neither.
   */
  branch(
    [line, age]: readonly [line: number, age: number],
    cycles: number,
    target: number,
  ): number | undefined {
    [this.line, this.age] = [line, age + cycles];
    const number = this.#lineOf(target);
    if (number === line) return 0;
    if (number !== line + 1 || !this.#memory.prefetch) return undefined;
    const wait = this.#next();
    [this.line, this.age] = [number, 0];
    return wait;
  }

  /** Cycles to wait for the line behind the one at hand. */
  #next(): number {
    const { waitStates, prefetch } = this.#memory;
    // The last cycle of a read is the access itself, which takes place without wait states too.
    return prefetch ? Math.min(waitStates, Math.max(0, waitStates + 1 - this.age)) : waitStates;
  }

  #lineOf(address: number): number {
    return Math.floor(address / this.#memory.lineBytes);
  }
}
