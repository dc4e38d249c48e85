/**
 * Prices instructions on a core that may begin two in one cycle, to a first approximation: an
 * instruction joins the one before it when the pairing rules allow it and its operands are ready;
 * otherwise it waits for them and takes cycles of its own.
 *
 * @module
 */

import type { Instruction } from "../decode/instruction.ts";
import { isList } from "./in_order.ts";
import type { DualIssueTable, Pricer } from "./table.ts";

export class DualIssuePricer implements Pricer {
  readonly #table: DualIssueTable;
  /** Cycle from which each register can be used. */
  readonly #ready = new Int32Array(32);
  /** First cycle that is still free. */
  #free = 0;
  /** Cycle at which the flags were last set. */
  #flags = -1000;
  #previous: Instruction | undefined;
  /** The instruction before is alone in its cycle. */
  #open = false;
  #taken = 0;

  constructor(table: DualIssueTable) {
    this.#table = table;
  }

  get taken(): number {
    return this.#taken;
  }

  reset(): void {
    this.#ready.fill(0);
    this.#free = 0;
    this.#flags = -1000;
    this.#previous = undefined;
    this.#open = false;
  }

  step(i: Instruction): number {
    const t = this.#table;
    const before = this.#previous;
    const start = this.#free;
    const operands = this.#operands(i);
    this.#taken = i.jumps ? t.taken[i.kind]?.[0] ?? 0 : 0;
    let issue: number;
    let extra = 0;
    const joins = before !== undefined && this.#open && operands < start && pairs(t, before, i);
    const fused = i.kind === "branch-if" && i.reads === 0 && before?.setsFlags === true
      ? t.branchAfterFlags
      : undefined;
    if (fused !== undefined) {
      issue = start - 1;
      this.#free = start + fused.notTaken[0];
      this.#taken = fused.taken[0] - fused.notTaken[0];
      this.#open = false;
    } else if (joins) {
      issue = start - 1;
      this.#open = false;
    } else {
      issue = Math.max(start, operands);
      const occupied = t.costs[i.kind][0] + (isList(i) ? listCycles(t, i) : 0);
      this.#free = issue + occupied;
      this.#open = occupied === 1;
    }
    if (i.kind === "branch-if" && t.mispredict !== undefined) {
      const { late, early, earlyAfter } = t.mispredict;
      const wrong = issue - this.#flags >= earlyAfter ? early[0] : late[0];
      // Backward branches close loops: guessed taken. Forward ones are guessed not taken.
      const backward = i.target !== undefined && i.target <= i.address;
      if (backward) extra = wrong;
      this.#taken = backward ? -wrong : wrong;
    }
    this.#record(i, issue);
    this.#free += extra;
    return this.#free - start;
  }

  /** The cycle at which all operands are there. */
  #operands(i: Instruction): number {
    const { chained } = this.#table;
    let cycle = 0;
    for (let r = 0; r < 32; r++) {
      if ((i.reads & (1 << r)) === 0) continue;
      const late = i.kind === "store"
        ? (i.addressReads & (1 << r)) === 0
        : (i.accumulates & (1 << r)) !== 0;
      cycle = Math.max(cycle, this.#ready[r]! - (late ? chained[0] : 0));
    }
    return cycle;
  }

  #record(i: Instruction, issue: number): void {
    const t = this.#table;
    const latency = i.shifts ? t.shiftLatency[0] : t.latency[i.kind]?.[0] ?? 1;
    for (let r = 0; r < 32; r++) {
      if ((i.writes & (1 << r)) === 0) continue;
      const base = t.latency.load !== undefined && i.kind.startsWith("load") &&
        (i.loaded & (1 << r)) === 0;
      this.#ready[r] = issue + (base ? 1 : latency);
    }
    if (i.setsFlags) this.#flags = issue;
    this.#previous = i;
  }
}

function listCycles(t: DualIssueTable, i: Instruction): number {
  return Math.max(1, Math.ceil(t.perRegister[0] * i.registers));
}

/** Whether `second` may begin in the same cycle as `first`, operands aside. */
function pairs(t: DualIssueTable, first: Instruction, second: Instruction): boolean {
  if (first.size > t.pairWidth || second.size > t.pairWidth) return false;
  if (first.jumps || !isSimple(first)) return false;
  if (t.joins !== undefined) {
    return t.joins.includes(second.kind) || (first.kind === "nop" && isSimple(second));
  }
  if (!isSimple(second)) return false;
  if ((first.writes & (second.reads | second.writes)) !== 0) return false;
  if (first.setsFlags && (second.conditional || usesFlags(second))) return false;
  const [a, b] = [first.kind, second.kind];
  if (a.startsWith("multiply") && (b.startsWith("multiply") || b === "store")) return false;
  if (a === "store" && (b.startsWith("multiply") || b === "store")) return false;
  if (a === "load" && b === "load") return t.loadPairs && differentBanks(first, second);
  const heavy = (i: Instruction) => i.shifts || i.dsp;
  return !(heavy(first) && heavy(second));
}

const SIMPLE = new Set([
  "alu",
  "multiply",
  "multiply-add",
  "multiply-long",
  "multiply-add-long",
  "load",
  "store",
  "nop",
  "branch",
  "branch-if",
  "call",
]);

function isSimple(i: Instruction): boolean {
  return SIMPLE.has(i.kind);
}

function usesFlags(i: Instruction): boolean {
  return /^(adc|sbc)/.test(i.name);
}

/** Whether two loads from one base touch an even and an odd word. */
function differentBanks(a: Instruction, b: Instruction): boolean {
  return a.addressing === "immediate" && b.addressing === "immediate" &&
    a.addressReads === b.addressReads && (((a.offset ^ b.offset) >> 2) & 1) === 1;
}
