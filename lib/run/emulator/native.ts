/**
 * The functions of the C files here, typed, and the words of its `struct run`.
 *
 * @module
 */

import { UserError } from "../../errors.ts";
import { compileNative } from "./compile.ts";

const SYMBOLS = {
  intnic_open: { parameters: ["buffer", "buffer", "u32"], result: "pointer" },
  intnic_close: { parameters: ["pointer"], result: "void" },
  intnic_map: { parameters: ["pointer", "u64", "u64", "u32", "buffer"], result: "pointer" },
  intnic_code: { parameters: ["pointer", "u64", "u64", "buffer"], result: "u32" },
  intnic_rules: { parameters: ["pointer", "buffer", "u32"], result: "u32" },
  intnic_watch_operands: { parameters: ["pointer", "u64", "u64"], result: "u32" },
  intnic_wait_flash: {
    parameters: ["pointer", "u64", "u64", "u32", "u32", "u32", "u32"],
    result: "u32",
  },
  intnic_wait_ram: { parameters: ["pointer", "u64", "u64", "u32"], result: "u32" },
  intnic_memories: { parameters: ["pointer", "buffer", "u32"], result: "u32" },
  intnic_stack: { parameters: ["pointer", "pointer", "u64"], result: "void" },
  intnic_run: { parameters: ["pointer", "buffer", "buffer", "u32", "u32"], result: "void" },
  intnic_save: { parameters: ["pointer"], result: "u32" },
  intnic_restore: { parameters: ["pointer"], result: "u32" },
  intnic_device: { parameters: ["pointer", "buffer", "u32", "u32", "u32"], result: "u32" },
  intnic_sites: { parameters: ["pointer", "u64", "buffer"], result: "u32" },
  intnic_profile: { parameters: ["pointer", "buffer", "buffer", "buffer"], result: "void" },
  intnic_watch_stack: { parameters: ["pointer", "u64", "u64"], result: "void" },
  intnic_stack_low: { parameters: ["pointer"], result: "u64" },
  intnic_read_register: { parameters: ["pointer", "u32"], result: "u64" },
  intnic_write_register: { parameters: ["pointer", "u32", "u64"], result: "void" },
  intnic_cycles: { parameters: ["pointer"], result: "u64" },
  intnic_single_step: { parameters: ["pointer", "buffer"], result: "u32" },
} as const;

export type Native = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

/** Index of each 64-bit word of `struct run`. */
export const RUN = {
  entry: 0,
  stack: 1,
  until: 2,
  arguments: 3,
  limit: 7,
  outcome: 8,
  error: 9,
  result: 10,
  instructions: 11,
  cycles: 12,
  stackUsed: 13,
  pc: 14,
  link: 15,
  faultAddress: 16,
  faultSize: 17,
  faultKind: 18,
  interrupt: 19,
  block: 20,
  registers: 21,
} as const;

export const RUN_WORDS = 53;

/** How a run ended: `enum outcome`. */
export const OUTCOME = {
  returned: 0,
  fault: 1,
  limit: 2,
  notCode: 3,
  interrupt: 4,
  stopped: 5,
  break: 6,
  unaligned: 7,
  divideByZero: 8,
  stackLow: 9,
  noFpu: 10,
  reset: 11,
  stackFound: 12,
  notThumb: 13,
} as const;

/** How a run begins: `enum start`. */
export const START = { plain: 0, fresh: 1, resume: 2 } as const;

/** What Unicorn's error numbers mean (`uc_err`), as the end of a sentence. */
export const UNICORN_ERRORS: Readonly<Record<number, string>> = {
  1: "there is not enough memory",
  2: "the architecture is not supported",
  4: "the mode is not supported",
  6: "it reads from an address where there is no memory",
  7: "it writes to an address where there is no memory",
  8: "it jumps to an address where there is no memory",
  10: "the instruction is not one this core has",
  11: "the memory regions are not aligned to 4096 bytes, or overlap",
  12: "it writes to read-only memory (flash)",
  13: "it reads from memory that cannot be read",
  14: "it runs instructions from memory that holds none",
  15: "an argument is wrong",
  16: "it reads from an address that is not aligned",
  17: "it writes to an address that is not aligned",
  18: "it jumps to an address that is not aligned",
  20: "there are not enough resources",
  21: "the core took an exception",
};

let library: Native | undefined;

/** Loads the native half, once a thread. */
export function native(): Native {
  if (library !== undefined) return library;
  const path = compileNative();
  try {
    library = Deno.dlopen(path, SYMBOLS).symbols;
  } catch (cause) {
    throw new UserError(
      `The emulator's native half cannot be loaded (${(cause as Error).message}); Unicorn may be ` +
        "missing, on Debian: apt install libunicorn2.",
      { cause },
    );
  }
  return library;
}
