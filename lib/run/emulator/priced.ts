/**
 * A program in an engine, with the prices of its code.
 *
 * @module
 */

import type { Elf } from "../../build/elf.ts";
import { UserError } from "../../errors.ts";
import type { Target } from "../../types.ts";
import { codeSections } from "./code.ts";
import { check } from "./engine.ts";
import { hex } from "./fault.ts";
import { loadMemory, type Memory, regionOf } from "./memory.ts";
import type { Native } from "./native.ts";
import { priceCode, type PricedCode } from "./slots.ts";
import type { TimingTable } from "./timing/mod.ts";
import { fetchMemories, watchData } from "./waits.ts";

/** A program and what it is to be priced by. */
interface Priceable {
  readonly target: Target;
  readonly elf: Elf;
  /** The file that `elf` was read from. */
  readonly bytes: Uint8Array;
  readonly table: TimingTable;
}

/**
 * Fills an engine's memory with a program and hands its prices over, wait states included. Before
 * the first instruction runs: Unicorn ignores hooks that come after code was translated.
 *
 * @param marks addresses that open an account, 1 and up
 * @param count false leaves out what only counting needs
 * @throws {UserError} when the program does not fit the target
 */
export function loadPriced(
  native: Native,
  engine: Deno.PointerValue,
  { target, elf, bytes, table }: Priceable,
  marks: ReadonlyMap<number, number>,
  count: boolean,
) {
  const memory = loadMemory(native, engine, target, elf, bytes);
  checkCode(target, elf, memory);
  const waiting = fetchMemories(target);
  const priced = priceCode(elf, bytes, table, marks, waiting);
  handOver(native, engine, priced, count);
  if (count) watchData(native, engine, target);
  return { memory, waiting, regions: priced.regions };
}

/** Hands the prices over. Without counting there is nobody to add what operands cost to. */
function handOver(
  native: Native,
  engine: Deno.PointerValue,
  { regions, rules }: PricedCode,
  count: boolean,
): void {
  for (const { base, count: halfwords, bytes } of regions) {
    check(native.intnic_code(engine, BigInt(base), BigInt(halfwords), bytes));
  }
  if (!count) return;
  const bytes = rules.bytes();
  check(native.intnic_rules(engine, bytes, bytes.length));
  for (const [first, last] of rules.stretches()) {
    check(native.intnic_watch_operands(engine, BigInt(first), BigInt(last)));
  }
}

/** Prices take room for all code, so its addresses are checked first. */
function checkCode(target: Target, elf: Elf, { flash, ram }: Memory): void {
  for (const { name, address, size } of codeSections(elf)) {
    if (regionOf([flash, ram], address, size) !== undefined) continue;
    throw new UserError(
      `The section ${name} with ${size} bytes of code at ${hex(address)} is outside the memory ` +
        `of ${target.name}.`,
    );
  }
}
