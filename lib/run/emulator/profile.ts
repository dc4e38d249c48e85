/**
 * What a run's time was spent on, by function and by instruction.
 *
 * @module
 */

import type { Elf } from "../../build/elf.ts";
import { codeRanges, codeSections, decoderFor, instructions } from "./code.ts";
import type { Instruction } from "./decode/instruction.ts";
import { instructionText } from "./decode/text.ts";
import { locate } from "./fault.ts";
import type { Native } from "./native.ts";
import { SLOT_BYTES, type SlotRegion } from "./slots.ts";

/** One function's own cost, without what it calls. */
export interface FunctionCost {
  readonly name: string;
  readonly calls: number;
  readonly instructions: number;
  readonly cycles: number;
}

/** One instruction's cost. */
export interface InstructionCost {
  readonly address: number;
  /** `function+offset`. */
  readonly location: string;
  /** `file:line` of its source, where that has been looked up and is known. */
  readonly source?: string;
  readonly text: string;
  readonly count: number;
  /** Straight-line price times `count`, without what taken branches and operands add. */
  readonly cycles: number;
}

export interface ProfileResult {
  /** Dearest first; functions that never ran are left out. */
  readonly functions: readonly FunctionCost[];
  readonly hottest: readonly InstructionCost[];
}

const ENTRY = 0x8000;
const MAX_FUNCTIONS = 0x7fff;
const HOTTEST = 20;

/** Tallies that the engine fills while it runs; the layout is `struct profile` in `device.c`. */
export class Profile {
  readonly #elf: Elf;
  readonly #bytes: Uint8Array;
  readonly #regions: readonly SlotRegion[];
  readonly #names: readonly string[];
  readonly #functions: Uint16Array<ArrayBuffer>;
  readonly #hits: BigInt64Array<ArrayBuffer>;
  readonly #tallies: BigUint64Array<ArrayBuffer>;

  constructor(elf: Elf, bytes: Uint8Array, regions: readonly SlotRegion[]) {
    this.#elf = elf;
    this.#bytes = bytes;
    this.#regions = regions;
    const halfwords = regions.reduce((sum, r) => sum + r.count + 1, 0);
    const functions = elf.symbols
      .filter((s) => s.kind === "function" && s.section !== 0)
      .sort((a, b) => a.address - b.address || b.size - a.size)
      // One name for each address.
      .filter((s, n, all) => s.address !== all[n - 1]?.address)
      .slice(0, MAX_FUNCTIONS);
    this.#names = ["(no symbol)", ...functions.map((s) => s.name)];
    this.#functions = new Uint16Array(halfwords);
    let before = 0;
    for (const { base, count } of regions) {
      for (const [n, s] of functions.entries()) {
        const start = (s.address - base) / 2;
        if (start < 0 || start >= count) continue;
        // Assembly code often has no size: it lasts until the next function.
        const next = functions[n + 1]?.address ?? Infinity;
        const bytes = s.size > 0 ? s.size : next - s.address;
        const end = Math.min(count, start + Math.ceil(bytes / 2));
        this.#functions.fill(n + 1, before + start, before + end);
        this.#functions[before + start] = (n + 1) | ENTRY;
      }
      before += count + 1;
    }
    this.#hits = new BigInt64Array(halfwords);
    this.#tallies = new BigUint64Array(3 * this.#names.length);
  }

  /** Lends the tallies to an engine, which this object must outlive. */
  attach(native: Native, engine: Deno.PointerValue): void {
    native.intnic_profile(engine, this.#functions, this.#hits, this.#tallies);
  }

  clear(): void {
    this.#hits.fill(0n);
    this.#tallies.fill(0n);
  }

  result(): ProfileResult {
    const functions = this.#names.map((name, n): FunctionCost => ({
      name,
      calls: Number(this.#tallies[3 * n]!),
      instructions: Number(this.#tallies[3 * n + 1]!),
      cycles: Number(BigInt.asIntN(64, this.#tallies[3 * n + 2]!)),
    })).filter((f) => f.instructions > 0).sort((a, b) => b.cycles - a.cycles);
    return { functions, hottest: this.#hottest() };
  }

  #hottest(): InstructionCost[] {
    const found: { i: Instruction; count: number; cycles: number }[] = [];
    const decode = decoderFor(this.#elf);
    const counts = new Float64Array(this.#hits.length);
    for (let n = 0, sum = 0; n < counts.length; n++) {
      sum += Number(this.#hits[n]!);
      counts[n] = sum;
    }
    let before = 0;
    for (const region of this.#regions) {
      const slots = new Uint32Array(region.bytes.buffer, region.bytes.byteOffset);
      const price = (slot: number) => slots[slot * SLOT_BYTES / 4 + 1]!;
      for (const section of codeSections(this.#elf)) {
        if (section.address < region.base || section.address >= region.base + 2 * region.count) {
          continue;
        }
        for (const range of codeRanges(this.#elf, section)) {
          for (const i of instructions(this.#elf, this.#bytes, section, range, decode!)) {
            const slot = (i.address - region.base) / 2;
            const count = counts[before + slot]!;
            const each = (price(slot + i.size / 2) - price(slot)) | 0;
            if (count > 0) found.push({ i, count, cycles: each * count });
          }
        }
      }
      before += region.count + 1;
    }
    return found.sort((a, b) => b.cycles - a.cycles || b.count - a.count).slice(0, HOTTEST)
      .map(({ i, count, cycles }) => ({
        address: i.address,
        location: locate(this.#elf, i.address),
        text: instructionText(i, this.#elf.machine),
        count,
        cycles,
      }));
  }
}
