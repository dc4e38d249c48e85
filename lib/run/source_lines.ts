/**
 * Lines of source code behind addresses, by the toolchain's own reader of debug information.
 *
 * @module
 */

import type { Elf } from "../build/elf.ts";
import type { Target } from "../types.ts";

/** A place `file:line` for each address that has one; or why there are none, as a sentence. */
export type SourceLines =
  | { readonly places: ReadonlyMap<number, string> }
  | { readonly reason: string };

/**
 * The source lines of a program's addresses. One process answers for all.
 *
 * @param file the ELF file that `elf` was read from
 */
export async function sourceLines(
  file: string,
  elf: Elf,
  { compiler }: Target,
  addresses: readonly number[],
): Promise<SourceLines> {
  if (!elf.sections.some(({ name, size }) => /^\.z?debug_line$/.test(name) && size > 0)) {
    return { reason: "No source lines: the program has none; compile and link it with -g." };
  }
  if (!/gcc$/.test(compiler.command)) {
    return { reason: `No source lines: no addr2line is known to belong to ${compiler.command}.` };
  }
  const command = compiler.command.replace(/gcc$/, "addr2line");
  const places = new Map<number, string>();
  if (addresses.length === 0) return { places };
  const args = ["-e", file, ...addresses.map((address) => `0x${address.toString(16)}`)];
  let output: Deno.CommandOutput;
  try {
    output = await new Deno.Command(command, { args, stdout: "piped", stderr: "piped" }).output();
  } catch (error) {
    // The start script allows what it finds installed, and nothing of a user's own toolchain.
    if (error instanceof Deno.errors.NotCapable) {
      return { reason: `No source lines: ${command} is not there, or may not be run.` };
    }
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return {
      reason: `No source lines: ${command} is not installed; it comes with ${compiler.package}.`,
    };
  }
  if (!output.success) return { reason: `No source lines: ${command} cannot read the program.` };
  const lines = new TextDecoder().decode(output.stdout).split("\n");
  for (const [n, address] of addresses.entries()) {
    // What is not known is a question mark; a number of a branch of the line may follow it.
    const place = /^([^?].*:[1-9]\d*)( \(discriminator \d+\))?$/.exec(lines[n] ?? "")?.[1];
    if (place !== undefined) places.set(address, place);
  }
  return { places };
}
