/**
 * Prices a program's code once, as prefix sums: for each halfword the instructions and cycles of
 * everything before it in a straight line. The native block hook then needs two look-ups a block.
 *
 * @module
 */

import type { Elf, ElfSection } from "../../build/elf.ts";
import { codeRanges, codeSections, decoderFor, instructions } from "./code.ts";
import type { Instruction } from "./decode/instruction.ts";
import { OperandRules } from "./operands.ts";
import { pricer, type TimingTable } from "./timing/mod.ts";
import { landing } from "./timing/table.ts";
import { type FetchMemory, fetchWaits, memoryAt } from "./waits.ts";

/** Prices of a stretch of address space; the layout of a slot is `struct slot` in `native.c`. */
export interface SlotRegion {
  readonly base: number;
  /** Halfwords; `bytes` holds one slot more. */
  readonly count: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export const SLOT_BYTES = 16;

/** Flags of a slot's last field; above them is the number of the rule for operand values. */
const BEGINS = 1;
const AFTER_JUMP = 2;
const OVERLAP = { same: 4, other: 8 } as const;
const RULE_SHIFT = 4;

/** Instructions looked at behind a landing until the pipeline is as if it had come straight. */
const WINDOW = 16;

/** Sections closer together than this many bytes share a region. */
const GAP = 0x10000;

/** All that the native half needs to count a program. */
export interface PricedCode {
  readonly regions: readonly SlotRegion[];
  /** Instructions whose time depends on the values in their registers. */
  readonly rules: OperandRules;
}

/**
 * Prices all code of an ELF file.
 *
 * @param marks maps addresses to the accounts they open, 1 and up
 * @param waiting the memories that code waits for, by `fetchMemories`
 */
export function priceCode(
  elf: Elf,
  bytes: Uint8Array,
  table: TimingTable,
  marks: ReadonlyMap<number, number>,
  waiting: readonly FetchMemory[],
): PricedCode {
  const groups: ElfSection[][] = [];
  for (const section of codeSections(elf)) {
    const last = groups.at(-1);
    const before = last?.at(-1);
    if (last === undefined || before === undefined || section.address - end(before) > GAP) {
      groups.push([section]);
    } else last.push(section);
  }
  const rules = new OperandRules(table.operands);
  const regions = groups.map((group) =>
    priceGroup(elf, bytes, group, { table, marks, rules, waiting })
  );
  return { regions, rules };
}

function end(section: ElfSection): number {
  return section.address + section.size;
}

function priceGroup(
  elf: Elf,
  bytes: Uint8Array,
  sections: readonly ElfSection[],
  { table, marks, rules, waiting }: {
    readonly table: TimingTable;
    readonly marks: ReadonlyMap<number, number>;
    readonly rules: OperandRules;
    readonly waiting: readonly FetchMemory[];
  },
): SlotRegion {
  const decode = decoderFor(elf);
  const base = sections[0]!.address;
  const count = Math.ceil((Math.max(...sections.map(end)) - base) / 2);
  const buffer = new Uint8Array((count + 1) * SLOT_BYTES);
  const words = new Uint32Array(buffer.buffer);
  const halves = new Int16Array(buffer.buffer);
  const straight = pricer(table);
  const fresh = pricer(table);
  let next = 0;
  let [totalInstructions, totalCycles] = [0, 0];
  /** Writes the sums of everything before slot `to` into the slots up to and including it. */
  const fill = (to: number) => {
    for (; next <= to; next++) {
      words[next * 4] = totalInstructions;
      words[next * 4 + 1] = totalCycles;
    }
  };
  for (const section of sections) {
    for (const range of decode === undefined ? [] : codeRanges(elf, section)) {
      const line = [...instructions(elf, bytes, section, range, decode!)];
      const costs = new Int32Array(line.length);
      const taken = new Int32Array(line.length);
      const overlaps: number[] = [];
      straight.reset();
      for (const [n, i] of line.entries()) {
        costs[n] = straight.step(i, line[n + 1]);
        taken[n] = straight.taken;
        overlaps.push(straight.overlap === undefined ? 0 : OVERLAP[straight.overlap]);
      }
      const memory = memoryAt(waiting, range.start);
      const waits = memory === undefined ? undefined : fetchWaits(memory, line, costs, taken);
      for (const [n, i] of line.entries()) {
        const slot = (i.address - base) / 2;
        fill(slot);
        halves[slot * 8 + 7]! |= BEGINS | overlaps[n]! | (rules.add(i) << RULE_SHIFT);
        totalInstructions++;
        totalCycles += costs[n]! + (waits?.straight[n] ?? 0);
        const behind = (slot + i.size / 2) * 8;
        halves[behind + 4] = taken[n]! + (waits?.taken[n] ?? 0);
        if (i.jumps && !i.conditional) halves[behind + 7]! |= AFTER_JUMP;
      }
      for (const [n, i] of line.entries()) {
        const slot = (i.address - base) / 2;
        halves[slot * 8 + 5] = landing(table, i) + difference(line, { costs, taken }, n, fresh) +
          (waits?.landing[n] ?? 0);
      }
    }
  }
  fill(count);
  for (const [address, account] of marks) {
    const slot = (address - base) / 2;
    if (slot >= 0 && slot < count) halves[slot * 8 + 6] = account;
  }
  return { base, count, bytes: buffer };
}

/** Cycles by which code entered at `n` differs from the same code reached in a straight line. */
function difference(
  line: readonly Instruction[],
  straight: { readonly costs: Int32Array; readonly taken: Int32Array },
  n: number,
  fresh: ReturnType<typeof pricer>,
): number {
  fresh.reset();
  let sum = 0;
  for (let k = n; k < Math.min(line.length, n + WINDOW); k++) {
    const i = line[k]!;
    sum += fresh.step(i, line[k + 1]) - straight.costs[k]!;
    if (i.jumps && !i.conditional) sum += fresh.taken - straight.taken[k]!;
    if (i.jumps) break;
  }
  return sum;
}
