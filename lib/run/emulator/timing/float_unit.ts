/**
 * When an instruction of the floating-point unit may begin: results that are not there yet, and a
 * unit that is busy. What such an instruction takes of the core's own time is in the tables like that
 * of any other.
 *
 * @module
 */

import type { Instruction } from "../decode/instruction.ts";
import type { Cost } from "./table.ts";

type Costs = Readonly<Record<string, Cost>>;

/** By names of instructions, as `decode/vfp.ts` gives them; cycles count from the beginning. */
export interface FloatTiming {
  /** Until the result can be used; 1 if not named. */
  readonly latency: Costs;
  /** Likewise as what a product is added to, if that differs. */
  readonly addendLatency?: Costs;
  /** Likewise as what is stored. */
  readonly storeLatency?: Costs;
  /** Until another instruction of the unit can begin; 1 if not named. */
  readonly busy?: Costs;
  /** Likewise, but only those named `before`. */
  readonly apart?: {
    readonly after: readonly string[];
    readonly before: readonly string[];
    readonly cycles: Cost;
  };
}

interface Result {
  readonly name: string;
  readonly begun: number;
}

export class FloatUnit {
  readonly #timing: FloatTiming;
  /** What made each register. */
  #results: (Result | undefined)[] = [];
  #free = 0;
  /** First cycle for those that have to keep a distance. */
  #apart = 0;

  constructor(timing: FloatTiming) {
    this.#timing = timing;
  }

  reset(): void {
    this.#results = [];
    this.#free = 0;
    this.#apart = 0;
  }

  /** First cycle in which nothing that has begun keeps the unit busy. */
  get free(): number {
    return this.#free;
  }

  /** First cycle, not before `cycle`, in which the instruction may begin. */
  earliest(i: Instruction, cycle: number): number {
    const { floats } = i;
    if (floats === undefined) return cycle;
    const t = this.#timing;
    let first = Math.max(cycle, this.#free);
    if (t.apart?.before.includes(i.name)) first = Math.max(first, this.#apart);
    const stores = i.name.startsWith("vst");
    for (let r = 0; r < 32; r++) {
      const made = this.#results[r];
      if (made === undefined) continue;
      const latency = t.latency[made.name]?.[0] ?? 1;
      if ((floats.reads & (1 << r)) !== 0) {
        const stored = stores ? t.storeLatency?.[made.name]?.[0] : undefined;
        first = Math.max(first, made.begun + (stored ?? latency));
      }
      if ((floats.addend & (1 << r)) !== 0) {
        first = Math.max(first, made.begun + (t.addendLatency?.[made.name]?.[0] ?? latency));
      }
    }
    return first;
  }

  /** The instruction begins in `cycle`. */
  begin(i: Instruction, cycle: number): void {
    const { floats, name } = i;
    if (floats === undefined) return;
    const t = this.#timing;
    for (let r = 0; r < 32; r++) {
      if ((floats.writes & (1 << r)) !== 0) this.#results[r] = { name, begun: cycle };
    }
    this.#free = Math.max(this.#free, cycle + (t.busy?.[name]?.[0] ?? 1));
    if (t.apart?.after.includes(name)) this.#apart = cycle + t.apart.cycles[0];
  }
}
