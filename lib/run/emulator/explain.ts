/**
 * Turns what the engine says of a run that went wrong into a fault with its instruction.
 *
 * @module
 */

import type { Elf } from "../../build/elf.ts";
import { callChain } from "./chain.ts";
import { decoderFor } from "./code.ts";
import type { Instruction } from "./decode/instruction.ts";
import { instructionText, registerNames } from "./decode/text.ts";
import { EmulatorFault, type FaultDetails, type FaultKind, hex, locate } from "./fault.ts";
import { type Memory, regionOf } from "./memory.ts";
import { OUTCOME, RUN, UNICORN_ERRORS } from "./native.ts";

/** The fault of a run whose outcome is not `returned`; `run` is laid out as `RUN` says. */
export function explainRun(elf: Elf, memory: Memory, run: BigUint64Array): EmulatorFault {
  const number = (word: number) => Number(run[word]!);
  const make = (
    kind: FaultKind,
    culprit: Instruction | number,
    sentence: string,
    { address, cause }: { address?: number; cause?: string | undefined } = {},
  ) =>
    fault(elf, kind, culprit, sentence, {
      address,
      likelyCause: cause,
      ...state(elf, memory, run),
    });
  const here = () => instructionsFrom(elf, memory, number(RUN.pc))[0] ?? number(RUN.pc);
  const jump = (kind: FaultKind, sentence: string, address: number, cause?: string) => {
    const culprit = instructionsFrom(elf, memory, number(RUN.block)).find((i) => i.jumps);
    return make(kind, culprit ?? number(RUN.block), `${sentence}: ${hex(address)}.`, {
      address,
      cause,
    });
  };
  const address = number(RUN.faultAddress);
  switch (number(RUN.outcome)) {
    case OUTCOME.limit: {
      const sentence = `It has run ${run[RUN.instructions]} instructions, and the limit is ${
        run[RUN.limit]
      }; it may be in an endless loop.`;
      return make("limit", here(), sentence, { cause: loopCause(here()) });
    }
    case OUTCOME.notCode: {
      const even = elf.machine === "arm" && address % 2 !== 0;
      return jump(
        "not-code",
        "Here it jumps to where the program has no code",
        even ? address - 1 : address,
        "a function pointer or a return address on the stack has been overwritten, or the code was " +
          "made while running and not copied from the program.",
      );
    }
    case OUTCOME.interrupt:
      return make("exception", here(), exception(elf, number(RUN.interrupt)), {
        cause: exceptionCause(elf, here(), number(RUN.interrupt)),
      });
    case OUTCOME.stopped: {
      const sentence = "It stops without returning: it waits for an interrupt, and none will come.";
      return make("stopped", here(), sentence, { cause: "interrupts are not modelled." });
    }
    case OUTCOME.notThumb:
      return jump(
        "not-thumb",
        "Here it jumps to an even address, and this core runs Thumb code only",
        address,
        "a function pointer without its lowest bit set, or one that has been overwritten.",
      );
    case OUTCOME.unaligned:
      return make("alignment", here(), `${UNALIGNED}: ${hex(address)}.`, {
        address,
        cause: "a byte pointer was cast to a pointer to words.",
      });
    case OUTCOME.divideByZero:
      return make("divide", here(), "It divides by zero, and the program has set CCR.DIV_0_TRP.");
    case OUTCOME.noFpu:
      return make("no-fpu", here(), "It uses the floating-point unit, which is off or not there.", {
        cause: "the start-up code has not set CPACR, or the core has no floating-point unit.",
      });
    case OUTCOME.stackLow:
      return make(
        "stack",
        here(),
        `The stack grows to ${hex(address)}, into the program's data: it has overflowed.`,
        { address, cause: "recursion without an end, or large arrays in functions." },
      );
    case OUTCOME.reset:
      return make("reset", here(), "The program asks for a reset of the core (SCB->AIRCR).");
  }
  const error = number(RUN.error);
  const reason = UNICORN_ERRORS[error] ?? `the emulator reports error ${error}`;
  const size = number(RUN.faultSize);
  if (size === 0) {
    return make(error === 10 ? "instruction" : "exception", here(), `Here ${reason}.`, {
      cause: error === 10
        ? "the program was built for another core (-mcpu, -march), or data is run as code."
        : undefined,
    });
  }
  if (number(RUN.faultKind) === 21 || number(RUN.faultKind) === 24) {
    return jump(
      "memory",
      `Here ${reason}`,
      address,
      "a function pointer or return address is wrong.",
    );
  }
  const write = number(RUN.faultKind) === 20 || number(RUN.faultKind) === 22;
  const culprit = findAccess(
    instructionsFrom(elf, memory, number(RUN.block)),
    { address, size, write },
    (register) => number(RUN.registers + register),
  );
  const below = justBelow(memory, address)
    ? " This is just below the RAM: the stack has probably overflowed."
    : "";
  return make(
    "memory",
    culprit ?? number(RUN.block),
    `Here ${reason}: ${hex(address)}.${below}`,
    { address, cause: accessCause(elf, memory, address, write) },
  );
}

const UNALIGNED = "Here it moves several words at once, which faults at an address that is not " +
  "a multiple of 4";

/** A call that has used all RAM between the program's data and the stack pointer. */
export function stackOverflow(elf: Elf, entry: number, bytes: number): EmulatorFault {
  const sentence =
    `It uses all ${bytes} bytes between the data and the stack pointer: the stack has overflowed.`;
  return fault(elf, "stack", entry, sentence);
}

function fault(
  elf: Elf,
  kind: FaultKind,
  culprit: Instruction | number,
  sentence: string,
  details: Partial<FaultDetails> = {},
): EmulatorFault {
  const pc = typeof culprit === "number" ? culprit : culprit.address;
  const instruction = typeof culprit === "number"
    ? undefined
    : instructionText(culprit, elf.machine);
  const location = locate(elf, pc);
  const where = location === hex(pc) ? location : `${location} (${hex(pc)})`;
  const what = instruction === undefined ? "" : `, instruction ${instruction}`;
  const message = `The program fails at ${where}${what}. ${sentence}`;
  return new EmulatorFault(kind, message, { ...details, pc, location, instruction });
}

/** Registers and callers where a run stopped. */
function state(elf: Elf, memory: Memory, run: BigUint64Array) {
  const arm = elf.machine === "arm";
  const value = (n: number) => Number(run[RUN.registers + n]!);
  const registers: Record<string, number> = {};
  for (const [n, name] of registerNames(elf.machine).entries()) {
    if (name !== "zero" && name !== "pc") registers[name] = value(n);
  }
  const pc = Number(run[RUN.pc]!);
  registers["pc"] = pc;
  const at = { pc, link: value(arm ? 14 : 1), stack: value(arm ? 13 : 2) };
  return { registers, callChain: callChain(elf, memory, at) };
}

function justBelow(memory: Memory, address: number): boolean {
  const { origin } = memory.ram;
  return address < origin && address >= origin - 0x10000;
}

/** What an access to an address is likely to have come from. */
function accessCause(
  elf: Elf,
  memory: Memory,
  address: number,
  write: boolean,
): string | undefined {
  const { flash, ram } = memory;
  if (justBelow(memory, address)) return "the stack has run over the lower end of the RAM.";
  const object = elf.symbols.find((s) =>
    s.kind === "object" && address >= s.address && address < s.address + s.size
  );
  if (write && object !== undefined && regionOf([flash], address, 1) !== undefined) {
    return `the constant ${object.name} is written to.`;
  }
  if (address < 0x1000) return "a null pointer, or a field of an object it points to.";
  const end = ram.origin + ram.size;
  if (address >= end && address < end + 0x10000) {
    return `a pointer or index past the end of the RAM, or the board has more than ${ram.size} bytes of it.`;
  }
  if (write && regionOf([flash], address, 1) !== undefined) {
    return "constants or code are written to, or .data was not placed in RAM.";
  }
  if (elf.machine === "arm" && address >= 0x40000000 && address < 0x60000000) {
    return "a peripheral of the board; only the core and its memory are emulated.";
  }
  if (elf.machine === "arm" && address >= 0xe0000000) {
    return "a register of the core or its debug logic that is not emulated.";
  }
  return "a pointer that was never set or has been overwritten, or memory that the target's map lacks.";
}

function loopCause(culprit: Instruction | number): string | undefined {
  if (typeof culprit === "number") return undefined;
  return culprit.target === culprit.address
    ? "it branches to itself: a fault handler, or the end of the start-up code."
    : "a condition that never comes true, such as a flag that an interrupt should set; or the limit is too low.";
}

/** What a Cortex-M does when it meets these (Unicorn's exception numbers, as QEMU's). */
const EXCEPTIONS: Readonly<Record<number, string>> = {
  1: "an instruction this core does not have",
  2: "a supervisor call (SVC)",
  3: "an instruction fetch that fails",
  4: "a memory access that fails, perhaps one that is not aligned",
  7: "a breakpoint (BKPT)",
  17: "an instruction of a coprocessor or floating-point unit that is not there",
  18: "a change to the Arm instruction set, which this core does not have",
};

/** Likewise a RISC-V core (privileged manual, table 3.6). */
const RISCV_EXCEPTIONS: Readonly<Record<number, string>> = {
  2: "an instruction this core does not have",
  3: "a breakpoint (ebreak)",
  8: "an environment call (ecall)",
  9: "an environment call (ecall)",
  11: "an environment call (ecall)",
};

function exception(elf: Elf, number: number): string {
  const name = (elf.machine === "arm" ? EXCEPTIONS : RISCV_EXCEPTIONS)[number];
  return `It raises exception ${number}${
    name === undefined ? "" : `, ${name}`
  }, and nothing handles it here.`;
}

function exceptionCause(
  elf: Elf,
  culprit: Instruction | number,
  number: number,
): string | undefined {
  if (typeof culprit === "number") return undefined;
  if (elf.machine === "arm" && number === 4 && /^(load|store)/.test(culprit.kind)) {
    return "an access that is not aligned to its size, which this core does not do.";
  }
  if (elf.machine === "arm" && number === 17) return "the core has no floating-point unit.";
  if (elf.machine === "riscv" && number === 2) {
    return "the program was built for another core (-march), or data is run as code.";
  }
  return "exceptions are not delivered to the program's own handlers here.";
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
