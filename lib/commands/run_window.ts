/**
 * What of a run is counted.
 *
 * @module
 */
import { UserError } from "../errors.ts";
import type { Count, Machine } from "../run/emulator/machine.ts";
import type { ProfileResult } from "../run/emulator/profile.ts";

/** Counts all of a run, or from the first entry of one symbol to the next of another. */
export class Window {
  readonly #machine: Machine;
  readonly #from: string | undefined;
  readonly #to: string | undefined;
  #start: Count | undefined;
  #end: Count | undefined;
  #profile: ProfileResult | undefined;
  #stack = 0;

  constructor(machine: Machine, from?: string, to?: string) {
    this.#machine = machine;
    this.#from = from;
    this.#to = to;
  }

  /** Counts from here, unless it is for symbols to say. */
  begin(): void {
    if (this.#from === undefined) this.#open();
  }

  /** Takes note of a symbol's entry. */
  at(symbol: string): void {
    if (this.#end !== undefined) return;
    if (this.#start === undefined) {
      if (symbol === this.#from) this.#open();
    } else if (symbol === this.#to) {
      this.#end = this.#machine.now;
      this.#profile = this.#machine.profile();
      this.#stack = this.#machine.stackHighWater();
    }
  }

  /** What the counted part did, as far as it has come. */
  get profile(): ProfileResult | undefined {
    return this.#end === undefined ? this.#machine.profile() : this.#profile;
  }

  get stack(): number {
    return this.#end === undefined ? this.#machine.stackHighWater() : this.#stack;
  }

  get closed(): boolean {
    return this.#end !== undefined;
  }

  #open(): void {
    this.#start = this.#machine.now;
    this.#machine.clearProfile();
    this.#machine.stackHighWater();
  }

  /** @throws {UserError} when a symbol was never entered, unless `anyway` */
  count(anyway: boolean): Count {
    const missing = this.#start === undefined ? this.#from : this.#to;
    if (this.#from !== undefined && this.#end === undefined && !anyway) {
      const when = this.#start === undefined ? "" : ` after ${this.#from}`;
      throw new UserError(`Cannot count: the program ends and has not entered ${missing}${when}.`);
    }
    const zero = { instructions: 0, cycles: 0 };
    const start = this.#start ?? (this.#from === undefined ? zero : this.#machine.now);
    const end = this.#end ?? this.#machine.now;
    return {
      instructions: end.instructions - start.instructions,
      cycles: end.cycles - start.cycles,
    };
  }
}
