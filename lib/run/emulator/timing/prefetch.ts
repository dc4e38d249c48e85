/**
 * The instruction fetch of Cortex-M3 and M4 at zero wait states: a buffer of a few words that is
 * filled over a bus of one word a cycle, ahead of the decoder.
 *
 * A word that is requested in one cycle arrives in the next and can be decoded in the one after. A
 * request needs a free place in the buffer, and a word's place is free again in the cycle after the
 * decoder has handed on the last instruction that begins in it. So 32-bit instructions that lie
 * across two words drain a full buffer: each needs the word behind its own, and from the third on it
 * is not there in time.
 *
 * Sources: DDI 0337G 1.4 "Prefetch Unit" (three words, one word a cycle, a conditional branch
 * consumes a fetch slot); Arm knowledge article 103488664 (words are fetched whatever the widths of
 * the instructions in them). That three such instructions in a row cost a cycle, and that a branch
 * to one costs a cycle, is measured: compendium.i-0.nl, "Alignment rules" and "Branch timing".
 *
 * @module
 */

import type { Instruction } from "../decode/instruction.ts";

/** Cycles from a word's request to its decoding. */
const LATENCY = 2;

/** The end of time: a word still in use. */
const IN_USE = Infinity;

interface Word {
  readonly number: number;
  /** First cycle in which it can be decoded. */
  readonly ready: number;
  /** Last cycle in which it takes up a place. */
  until: number;
}

export class Prefetch {
  readonly #depth: number;
  #words: Word[] = [];
  /** The word to be requested next, and the first cycle in which that can happen. */
  #next = 0;
  #cycle = 0;

  /** @param depth words the buffer holds, those on their way included */
  constructor(depth: number) {
    this.#depth = depth;
  }

  /** Empties the buffer; the word with the instruction at `address` is requested in cycle 0. */
  restart(address: number): void {
    this.#words = [];
    this.#next = address >>> 2;
    this.#cycle = 0;
  }

  /** First cycle, not before `from`, in which the whole instruction is there to be decoded. */
  ready(i: Instruction, from: number): number {
    const last = (i.address + i.size - 1) >>> 2;
    let cycle = from;
    for (;;) {
      this.#request(cycle);
      const word = this.#words.find((w) => w.number === last);
      if (word === undefined) cycle++;
      else return Math.max(cycle, word.ready);
    }
  }

  /** The instruction leaves the decoder at the end of `cycle`. */
  leave(i: Instruction, cycle: number): void {
    for (const word of this.#words) {
      if (word.until === IN_USE && (word.number + 1) * 4 <= i.address + i.size) word.until = cycle;
    }
  }

  /** The bus is used for something else in `cycle`. */
  lose(cycle: number): void {
    this.#request(cycle - 1);
    if (this.#words.at(-1)?.ready === cycle + LATENCY) {
      this.#words.pop();
      this.#next--;
    }
    this.#cycle = Math.max(this.#cycle, cycle + 1);
  }

  /** Requests what there is room for, up to and including `cycle`. */
  #request(cycle: number): void {
    for (; this.#cycle <= cycle; this.#cycle++) {
      this.#words = this.#words.filter((word) => word.until >= this.#cycle);
      if (this.#words.length >= this.#depth) continue;
      this.#words.push({ number: this.#next++, ready: this.#cycle + LATENCY, until: IN_USE });
    }
  }
}
