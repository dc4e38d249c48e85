/**
 * Prices instructions on the small RISC-V cores: a cost by kind, what an operand that comes late
 * adds, and what an instruction that spans two words adds.
 *
 * @module
 */

import type { Instruction } from "../decode/instruction.ts";
import { isMisaligned, type Pricer, type ScalarKind, type ScalarTable } from "./table.ts";

export class ScalarPricer implements Pricer {
  readonly #table: ScalarTable;
  #previous: Instruction | undefined;
  #earlier: Instruction | undefined;
  #previousCycles = 0;
  /** What the previous instruction takes without waiting. */
  #previousAlone = 0;
  #taken = 0;

  constructor(table: ScalarTable) {
    this.#table = table;
  }

  get taken(): number {
    return this.#taken;
  }

  reset(): void {
    this.#previous = undefined;
    this.#earlier = undefined;
  }

  step(i: Instruction, next?: Instruction): number {
    const t = this.#table;
    // Nothing is carried over a jump: the pipeline refills.
    if (this.#previous?.jumps && !this.#previous.conditional) this.reset();
    this.#taken = i.jumps ? t.taken[i.kind]?.[0] ?? 0 : 0;
    if (i.conditional && next !== undefined && isMisaligned(next)) {
      this.#taken += t.misalignedBehind[0];
    }
    if (this.#overlaps(i)) this.#taken -= Math.min(this.#taken, t.jumpOverlap[0]);
    const alone = this.#alone(i);
    const cycles = alone + this.#stall(i);
    this.#earlier = this.#previous;
    this.#previous = i;
    this.#previousCycles = cycles;
    this.#previousAlone = alone;
    return cycles;
  }

  #alone(i: Instruction): number {
    const t = this.#table;
    // Kinds that RV32IMC has not cannot be run either.
    let cycles = (t.named?.[i.name] ?? t.costs[i.kind as ScalarKind])?.[0] ?? 1;
    if (t.shift !== undefined && i.shifts) {
      const distance = i.distance ?? 0;
      const stride = t.shift.stride[0];
      cycles = t.shift.base[0] + Math.floor(distance / stride) + distance % stride;
    }
    return isMisaligned(i) ? cycles + t.misalignedFetch[0] : cycles;
  }

  /** Whether a jump's target is fetched while the instruction before it executes. */
  #overlaps(i: Instruction): boolean {
    const before = this.#previous;
    return i.jumps && !i.conditional && before !== undefined && this.#previousAlone > 1 &&
      (before.writes & i.reads) === 0;
  }

  /** Cycles spent waiting for a register. */
  #stall(i: Instruction): number {
    const t = this.#table;
    const before = this.#previous;
    if (before === undefined) return 0;
    if (i.kind === "jump") {
      if ((before.loaded & i.reads) !== 0) return t.jumpLoaded[0];
      if ((before.writes & i.reads) !== 0) return t.jumpComputed[0];
      const loaded = this.#earlier?.loaded ?? 0;
      const hidden = this.#previousCycles - 1;
      return (loaded & i.reads) !== 0 ? Math.max(0, t.jumpLoadedEarlier[0] - hidden) : 0;
    }
    if ((before.loaded & i.reads) !== 0) return t.loadUse[0];
    return i.kind !== "load" && (before.loaded & i.writes) !== 0 ? t.loadOverwrite[0] : 0;
  }
}
