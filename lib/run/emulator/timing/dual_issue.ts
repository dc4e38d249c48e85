/**
 * Prices instructions on Cortex-M33: one a cycle, but for what may join a 16-bit instruction before
 * it. An instruction waits until its operands are there.
 *
 * @module
 */

import type { Instruction } from "../decode/instruction.ts";
import { FloatUnit } from "./float_unit.ts";
import { isList } from "./in_order.ts";
import { operandPath } from "./operand_path.ts";
import type { DualIssueTable, Pricer } from "./table.ts";

/** What takes two stages, so that its result comes as late as a product. */
const TWO_STAGES = new Set(["inline-shift", "shifted-constant", "extend-add", "dsp"]);

export class DualIssuePricer implements Pricer {
  readonly #table: DualIssueTable;
  /** Cycle from which each register can be used. */
  readonly #ready = new Int32Array(32);
  /** Registers that were last written by a load. */
  #fromLoad = 0;
  readonly #unit: FloatUnit;
  /** First cycle that is still free. */
  #free = 0;
  #previous: Instruction | undefined;
  /** The instruction before may be joined by another. */
  #open = false;
  /** The instruction before set the flags. */
  #fresh = false;
  #taken = 0;

  constructor(table: DualIssueTable) {
    this.#table = table;
    this.#unit = new FloatUnit(table.float);
  }

  get taken(): number {
    return this.#taken;
  }

  reset(): void {
    this.#ready.fill(0);
    this.#fromLoad = 0;
    this.#free = 0;
    this.#previous = undefined;
    this.#open = false;
    this.#fresh = false;
    this.#unit.reset();
  }

  step(i: Instruction): number {
    const t = this.#table;
    const start = this.#free;
    const operands = this.#unit.earliest(i, this.#operands(i));
    // Behind IT 16-bit arithmetic leaves the flags alone.
    const setsFlags = i.setsFlags && !(i.conditional && i.size === 2 && i.writes !== 0);
    this.#taken = i.jumps ? t.taken[i.kind]?.[0] ?? 0 : 0;
    let issue = start - 1;
    if (this.#open && operands < start && joins(t, this.#previous!, i)) {
      this.#open = false;
      // Its condition is known one cycle late; the other way costs nothing more.
      if (this.#fresh && i.kind === "branch-if") this.#taken += t.freshFlags[0];
    } else {
      issue = Math.max(start, operands);
      const occupied = (t.byName?.[i.name] ?? t.costs[i.kind])[0] +
        (isList(i) ? t.perRegister[0] * i.registers : 0) +
        (setsFlags && (i.kind === "multiply" || operandPath(i) === "shifted-constant")
          ? t.slowFlags[0]
          : 0);
      this.#free = issue + occupied;
      this.#open = i.size === 2;
    }
    this.#record(i, issue, setsFlags);
    this.#unit.begin(i, issue);
    // What is run from elsewhere is not known to leave the unit alone for as long as it is busy.
    if (i.jumps) this.#taken += Math.max(0, this.#unit.free - this.#free);
    return this.#free - start;
  }

  /** The cycle at which all operands are there. */
  #operands(i: Instruction): number {
    const { chained, targetFromLoad } = this.#table;
    const late = i.kind === "store" ? i.reads & ~i.addressReads : accumulates(i);
    let cycle = 0;
    for (let r = 0; r < 32; r++) {
      const bit = 1 << r;
      if ((i.reads & bit) === 0) continue;
      let ready = this.#ready[r]!;
      if ((late & bit) !== 0) ready -= chained[0];
      if (i.kind === "jump" && (this.#fromLoad & bit) !== 0) ready += targetFromLoad[0];
      cycle = Math.max(cycle, ready);
    }
    return cycle;
  }

  #record(i: Instruction, issue: number, setsFlags: boolean): void {
    const t = this.#table;
    const latency = TWO_STAGES.has(operandPath(i))
      ? t.shiftLatency[0]
      : t.latency[i.kind]?.[0] ?? 1;
    // The registers of a list come one a cycle.
    let cycle = issue;
    for (let r = 0; r < 32; r++) {
      const bit = 1 << r;
      if ((i.writes & bit) === 0) continue;
      const loaded = (i.loaded & bit) !== 0;
      if (loaded && isList(i)) this.#ready[r] = cycle++ + latency;
      else this.#ready[r] = issue + (i.loaded !== 0 && !loaded ? 1 : latency);
    }
    this.#fromLoad = (this.#fromLoad & ~i.writes) | i.loaded;
    this.#fresh = setsFlags;
    this.#previous = i;
  }
}

/** Whether `second` may begin in the same cycle as `first`, operands aside. */
function joins(t: DualIssueTable, first: Instruction, second: Instruction): boolean {
  if (second.size !== 2 || first.jumps) return false;
  return t.joins.includes(second.kind) || (first.kind === "nop" && !second.jumps);
}

/** Registers that are only added to a product or to an extended value. */
function accumulates(i: Instruction): number {
  return operandPath(i) === "extend-add" ? 1 << ((i.word >>> 16) & 15) : i.accumulates;
}
