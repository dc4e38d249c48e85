/**
 * What a timing table says and how it is used. A table is data: cycles, each with its source. The
 * rules that apply them to a sequence of instructions are in `in_order.ts` (one instruction at a
 * time), `fetched.ts` (likewise, with the prefetch of Cortex-M3 and M4), `dual_issue.ts` (Cortex-M33),
 * `two_wide.ts` (Cortex-M7) and `scalar.ts` (the small RISC-V cores).
 *
 * All costs are at zero wait states, in cycles of the core's clock.
 *
 * @module
 */

import type { Instruction, Kind } from "../decode/instruction.ts";
import type { OperandRule } from "../operands.ts";
import type { FloatTiming } from "./float_unit.ts";

/** A number of cycles and where it comes from. */
export type Cost = readonly [cycles: number, source: string];

/** What all tables have. */
interface TableBase {
  readonly name: string;
  /** How far from silicon totals are known to be, in a few words, or "unvalidated". */
  readonly error: string;
  /** Likewise, where a target tells its memories apart and slow ones add as many cycles to loads. */
  readonly apart?: { readonly error: string; readonly loadCycles: number };
  /** Whether the core's real time depends on operands; without a rule the worst case counts. */
  readonly dataDependent: boolean;
  /** Instructions whose operand values add cycles at run time. */
  readonly operands?: readonly OperandRule[];
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

/** Cortex-M3 and M4: one instruction at a time, fetched ahead by a small buffer. */
export interface FetchedTable extends TableBase {
  readonly issue: "fetched";
  /** Overrides `costs` for instructions of these names. */
  readonly byName?: Readonly<Record<string, Cost>>;
  /** Words in the prefetch buffer, those on their way included. */
  readonly prefetchWords: Cost;
  /** Fetches in vain by a conditional branch right behind the instruction that sets the flags. */
  readonly speculativeFetch: Cost;
  /** Saved by a load or store right behind a load whose results its address does not need. */
  readonly pipelinedLoad: Cost;
  /** That one may be an access that updates its base register. */
  readonly pipelinesBaseUpdate: boolean;
  /** Added to a store whose address is the sum of two registers. */
  readonly registerStore: Cost;
  /** Added to a load of any kind right behind a store of one register or a pair. */
  readonly loadAfterStore: Cost;
  /** Added when an address needs the result of the arithmetic instruction right before. */
  readonly addressFromAlu: Cost;
  /** Likewise, what the load right before has loaded. */
  readonly addressFromLoad: Cost;
  /** Added to a taken branch whose target is known in the execute stage only. */
  readonly lateTarget: Cost;
  /** Saved by an IT right behind a 16-bit instruction. */
  readonly foldedIfThen: Cost;
  /** Of a core with a floating-point unit. */
  readonly float?: FloatTiming;
}

/** Cortex-M33: one instruction a cycle, and few that share it. */
export interface DualIssueTable extends TableBase {
  readonly issue: "dual";
  /** Overrides `costs` for instructions of these names. */
  readonly byName?: Readonly<Record<string, Cost>>;
  readonly float: FloatTiming;
  /** Cycles until a result can be used, by the kind of instruction that makes it; 1 if not named. */
  readonly latency: Readonly<Partial<Record<Kind, Cost>>>;
  /** Likewise, of results that went through the shifter on the way, and of the DSP extension. */
  readonly shiftLatency: Cost;
  /** How much earlier a sum may be added to, and a result stored. */
  readonly chained: Cost;
  /** Kinds of 16-bit instruction that join a 16-bit one before them; any joins a NOP. */
  readonly joins: readonly Kind[];
  /** Added to a branch taken that joins the instruction which sets the flags. */
  readonly freshFlags: Cost;
  /** Added to products and shifted constants that set flags. */
  readonly slowFlags: Cost;
  /** Added to the latency of a load whose result is branched to. */
  readonly targetFromLoad: Cost;
}

/** Cortex-M7: two instructions a cycle, in order, through an early and a late arithmetic unit. */
export interface TwoWideTable extends TableBase {
  readonly issue: "two-wide";
  /**
   * Cycles until the late unit can use a result; the early unit, addresses and the shifter can one
   * cycle later.
   */
  readonly latency: {
    readonly late: Cost;
    readonly word: Cost;
    readonly narrow: Cost;
    readonly product: Cost;
    /** Of the floating-point unit, in a core register. */
    readonly float: Cost;
  };
  /** Overrides `costs` for instructions of these names. */
  readonly byName?: Readonly<Record<string, Cost>>;
  readonly float: FloatTiming;
  /** Two loads form a pair when their words lie in different banks. */
  readonly loadPairs: boolean;
}

/** The kinds of instruction that RV32IMC has. */
export type ScalarKind =
  | "alu"
  | "multiply"
  | "multiply-long"
  | "divide"
  | "load"
  | "store"
  | "branch"
  | "branch-if"
  | "call"
  | "jump"
  | "nop"
  | "barrier"
  | "system";

/** A small RISC-V core: one instruction at a time, no cache, no guessed branches. */
export interface ScalarTable extends Omit<TableBase, "costs" | "perRegister"> {
  readonly issue: "scalar";
  /** Cycles an instruction occupies the core, by kind. */
  readonly costs: Readonly<Record<ScalarKind, Cost>>;
  /** Costs that are not those of the instruction's kind, by its name. */
  readonly named?: Readonly<Record<string, Cost>>;
  /** Added to every 32-bit instruction that is not word-aligned, however it is reached. */
  readonly misalignedFetch: Cost;
  /**
   * Added to a taken conditional branch when the instruction behind it, which is fetched in vain, is
   * such a one.
   */
  readonly misalignedBehind: Cost;
  /** Added when an instruction needs what the load right before it has loaded. */
  readonly loadUse: Cost;
  /** Added when arithmetic writes the register that the load right before it has loaded. */
  readonly loadOverwrite: Cost;
  /** Added to a jump through a register that the instruction right before has computed. */
  readonly jumpComputed: Cost;
  /** Likewise, loaded by the instruction right before. */
  readonly jumpLoaded: Cost;
  /** Likewise, loaded by the one before that; what that one takes beyond one cycle hides it. */
  readonly jumpLoadedEarlier: Cost;
  /**
   * Saved by a jump behind an instruction that executes for several cycles and does not make its
   * target: the core fetches from there meanwhile.
   */
  readonly jumpOverlap: Cost;
  /** Shifts that take several steps: cycles without any, and the bits a long step shifts. */
  readonly shift?: { readonly base: Cost; readonly stride: Cost };
}

export type TimingTable = InOrderTable | FetchedTable | DualIssueTable | TwoWideTable | ScalarTable;

/** What an overlap of two accesses depends on, which is known at run time only. */
export type Overlap = "same" | "other";

/** Prices a straight line of instructions, one after the other. */
export interface Pricer {
  /** Forgets what came before: the next instruction is the first after a taken branch. */
  reset(): void;
  /** Cycles this instruction adds when it falls through to `next`, the one behind it, if any. */
  step(instruction: Instruction, next?: Instruction): number;
  /** What the instruction just stepped adds more if it branches; may be negative. */
  readonly taken: number;
  /**
   * Of the access just stepped: its first cycle is the last one of the load before it, as both are
   * taken to be in the same memory ("same"), or would be, were they not taken to be in different
   * ones ("other").
   */
  readonly overlap?: Overlap | undefined;
}

/** Cycles added because a branch lands here, whatever comes after. */
export function landing(table: TimingTable, instruction: Instruction): number {
  return isMisaligned(instruction) ? table.misalignedLanding[0] : 0;
}

/** Whether an instruction spans two words. */
export function isMisaligned(i: Instruction): boolean {
  return i.size === 4 && i.address % 4 !== 0;
}
