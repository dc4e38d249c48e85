/**
 * Instructions whose time depends on the values in their registers. A table names them with a
 * formula; the native half reads the registers when such an instruction runs, and adds its cycles.
 * All other instructions are priced before the run.
 *
 * To add a formula, write a line here and its case in `operand_cycles` of `native.c`.
 *
 * @module
 */

import type { Instruction, Kind } from "./decode/instruction.ts";

/** The number of each formula: `enum formula` of `native.c`, where they are defined. */
export const FORMULAS = {
  /** The cycles if the second operand is zero. */
  "zero": 1,
  /** The cycles for each step of a shift by the second operand: four bits each, then one each. */
  "shift-steps": 2,
  /** The cycles for each leading zero of the second operand, 0 to 32. */
  "leading-zeros": 3,
  /** As `leading-zeros`; for a negative operand its leading ones, but one. */
  "leading-signs": 4,
  /**
   * A division that ends early: nothing if an operand is zero, one if the first has fewer bits than
   * the second, else three and one for each four bits more; the cycles times this.
   */
  "quotient-bits": 5,
  /** As `quotient-bits`, of the operands' magnitudes. */
  "signed-quotient-bits": 6,
  /**
   * A long product that skips halves of its operands which are zero: nothing if an operand is zero,
   * or both are low halves or both high ones, two if neither has such a half, else one; the cycles
   * times this.
   */
  "product-halves": 7,
  /** The same of signed operands, where signs add up to one. */
  "signed-product-halves": 8,
  /** A long product that is added: zero to four, in the same way. */
  "sum-halves": 9,
  "signed-sum-halves": 10,
} as const;

/** Adds cycles to instructions of one kind, by a formula and its factor. */
export interface OperandRule {
  readonly kind: Kind;
  /** Only those of these names; all of the kind if left out. */
  readonly names?: readonly string[];
  readonly formula: keyof typeof FORMULAS;
  /** What the formula multiplies or gives; may be negative. */
  readonly cycles: readonly [cycles: number, source: string];
}

/** Bytes of `struct operand_rule` in `native.c`. */
const RULE_BYTES = 8;

/** A slot has 12 bits for the rule's number; a formula has at most 1,024 pairs of registers. */
const MAX_RULES = 0xfff;

/**
 * The stretches of code that call back into the native half. Each costs a little whenever any of
 * them runs, hence no more than this many: the closest are joined.
 */
const MAX_STRETCHES = 32;

/** Collects a program's instructions of this sort: a rule a set of registers, and where they are. */
export class OperandRules {
  readonly #rules: readonly OperandRule[];
  readonly #numbers = new Map<string, number>();
  readonly #encoded: number[][] = [];
  readonly #addresses: number[] = [];

  constructor(rules: readonly OperandRule[] = []) {
    this.#rules = rules;
  }

  /** Number of the rule for an instruction, 0 if its time depends on no value. */
  add(i: Instruction): number {
    const rule = i.operands === undefined ? undefined : this.#rules.find((r) => applies(r, i));
    if (rule === undefined) return 0;
    const encoded = [FORMULAS[rule.formula], ...i.operands!, rule.cycles[0]];
    const key = encoded.join();
    let number = this.#numbers.get(key);
    if (number === undefined) {
      if (this.#encoded.length === MAX_RULES) throw new RangeError("too many operand rules");
      number = this.#encoded.push(encoded);
      this.#numbers.set(key, number);
    }
    this.#addresses.push(i.address);
    return number;
  }

  /** The rules as the native half wants them, number 1 first. */
  bytes(): Uint8Array<ArrayBuffer> {
    const view = new DataView(new ArrayBuffer(this.#encoded.length * RULE_BYTES));
    for (const [n, [formula, first, second, cycles]] of this.#encoded.entries()) {
      view.setUint16(n * RULE_BYTES, formula!, true);
      view.setUint8(n * RULE_BYTES + 2, first!);
      view.setUint8(n * RULE_BYTES + 3, second!);
      view.setInt32(n * RULE_BYTES + 4, cycles!, true);
    }
    return new Uint8Array(view.buffer);
  }

  /** First and last address of the stretches of code that hold these instructions. */
  stretches(): [first: number, last: number][] {
    const sorted = [...new Set(this.#addresses)].sort((a, b) => a - b);
    const gaps = sorted.slice(1).map((address, n) => address - sorted[n]!);
    const joined = gaps.toSorted((a, b) => b - a)[MAX_STRETCHES - 1] ?? 0;
    const stretches: [number, number][] = [];
    for (const [n, address] of sorted.entries()) {
      if (n === 0 || gaps[n - 1]! > joined) stretches.push([address, address]);
      else stretches.at(-1)![1] = address;
    }
    return stretches;
  }
}

function applies(rule: OperandRule, i: Instruction): boolean {
  return rule.kind === i.kind && (rule.names === undefined || rule.names.includes(i.name));
}
