/**
 * Prices instructions on Cortex-M3 and M4: three stages (fetch, decode, execute), where the decoder
 * forms addresses and sends out the targets of branches. It follows the cycle in which each
 * instruction begins to execute; what an instruction costs is how far it moves the cycle from which
 * the execute stage is free.
 *
 * @module
 */

import type { Instruction } from "../decode/instruction.ts";
import { FloatUnit } from "./float_unit.ts";
import { isList } from "./in_order.ts";
import { Prefetch } from "./prefetch.ts";
import type { FetchedTable, Overlap, Pricer } from "./table.ts";

/** A word requested in cycle 0 is decoded in cycle 2, and its instruction executes in cycle 3. */
const FIRST = 3;

const LR = 1 << 14;

export class FetchedPricer implements Pricer {
  readonly #table: FetchedTable;
  readonly #prefetch: Prefetch;
  readonly #unit: FloatUnit;
  #previous: Instruction | undefined;
  /** Cycle in which the instruction before began to execute. */
  #begun = 0;
  /** Cycle from which the execute stage is free. */
  #free = FIRST;
  /** The instruction before is a load whose second cycle another access may share. */
  #shares = false;
  #taken = 0;
  #overlap: Overlap | undefined;

  constructor(table: FetchedTable) {
    this.#table = table;
    this.#prefetch = new Prefetch(table.prefetchWords[0]);
    this.#unit = new FloatUnit(table.float ?? { latency: {} });
  }

  get taken(): number {
    return this.#taken;
  }

  get overlap(): Overlap | undefined {
    return this.#overlap;
  }

  reset(): void {
    this.#previous = undefined;
    this.#begun = 0;
    this.#free = FIRST;
    this.#shares = false;
    this.#unit.reset();
  }

  step(i: Instruction): number {
    // Behind a jump that is always taken, code is reached by a branch only.
    if (this.#previous?.jumps === true && !this.#previous.conditional) this.reset();
    const before = this.#previous;
    if (before === undefined) this.#prefetch.restart(i.address);
    const decoded = this.#prefetch.ready(i, this.#begun);
    const free = this.#free;
    this.#overlap = undefined;
    if (i.kind === "if-then" && before?.size === 2 && this.#table.foldedIfThen[0] > 0) {
      // Decoded together with the instruction before, which stays the one that others depend on.
      this.#prefetch.leave(i, decoded);
      this.#shares = false;
      this.#taken = 0;
      return 0;
    }
    let begin = Math.max(decoded + 1, free);
    if (before !== undefined) {
      // The access can share the load's second cycle only if it was decoded in the first.
      if (this.#shares && decoded <= this.#begun && mayOverlap(this.#table, before, i)) {
        this.#overlap = sameMemory(before, i) ? "same" : "other";
        if (this.#overlap === "same") begin = this.#begun + 1;
      }
      begin += this.#waits(before, i);
    }
    begin = this.#unit.earliest(i, begin);
    this.#unit.begin(i, begin);
    this.#taken = i.jumps ? this.#branch(before, i) : 0;
    // A branch whose flags are not there yet fetches from its target, in case it is taken.
    if (i.kind === "branch-if" && before?.setsFlags === true && !comparesItself(i)) {
      if (this.#table.speculativeFetch[0] > 0) this.#prefetch.lose(begin - 1);
    }
    this.#prefetch.leave(i, begin - 1);
    this.#previous = i;
    this.#begun = begin;
    this.#free = begin + this.#duration(i);
    // What is run from elsewhere is not known to leave the unit alone for as long as it is busy.
    if (i.jumps) this.#taken += Math.max(0, this.#unit.free - this.#free);
    this.#shares = i.kind === "load" && this.#table.pipelinedLoad[0] > 0;
    return this.#free - free;
  }

  /** Cycles in the execute stage, if nothing shares them. */
  #duration(i: Instruction): number {
    const t = this.#table;
    let cycles = (t.byName?.[i.name] ?? t.costs[i.kind])[0];
    if (isList(i)) cycles += t.perRegister[0] * i.registers;
    if (i.kind === "store" && i.addressing === "register") cycles += t.registerStore[0];
    return cycles;
  }

  /** Cycles an instruction waits for what the one before makes or does. */
  #waits(before: Instruction, i: Instruction): number {
    const t = this.#table;
    let cycles = 0;
    if (isArithmetic(before) && (before.writes & i.addressReads) !== 0) {
      cycles += t.addressFromAlu[0];
    }
    if ((before.loaded & i.addressReads) !== 0) cycles += t.addressFromLoad[0];
    if (isSlowStore(before) && i.kind.startsWith("load")) cycles += t.loadAfterStore[0];
    return cycles;
  }

  /** What taking the branch adds, if its target is not misaligned: the refill of the pipeline. */
  #branch(before: Instruction | undefined, i: Instruction): number {
    const t = this.#table;
    const cycles = t.taken[i.kind]?.[0] ?? 0;
    // The decoder knows constants and the link register, unless that has just been written.
    const early = i.kind === "jump"
      ? i.reads === LR && ((before?.writes ?? 0) & LR) === 0
      : !comparesItself(i);
    return early ? cycles : cycles + t.lateTarget[0];
  }
}

/** Whether an access to the same memory may begin in the second cycle of the load before it. */
function mayOverlap(t: FetchedTable, load: Instruction, i: Instruction): boolean {
  // Lists and pairs never do: DDI 0439, 3.3.3.
  if (i.kind !== "load" && i.kind !== "store") return false;
  if ((load.writes & i.addressReads) !== 0) return false;
  const updatesBase = (i.writes & ~i.loaded) !== 0;
  return t.pipelinesBaseUpdate || !updatesBase;
}

/** The address of a literal goes out on the code bus, all others usually on the system bus. */
function sameMemory(load: Instruction, i: Instruction): boolean {
  return (load.addressing === "literal") === (i.addressing === "literal");
}

/** CBZ and CBNZ: they decide in the execute stage. */
function comparesItself(i: Instruction): boolean {
  return i.kind === "branch-if" && i.reads !== 0;
}

function isArithmetic(i: Instruction): boolean {
  return i.kind === "alu" || i.kind.startsWith("multiply") || i.kind === "divide";
}

/** A store that a load behind it waits for; one of several registers is none. */
function isSlowStore(i: Instruction): boolean {
  return i.kind === "store" || i.kind === "store-double";
}
