/**
 * Prices instructions on a core that begins one after the other: a cost by kind, corrected by the
 * instruction right before.
 *
 * @module
 */

import type { Instruction } from "../decode/instruction.ts";
import type { InOrderTable, Pricer } from "./table.ts";

export class InOrderPricer implements Pricer {
  readonly #table: InOrderTable;
  #previous: Instruction | undefined;
  #taken = 0;

  constructor(table: InOrderTable) {
    this.#table = table;
  }

  get taken(): number {
    return this.#taken;
  }

  reset(): void {
    this.#previous = undefined;
  }

  step(i: Instruction): number {
    const t = this.#table;
    this.#taken = i.jumps ? t.taken[i.kind]?.[0] ?? 0 : 0;
    let cycles = t.costs[i.kind][0];
    if (isList(i)) cycles += t.perRegister[0] * i.registers;
    if (i.kind === "store" && i.addressing === "register") cycles += t.registerStore[0];
    const before = this.#previous;
    // Nothing is carried over a jump: only its return or its not being taken leads here.
    if (before !== undefined && (!before.jumps || before.conditional)) {
      cycles += this.#pair(before, i, cycles);
    }
    this.#previous = i;
    return cycles;
  }

  #pair(before: Instruction, i: Instruction, cycles: number): number {
    const t = this.#table;
    let extra = 0;
    if (i.kind === "load" || i.kind === "store") {
      if (before.kind === "load" && (before.loaded & i.addressReads) === 0) {
        extra -= Math.min(t.pipelinedLoad[0], cycles - 1);
      } else if (before.kind === "store" && i.kind === "load") {
        extra += t.loadAfterStore[0];
      }
    }
    if (isArithmetic(before) && (before.writes & i.addressReads) !== 0) {
      extra += t.addressFromAlu[0];
    }
    if ((before.loaded & i.reads) !== 0) extra += t.loadUse[0];
    if (i.kind === "if-then" && before.size === 2) extra -= Math.min(t.foldedIfThen[0], cycles);
    return extra;
  }
}

/** Whether an instruction moves several registers. */
export function isList(i: Instruction): boolean {
  return i.kind.endsWith("-multiple") || i.kind.endsWith("-double") || i.name === "vldm" ||
    i.name === "vstm";
}

function isArithmetic(i: Instruction): boolean {
  return i.kind === "alu" || i.kind.startsWith("multiply");
}
