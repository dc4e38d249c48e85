/**
 * Runs any firmware from reset: its own vector table and start-up code, semihosting, core registers
 * that tell the modelled time, breaks at symbols. Every instruction is checked (`device.c`), which
 * makes it slower than `Emulator` and every address and count exact.
 *
 * @module
 */

import { type Elf, findSymbol } from "../../build/elf.ts";
import { UserError } from "../../errors.ts";
import type { Target } from "../../types.ts";
import { check, checkLimit, symbolAddress } from "./engine.ts";
import { explainRun } from "./explain.ts";
import { EmulatorFault, hex, locate } from "./fault.ts";
import { loadProgram, type MachineOptions } from "./load_program.ts";
import { freeStack, type Memory, regionOf } from "./memory.ts";
import { type Native, native, OUTCOME, RUN, RUN_WORDS, START } from "./native.ts";
import type { Profile, ProfileResult } from "./profile.ts";
import { Semihosting } from "./semihosting.ts";
import { startOf } from "./start.ts";

export type { MachineOptions } from "./load_program.ts";

/** How a run came to its end. */
export type Stop =
  | { readonly reason: "exit"; readonly code: number }
  | { readonly reason: "break"; readonly symbol: string }
  | { readonly reason: "return"; readonly result: number };

/** Modelled time since reset. */
export interface Count {
  readonly instructions: number;
  readonly cycles: number;
}

/** Instructions run between two looks at the clock: about a quarter of a second. */
const CHUNK = 20_000_000n;

/** A loaded program, before or after any of its instructions. */
export class Machine implements Disposable {
  readonly elf: Elf;
  /** The timing table, and the error to state for what it says of this target. */
  readonly table: { readonly name: string; readonly error: string };
  readonly #target: Target;
  readonly #native: Native;
  readonly #memory: Memory;
  readonly #run = new BigUint64Array(RUN_WORDS);
  readonly #accounts = new BigUint64Array(2);
  /** Symbols at which `proceed` may stop. */
  readonly breaks: readonly string[];
  readonly #limit: bigint;
  readonly #timeout: number;
  readonly #arm: boolean;
  readonly #semihosting: Semihosting;
  readonly #profile: Profile | undefined;
  readonly #late: (address: number) => boolean;
  #engine: Deno.PointerValue;
  #elapsed: Count = { instructions: 0, cycles: 0 };
  /** Where the last run stopped, if it can go on. */
  #resume: number | undefined;
  #stackTop = 0;
  #saved: { stack: bigint } | undefined;

  /** @throws {UserError} when the program does not fit the target, or a tool is missing */
  static open(options: MachineOptions): Machine {
    return new Machine(options);
  }

  private constructor(options: MachineOptions) {
    const { target, maxInstructions = 1e10, timeout = 60, output = () => {} } = options;
    checkLimit(maxInstructions);
    if (!(timeout > 0)) {
      throw new UserError(`The time limit is ${timeout} seconds; it must be above 0.`);
    }
    this.#target = target;
    this.#limit = BigInt(maxInstructions);
    this.#timeout = timeout * 1000;
    this.#arm = target.isa === "thumb";
    this.#native = native();
    const loaded = loadProgram(this.#native, options);
    this.elf = loaded.elf;
    this.table = loaded.table;
    this.breaks = loaded.breaks;
    this.#engine = loaded.engine;
    this.#memory = loaded.memory;
    this.#profile = loaded.profile;
    this.#late = loaded.late;
    try {
      this.#semihosting = this.#openSemihosting(output);
      this.#reset();
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  #openSemihosting(output: (stream: "stdout" | "stderr", bytes: Uint8Array) => void): Semihosting {
    const { ram } = this.#memory;
    const ramEnd = Math.floor((ram.origin + ram.size) / 16) * 16;
    return new Semihosting({
      wordBytes: this.elf.class === 64 ? 8 : 4,
      read: (address, length) => this.read(address, length),
      write: (address, bytes) => this.write(address, bytes),
      output,
      cycles: () => Number(this.#native.intnic_cycles(this.#engine)),
      hz: this.#target.clock?.hz ?? 1e6,
      memory: {
        heapBase: freeStack(this.elf, ram, ramEnd)?.origin ?? ramEnd,
        ramEnd,
      },
    });
  }

  /**
   * Address of a symbol, a function's without its Thumb bit.
   *
   * @throws {UserError} when the program has no such symbol
   */
  address(symbol: string): number {
    return symbolAddress(this.elf, symbol);
  }

  /**
   * Address of a symbol or an address itself, for `bytes` bytes to be `verb`.
   *
   * @throws {UserError} when there is no such symbol, or its object is smaller
   */
  place(place: string | number, bytes: number, verb: "read" | "written"): number {
    if (typeof place === "number") return place;
    const address = this.address(place);
    const size = findSymbol(this.elf, place)?.size ?? 0;
    // Symbols from assembly code and link scripts have no size.
    if (size === 0 || bytes <= size) return address;
    throw new UserError(
      `${place} at ${hex(address)} has ${size} bytes, and ${bytes} were to be ${verb}.`,
    );
  }

  /** Modelled time since reset. */
  get now(): Count {
    return this.#elapsed;
  }

  /**
   * Writes to flash or RAM, as a debugger would.
   *
   * @throws {UserError} when the range is not inside either
   */
  write(address: number, bytes: Uint8Array): void {
    const region = this.#region("write", address, bytes.length);
    region.bytes.set(bytes, address - region.origin);
  }

  /**
   * A copy of `length` bytes of flash or RAM.
   *
   * @throws {UserError} when the range is not inside either
   */
  read(address: number, length: number): Uint8Array {
    const region = this.#region("read", address, length);
    return region.bytes.slice(address - region.origin, address - region.origin + length);
  }

  #region(verb: string, address: number, length: number) {
    if (this.#engine === null) throw new UserError("This machine has been closed.");
    const { flash, ram } = this.#memory;
    const region = regionOf([flash, ram], address, length);
    if (region !== undefined) return region;
    throw new UserError(
      `Cannot ${verb} ${length} bytes at ${hex(address)}: flash is ${hex(flash.origin)} to ` +
        `${hex(flash.origin + flash.size)}, RAM is ${hex(ram.origin)} to ${
          hex(ram.origin + ram.size)
        }.`,
    );
  }

  /** Sets the program counter and the stack pointer as a reset does. */
  #reset(): void {
    const { entry, stack } = startOf(this.elf, this.#memory, this.#arm);
    const run = this.#run;
    run[RUN.stack] = BigInt(stack ?? 0);
    run[RUN.link] = this.#arm ? 0xffffffffn : 0n;
    run[RUN.entry] = BigInt(entry);
    if (stack !== undefined) this.#watchStack(stack);
  }

  /** Guards the RAM below a stack that begins at `top`, and measures how deep it gets. */
  #watchStack(top: number): void {
    const free = freeStack(this.elf, this.#memory.ram, top);
    this.#stackTop = free === undefined ? 0 : top;
    // A stack in no memory known is not watched.
    const [floor, end] = free === undefined ? [1, 1] : [free.origin, top];
    this.#native.intnic_watch_stack(this.#engine, BigInt(floor), BigInt(end));
  }

  /** Runs on, from reset or the last break, to the next break or the program's end. */
  proceed(): Stop {
    return this.#go(NO_ADDRESS, this.#resume === undefined ? START.fresh : START.resume);
  }

  /** Remembers the registers at a break: where calls begin. */
  keep(): void {
    this.#saved = { stack: this.#run[RUN.stack]! & ~15n };
    check(this.#native.intnic_save(this.#engine));
  }

  /**
   * Calls a function with up to four arguments, with the stack as it was at `keep`. Breaks on the
   * way are told to `onBreak`.
   *
   * @throws {EmulatorFault} when it does not return
   */
  call(symbol: string, args: readonly number[], onBreak?: (symbol: string) => void): number {
    if (this.#saved === undefined) throw new Error("keep() comes before call()");
    if (args.length > 4) {
      throw new UserError(
        `${symbol} is called with ${args.length} arguments; at most 4 can be passed.`,
      );
    }
    const entry = this.address(symbol);
    check(this.#native.intnic_restore(this.#engine));
    const run = this.#run;
    run[RUN.entry] = BigInt(entry);
    run[RUN.stack] = this.#saved.stack;
    for (let i = 0; i < 4; i++) run[RUN.arguments + i] = BigInt.asUintN(64, BigInt(args[i] ?? 0));
    const back = this.#memory.returnAddress;
    run[RUN.link] = BigInt(this.#arm ? back + 1 : back);
    let stop = this.#go(back, START.fresh);
    while (stop.reason === "break") {
      onBreak?.(stop.symbol);
      stop = this.#go(back, START.resume);
    }
    if (stop.reason === "exit") {
      const pc = Number(run[RUN.pc]!);
      throw new EmulatorFault(
        "exit",
        `${symbol} does not return: the program ends itself at ${locate(this.elf, pc)} with exit ` +
          `code ${stop.code}.`,
        { pc, location: locate(this.elf, pc) },
      );
    }
    return stop.result;
  }

  /** Bytes of stack used at its deepest since the last time this was asked. */
  stackHighWater(): number {
    if (this.#stackTop === 0) return 0;
    return this.#stackTop - Number(this.#native.intnic_stack_low(this.#engine));
  }

  /** Cost by function and instruction; undefined unless `profile` was asked for. */
  profile(): ProfileResult | undefined {
    return this.#profile?.result();
  }

  /** Forgets the profile so far. */
  clearProfile(): void {
    this.#profile?.clear();
  }

  get memory(): Memory {
    return this.#memory;
  }

  [Symbol.dispose](): void {
    if (this.#engine === null) return;
    this.#native.intnic_close(this.#engine);
    this.#engine = null;
  }

  #go(until: number, how: number): Stop {
    if (this.#engine === null) throw new UserError("This machine has been closed.");
    const run = this.#run;
    const accounts = this.#accounts;
    const { instructions: before, cycles } = how === START.resume
      ? this.#base
      : (this.#base = this.#elapsed);
    const deadline = performance.now() + this.#timeout;
    run[RUN.until] = BigInt(until);
    for (let start = how;; start = START.resume) {
      if (start === START.resume) run[RUN.entry] = BigInt(this.#resume!);
      const done = start === START.resume ? run[RUN.instructions]! : 0n;
      run[RUN.limit] = done + CHUNK < this.#limit ? done + CHUNK : this.#limit;
      this.#native.intnic_run(this.#engine, run, accounts, 1, start);
      this.#elapsed = {
        instructions: before + Number(run[RUN.instructions]!),
        cycles: cycles + Number(run[RUN.cycles]!),
      };
      const pc = Number(run[RUN.pc]!);
      switch (Number(run[RUN.outcome]!)) {
        case OUTCOME.returned:
          return { reason: "return", result: Number(BigInt.asIntN(32, run[RUN.result]!)) };
        case OUTCOME.break:
          this.#resume = pc;
          return { reason: "break", symbol: this.breaks[Number(run[RUN.interrupt]!)]! };
        case OUTCOME.stackFound:
          // A RISC-V program sets its stack pointer itself: it has, now that it first pushes.
          this.#watchStack(Number(run[RUN.faultAddress]!));
          this.#resume = pc;
          continue;
        case OUTCOME.limit:
          this.#resume = pc;
          if (run[RUN.instructions]! <= this.#limit) {
            if (performance.now() < deadline) continue;
            throw this.#overtime();
          }
          break;
        case OUTCOME.notCode:
          this.#resume = Number(run[RUN.faultAddress]!);
          if (this.#late(this.#resume)) continue;
          break;
        case OUTCOME.interrupt: {
          const answer = this.#serve(pc);
          if (answer === undefined) break;
          if ("exit" in answer) return { reason: "exit", code: answer.exit };
          this.#native.intnic_write_register(
            this.#engine,
            this.#arm ? 0 : 10,
            BigInt.asUintN(64, BigInt(answer.value)),
          );
          this.#resume = pc + (this.#arm ? 2 : 4);
          continue;
        }
      }
      throw explainRun(this.elf, this.#memory, run);
    }
  }
  #base: Count = { instructions: 0, cycles: 0 };

  /** Serves semihosting, if that is what has stopped the program at `pc`. */
  #serve(pc: number): ReturnType<Semihosting["serve"]> | undefined {
    const run = this.#run;
    const word = (address: number) => {
      const { flash, ram } = this.#memory;
      if (regionOf([flash, ram], address, 4) === undefined) return 0;
      const bytes = this.read(address, 4);
      return new DataView(bytes.buffer).getUint32(0, true);
    };
    const number = Number(run[RUN.interrupt]!);
    const asked = this.#arm
      ? number === 7 && (word(pc) & 0xffff) === 0xbeab // bkpt 0xab
      // slli x0, x0, 0x1f; ebreak; srai x0, x0, 7
      : number === 3 && word(pc - 4) === 0x01f01013 && word(pc) === 0x00100073 &&
        word(pc + 4) === 0x40705013;
    if (!asked) return undefined;
    const register = (n: number) => Number(run[RUN.registers + n]!);
    const first = this.#arm ? 0 : 10;
    return this.#semihosting.serve(register(first), register(first + 1));
  }

  #overtime(): EmulatorFault {
    const run = this.#run;
    run[RUN.limit] = run[RUN.instructions]!;
    const { pc, location, registers, callChain, instruction, likelyCause } = explainRun(
      this.elf,
      this.#memory,
      run,
    );
    return new EmulatorFault(
      "timeout",
      `The program is still running after ${this.#timeout / 1000} seconds and ` +
        `${run[RUN.instructions]} instructions, at ${location} (${hex(pc)}); it may be in an ` +
        "endless loop, or need a longer --timeout.",
      { pc, location, registers, callChain, instruction, likelyCause },
    );
  }
}

/** An odd address: no program counter reaches it. */
const NO_ADDRESS = 1;
