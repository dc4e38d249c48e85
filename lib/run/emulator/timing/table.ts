/**
 * What a timing table says and how it is used. A table is data: cycles, each with its source. The
 * rules that apply them to a sequence of instructions are in `in_order.ts` (one instruction at a
 * time) and `dual_issue.ts` (two at a time).
 *
 * All costs are at zero wait states, in cycles of the core's clock.
 *
 * @module
 */

import type { Instruction, Kind } from "../decode/instruction.ts";

/** A number of cycles and where it comes from. */
export type Cost = readonly [cycles: number, source: string];

/** What all tables have. */
interface TableBase {
  readonly name: string;
  /** How far from silicon totals are known to be, in a few words, or "unvalidated". */
  readonly error: string;
  /** Whether the core's real time depends on operands; the table then has the worst case. */
  readonly dataDependent: boolean;
  /** Cycles an instruction occupies the core, by kind; of lists, before their registers. */
  readonly costs: Readonly<Record<Kind, Cost>>;
  /** Added for each register of a list or pair. */
  readonly perRegister: Cost;
  /** Added when the branch is taken, by kind of the instruction that branches. */
  readonly taken: Readonly<Partial<Record<Kind, Cost>>>;
  /** Added when a branch lands on a 32-bit instruction that is not word-aligned. */
  readonly misalignedLanding: Cost;
}

/** A core that begins one instruction after the other. */
export interface InOrderTable extends TableBase {
  readonly issue: "single";
  /** Saved by a load or store right behind a load whose result its address does not need. */
  readonly pipelinedLoad: Cost;
  /** Added to a store whose address is the sum of two registers. */
  readonly registerStore: Cost;
  /** Added to a load right behind a store. */
  readonly loadAfterStore: Cost;
  /** Added when an address needs the result of the arithmetic instruction right before. */
  readonly addressFromAlu: Cost;
  /** Added when an instruction needs what the load right before it has loaded. */
  readonly loadUse: Cost;
  /** Saved by an IT right behind a 16-bit instruction. */
  readonly foldedIfThen: Cost;
}

/** A core that may begin two instructions in one cycle. */
export interface DualIssueTable extends TableBase {
  readonly issue: "dual";
  /** Cycles until a result can be used, by the kind of instruction that makes it; 1 if not named. */
  readonly latency: Readonly<Partial<Record<Kind, Cost>>>;
  /** Likewise for results that went through the shifter. */
  readonly shiftLatency: Cost;
  /** How much earlier a sum of products may be added to, and a loaded value stored. */
  readonly chained: Cost;
  /** Widest instruction that may be one of a pair, in bytes. */
  readonly pairWidth: 2 | 4;
  /** Two loads form a pair when their words lie in different banks. */
  readonly loadPairs: boolean;
  /** A conditional branch right behind the instruction that sets the flags. */
  readonly branchAfterFlags?: { readonly notTaken: Cost; readonly taken: Cost };
  /** A wrong guess of a conditional branch: with fresh flags, and with flags set earlier. */
  readonly mispredict?: { readonly late: Cost; readonly early: Cost; readonly earlyAfter: number };
}

export type TimingTable = InOrderTable | DualIssueTable;

/** Prices a straight line of instructions, one after the other. */
export interface Pricer {
  /** Forgets what came before: the next instruction is the first after a taken branch. */
  reset(): void;
  /** Cycles this instruction adds when it falls through to the next. */
  step(instruction: Instruction): number;
  /** What the instruction just stepped adds more if it branches; may be negative. */
  readonly taken: number;
}

/** Cycles added because a branch lands here, whatever comes after. */
export function landing(table: TimingTable, instruction: Instruction): number {
  return instruction.size === 4 && instruction.address % 4 !== 0 ? table.misalignedLanding[0] : 0;
}
