/**
 * What everything that runs programs needs before the first instruction: a program that suits the
 * target, an open engine, the addresses of symbols.
 *
 * @module
 */

import { type Elf, findSymbol } from "../../build/elf.ts";
import { nearestFew, UserError } from "../../errors.ts";
import type { Target } from "../../types.ts";
import { type Native, UNICORN_ERRORS } from "./native.ts";

/** @throws {UserError} when nothing emulates the target */
export function coreOf(target: Target): { readonly cpu: string; readonly timing: string } {
  if (target.emulator !== undefined) return target.emulator;
  throw new UserError(
    `The target ${target.name} names no emulated core, so it cannot be emulated.`,
  );
}

/** @throws {UserError} when the program is for another machine than the target's */
export function checkMachine(target: Target, elf: Elf): void {
  const [machine, size] = target.isa === "thumb"
    ? ["arm", 32]
    : ["riscv", target.isa === "riscv64" ? 64 : 32];
  if (target.isa === "host" || elf.machine !== machine || elf.class !== size) {
    throw new UserError(
      `The program is for ${elf.machine}, ${elf.class} bits; ${target.name} runs ${machine}, ${size} bits.`,
    );
  }
}

/** Opens Unicorn for a core; `count` installs the hook that counts instructions and cycles. */
export function openEngine(native: Native, cpu: string, count: boolean): Deno.PointerValue {
  const error = new Uint32Array(1);
  const name = new TextEncoder().encode(`${cpu}\0`);
  const engine = native.intnic_open(name, error, count ? 1 : 0);
  if (engine !== null) return engine;
  throw new UserError(
    error[0] === 15
      ? `The emulator has no core "${cpu}"; it has cortex-m0, cortex-m0plus, cortex-m3, ` +
        "cortex-m4, cortex-m7, cortex-m33, rv32 and rv64."
      : `The emulator cannot be opened: ${UNICORN_ERRORS[error[0]!] ?? `error ${error[0]}`}.`,
  );
}

/** @throws {UserError} unless a native function has returned 0 */
export function check(error: number): void {
  if (error === 0) return;
  throw new UserError(`The emulator fails: ${UNICORN_ERRORS[error] ?? `error ${error}`}.`);
}

/** @throws {UserError} unless an instruction limit is a positive whole number */
export function checkLimit(maxInstructions: number): void {
  if (maxInstructions >= 1 && Number.isSafeInteger(maxInstructions)) return;
  throw new UserError(
    `The instruction limit is ${maxInstructions}; a positive whole number would be right.`,
  );
}

/**
 * Address of a symbol, a function's without its Thumb bit.
 *
 * @throws {UserError} when the program has no such symbol
 */
export function symbolAddress(elf: Elf, symbol: string): number {
  const address = findSymbol(elf, symbol)?.address;
  if (address !== undefined) return address;
  // Without files, sections, and what marks code and data for disassemblers.
  const names = elf.symbols.filter(({ kind, name }) =>
    kind !== "file" && kind !== "section" && name !== "" && !name.startsWith("$")
  ).map(({ name }) => name);
  const near = nearestFew(symbol, names, 3).map((name) => `"${name}"`);
  const last = near.pop();
  const list = near.length === 0 ? `is ${last}` : `are ${near.join(", ")} and ${last}`;
  throw new UserError(
    `The program has no symbol "${symbol}"` +
      (last === undefined ? "." : `; the nearest ${list}.`),
  );
}
