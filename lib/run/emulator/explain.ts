/**
 * Turns what the engine says of a run that went wrong into a fault with its instruction.
 *
 * @module
 */

import type { Elf } from "../../build/elf.ts";
import { decoderFor } from "./code.ts";
import type { Instruction } from "./decode/instruction.ts";
import { EmulatorFault, type FaultKind, hex, locate } from "./fault.ts";
import { type Memory, regionOf } from "./memory.ts";
import { OUTCOME, RUN, UNICORN_ERRORS } from "./native.ts";

/** The fault of a run whose outcome is not `returned`; `run` is laid out as `RUN` says. */
export function explainRun(elf: Elf, memory: Memory, run: BigUint64Array): EmulatorFault {
  const number = (word: number) => Number(run[word]!);
  const at = (kind: FaultKind, pc: number, sentence: string, address?: number) =>
    fault(elf, kind, pc, instructionsFrom(elf, memory, pc)[0], sentence, address);
  const jump = (kind: FaultKind, sentence: string) => {
    const culprit = instructionsFrom(elf, memory, number(RUN.block)).find((i) => i.jumps);
    const pc = culprit?.address ?? number(RUN.block);
    const address = number(RUN.faultAddress);
    return fault(elf, kind, pc, culprit, `${sentence}: ${hex(address)}.`, address);
  };
  switch (number(RUN.outcome)) {
    case OUTCOME.limit:
      return at(
        "limit",
        number(RUN.pc),
        `It has run ${run[RUN.instructions]} instructions, and the limit is ${
          run[RUN.limit]
        }; it ` +
          "may be in an endless loop.",
      );
    case OUTCOME.notCode:
      return jump("not-code", "Here it jumps to where the program has no code");
    case OUTCOME.interrupt:
      return at("exception", number(RUN.pc), exception(elf, number(RUN.interrupt)));
    case OUTCOME.stopped: {
      const sentence = "It stops without returning: it waits for an interrupt, and none will come.";
      return at("stopped", number(RUN.pc), sentence);
    }
  }
  const error = number(RUN.error);
  const reason = UNICORN_ERRORS[error] ?? `the emulator reports error ${error}`;
  const size = number(RUN.faultSize);
  if (size === 0) {
    return at(error === 10 ? "instruction" : "exception", number(RUN.pc), `Here ${reason}.`);
  }
  if (number(RUN.faultKind) === 21 || number(RUN.faultKind) === 24) {
    return jump("memory", `Here ${reason}`);
  }
  const address = number(RUN.faultAddress);
  const write = number(RUN.faultKind) === 20 || number(RUN.faultKind) === 22;
  const culprit = findAccess(
    instructionsFrom(elf, memory, number(RUN.block)),
    { address, size, write },
    (register) => number(RUN.registers + register),
  );
  const { origin } = memory.ram;
  const below = address < origin && address >= origin - 0x10000
    ? " This is just below the RAM: the stack has probably overflowed."
    : "";
  const sentence = `Here ${reason}: ${hex(address)}.${below}`;
  if (culprit === undefined) return at("memory", number(RUN.block), sentence, address);
  return fault(elf, "memory", culprit.address, culprit, sentence, address);
}

/** A call that has used all RAM between the program's data and the stack pointer. */
export function stackOverflow(elf: Elf, entry: number, bytes: number): EmulatorFault {
  const sentence =
    `It uses all ${bytes} bytes between the data and the stack pointer: the stack has overflowed.`;
  return fault(elf, "stack", entry, undefined, sentence);
}

function fault(
  elf: Elf,
  kind: FaultKind,
  pc: number,
  instruction: Instruction | undefined,
  sentence: string,
  address?: number,
): EmulatorFault {
  const location = locate(elf, pc);
  const where = location === hex(pc) ? location : `${location} (${hex(pc)})`;
  const what = instruction === undefined ? "" : `, instruction ${describe(instruction)}`;
  const message = `The program fails at ${where}${what}. ${sentence}`;
  return new EmulatorFault(kind, message, { pc, location, address });
}

/** `name` and encoding of an instruction. */
function describe(i: Instruction): string {
  return `${i.name} (${(i.word >>> 0).toString(16).padStart(i.size * 2, "0")})`;
}

/** What a Cortex-M does when it meets these (Unicorn's exception numbers, as QEMU's). */
const EXCEPTIONS: Readonly<Record<number, string>> = {
  1: "an instruction this core does not have",
  2: "a supervisor call (SVC)",
  3: "an instruction fetch that fails",
  4: "a memory access that fails, perhaps one that is not aligned",
  7: "a breakpoint (BKPT)",
};

function exception(elf: Elf, number: number): string {
  const name = elf.machine === "arm" ? EXCEPTIONS[number] : undefined;
  return `It raises ${name ?? `exception ${number}`}, and nothing handles it here.`;
}

/** The block that begins at an address, up to its first jump. */
function instructionsFrom(elf: Elf, memory: Memory, address: number): Instruction[] {
  const region = regionOf([memory.flash, memory.ram], address, 2);
  const decode = decoderFor(elf);
  if (region === undefined || decode === undefined || address % 2 !== 0) return [];
  const { bytes } = region;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const block: Instruction[] = [];
  for (let at = address - region.origin; at + 2 <= bytes.length && block.length < 1000;) {
    const i = decode(view, at, region.origin + at);
    block.push(i);
    if (i.jumps && !i.conditional) break;
    at += i.size;
  }
  return block;
}

/**
 * The load or store among the instructions of a block that accessed an address. The engine does not
 * say which it was, but leaves the registers as that instruction found them.
 */
function findAccess(
  block: readonly Instruction[],
  access: { address: number; write: boolean; size: number },
  registers: (number: number) => number,
): Instruction | undefined {
  const direction = access.write ? "store" : "load";
  const candidates = block.filter((i) => i.kind.startsWith(direction));
  return candidates.find((i) => reaches(i, access, registers)) ??
    (candidates.length === 1 ? candidates[0] : undefined);
}

function reaches(
  i: Instruction,
  access: { address: number; size: number },
  registers: (number: number) => number,
): boolean {
  if (i.addressing === "literal") return false;
  const used = Array.from({ length: 32 }, (_, r) => r)
    .filter((r) => (i.addressReads & (1 << r)) !== 0)
    .map(registers);
  const [first = 0, second = first] = used;
  if (i.addressing === "register") {
    return [0, 1, 2, 3].some((shift) =>
      access.address === (first + second * 2 ** shift) % 2 ** 32 ||
      access.address === (second + first * 2 ** shift) % 2 ** 32
    );
  }
  const low = i.kind.endsWith("-multiple") ? first - 64 : first + i.offset;
  const high = i.kind.endsWith("-multiple") ? first + 64 : low + 8 - access.size;
  return access.address >= low && access.address <= high;
}
