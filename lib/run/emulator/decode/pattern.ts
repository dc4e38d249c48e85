/**
 * Decode tables are written as the manuals print encodings: `"0001100mmmnnnddd"`. A digit must
 * match, a letter names a field, a dot is ignored. An upper-case letter is the top bit of the field of the same
 * lower-case letter, as in Thumb's `Dmmmmddd`. Rows are tried in order; the first that fits counts.
 *
 * @module
 */

import type { Kind } from "./instruction.ts";

/** A row as written: bits, name, kind and, where they apply, traits separated by spaces. */
export type Row = readonly [bits: string, name: string, kind: Kind, traits?: string];

/** A row made ready for matching. */
export interface Pattern {
  readonly name: string;
  readonly kind: Kind;
  readonly traits: ReadonlySet<string>;
  readonly mask: number;
  readonly value: number;
  /** Field letter → its bit positions, highest first. */
  readonly fields: ReadonlyMap<string, readonly number[]>;
}

/** Compiles rows of `width` bits; spaces in the bits are for the reader. */
export function compile(rows: readonly Row[], width: 16 | 32): readonly Pattern[] {
  return rows.map(([written, name, kind, traits]) => {
    const bits = written.replaceAll(" ", "");
    if (bits.length !== width) throw new RangeError(`${name}: ${bits.length} bits, not ${width}`);
    let mask = 0;
    let value = 0;
    const fields = new Map<string, number[]>();
    for (let i = 0; i < width; i++) {
      const letter = bits[i]!;
      const position = width - 1 - i;
      if (letter === "0" || letter === "1") {
        mask |= 1 << position;
        if (letter === "1") value |= 1 << position;
        continue;
      }
      if (letter === ".") continue;
      const lower = letter.toLowerCase();
      const positions = fields.get(lower) ?? [];
      if (letter === lower) positions.push(position);
      else positions.unshift(position);
      fields.set(lower, positions);
    }
    return { name, kind, traits: new Set(traits?.split(" ") ?? []), mask, value, fields };
  });
}

/** The first pattern that fits the word. */
export function match(patterns: readonly Pattern[], word: number): Pattern | undefined {
  for (const p of patterns) if ((word & p.mask) === p.value) return p;
  return undefined;
}

/** A field's value, unsigned, or undefined if the pattern has no such field. */
export function field(pattern: Pattern, word: number, letter: string): number | undefined {
  const positions = pattern.fields.get(letter);
  if (positions === undefined) return undefined;
  let value = 0;
  for (const position of positions) value = (value << 1) | ((word >>> position) & 1);
  return value >>> 0;
}

/** Interprets the low `bits` of a value as two's complement. */
export function signed(value: number, bits: number): number {
  return (value << (32 - bits)) >> (32 - bits);
}

/** Number of set bits. */
export function popcount(value: number): number {
  let count = 0;
  for (let v = value >>> 0; v !== 0; v &= v - 1) count++;
  return count;
}
