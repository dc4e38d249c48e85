/**
 * Prices instructions on Cortex-M7: two a cycle, in order. Sums and copies may run in an early
 * arithmetic unit, everything else runs in a late one a cycle behind it; addresses and shifted
 * operands are needed early. A result of the early unit reaches the late one in the same cycle; one
 * of the late unit reaches the early one two cycles on. Evidence: `docs/timing-arm.md`.
 *
 * @module
 */

import type { Instruction } from "../decode/instruction.ts";
import { FloatUnit } from "./float_unit.ts";
import { isList } from "./in_order.ts";
import { type OperandPath, operandPath, shiftedRegister } from "./operand_path.ts";
import { canPair } from "./two_wide_pairs.ts";
import type { Pricer, TwoWideTable } from "./table.ts";

/** Arithmetic that the early unit can do. */
const EARLY = /^(add|sub|mov|adr)/;

export class TwoWidePricer implements Pricer {
  readonly #table: TwoWideTable;
  readonly #unit: FloatUnit;
  /** Cycle from which each register can be used by the late unit, and by the early one. */
  readonly #late = new Int32Array(32);
  readonly #early = new Int32Array(32);
  /** Registers that were last written by a load of words. */
  #words = 0;
  /** First cycle that is still free, and the cycle in which the flags were last set. */
  #free = 0;
  #flags = -1000;
  #previous: Instruction | undefined;
  /** The instruction before is alone in its cycle. */
  #open = false;
  #taken = 0;

  constructor(table: TwoWideTable) {
    this.#table = table;
    this.#unit = new FloatUnit(table.float);
  }

  get taken(): number {
    return this.#taken;
  }

  reset(): void {
    this.#late.fill(0);
    this.#early.fill(0);
    this.#words = 0;
    this.#free = 0;
    this.#flags = -1000;
    this.#previous = undefined;
    this.#open = false;
    this.#unit.reset();
  }

  step(i: Instruction): number {
    const t = this.#table;
    const start = this.#free;
    const path = operandPath(i);
    const ready = this.#unit.earliest(i, this.#ready(i, path));
    const younger = this.#open && ready < start && canPair(this.#previous!, i, t.loadPairs);
    const issue = younger ? start - 1 : Math.max(start, ready);
    if (younger) this.#open = false;
    else {
      const occupied = isList(i)
        ? Math.max(1, Math.ceil(t.perRegister[0] * i.registers))
        : (t.byName?.[i.name] ?? t.costs[i.kind])[0];
      this.#free = issue + occupied;
      this.#open = occupied === 1;
    }
    this.#taken = i.jumps ? t.taken[i.kind]?.[0] ?? 0 : 0;
    this.#record(i, path, issue, younger);
    this.#unit.begin(i, issue);
    // What is run from elsewhere is not known to leave the unit alone for as long as it is busy.
    if (i.jumps) this.#taken += Math.max(0, this.#unit.free - this.#free);
    return this.#free - start;
  }

  /** The cycle from which the operands are there for the latest unit that can do it. */
  #ready(i: Instruction, path: OperandPath): number {
    const early = i.addressReads | shiftedRegister(i, path) |
      (i.kind.startsWith("multiply") ? this.#words & ~i.accumulates : 0);
    // What is stored may come from the same cycle.
    const waits = i.kind.startsWith("store") ? i.addressReads : i.reads;
    let cycle = usesFlags(i) ? this.#flags + 1 : 0;
    for (let r = 0; r < 32; r++) {
      const bit = 1 << r;
      if ((waits & bit) === 0) continue;
      const ready = (early & bit) !== 0
        ? this.#early[r]!
        : this.#late[r]! - ((i.accumulates & bit) !== 0 ? 1 : 0);
      cycle = Math.max(cycle, ready);
    }
    return cycle;
  }

  #record(i: Instruction, path: OperandPath, issue: number, younger: boolean): void {
    const t = this.#table;
    const [late, early] = this.#latencies(i, path, issue, younger);
    let order = 0;
    for (let r = 0; r < 32; r++) {
      const bit = 1 << r;
      if ((i.writes & bit) === 0) continue;
      if (i.loaded !== 0 && (i.loaded & bit) === 0) {
        // A base that is written back comes from the address unit.
        this.#late[r] = issue;
        this.#early[r] = issue + 1;
        continue;
      }
      const cycle = isList(i) ? issue + Math.floor(t.perRegister[0] * order++) : issue;
      this.#late[r] = cycle + late;
      this.#early[r] = cycle + early;
    }
    const narrow = /^ldrs?[bh]/.test(i.name);
    this.#words = (this.#words & ~i.writes) | (narrow ? 0 : i.loaded);
    if (i.setsFlags && !(i.conditional && i.size === 2 && i.writes !== 0)) this.#flags = issue;
    this.#previous = i;
  }

  /** Cycles until the late and the early unit can use what an instruction makes. */
  #latencies(
    i: Instruction,
    path: OperandPath,
    issue: number,
    younger: boolean,
  ): [late: number, early: number] {
    const { late, word, narrow, product, float } = this.#table.latency;
    const behind = (cost: readonly [number, string]): [number, number] => [cost[0], cost[0] + 1];
    if (i.kind.startsWith("load")) return behind(/^ldrs?[bh]/.test(i.name) ? narrow : word);
    // Of the unit's loads and stores it is the base.
    if (i.kind.startsWith("store") || (i.float && i.registers > 0)) return [0, 1];
    if (i.float) return behind(float);
    if (i.kind.startsWith("multiply")) return behind(product);
    // Turned bytes and bits come from the early unit, but not in time for its next cycle.
    if (path === "bits" && i.name.startsWith("r")) return [0, 2];
    const simple = path === "shift" || (path === "plain" && !younger && EARLY.test(i.name) &&
      i.name !== "movt");
    return simple && this.#isEarly(i.reads, issue) ? [0, 1] : behind(late);
  }

  #isEarly(reads: number, issue: number): boolean {
    for (let r = 0; r < 32; r++) {
      if ((reads & (1 << r)) !== 0 && this.#early[r]! > issue) return false;
    }
    return true;
  }
}

function usesFlags(i: Instruction): boolean {
  return /^(adc|sbc|sel)/.test(i.name) || (i.conditional && i.kind !== "branch-if");
}
