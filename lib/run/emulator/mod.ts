/**
 * Runs firmware in Unicorn and counts its instructions and modelled cycles.
 *
 * @example
 * ```ts
 * import { Emulator } from "./mod.ts";
 * import type { Target } from "../../types.ts";
 *
 * export function classify(target: Target, elf: Uint8Array, sample: Uint8Array): number {
 *   using emulator = Emulator.open({ target, elf });
 *   emulator.write(emulator.address("input"), sample);
 *   return emulator.call("infer").result;
 * }
 * ```
 *
 * @module
 */

import { type Elf, readElf } from "../../build/elf.ts";
import { UserError } from "../../errors.ts";
import type { Target } from "../../types.ts";
import { check, checkLimit, checkMachine, coreOf, openEngine, symbolAddress } from "./engine.ts";
import { explainRun, stackOverflow } from "./explain.ts";
import { type EmulatorFault, hex } from "./fault.ts";
import { freeStack, type Memory, regionOf } from "./memory.ts";
import { type Native, native, RUN, RUN_WORDS } from "./native.ts";
import { loadPriced } from "./priced.ts";
import { timingTable } from "./timing/mod.ts";

export { EmulatorFault } from "./fault.ts";

export interface EmulatorOptions {
  /** Its `emulator` names the core and the timing table, its `memory` the memory map. */
  readonly target: Target;
  readonly elf: Uint8Array;
  /** Function symbols; entering one opens its account, which lasts until the next is entered. */
  readonly marks?: readonly string[];
  /** Per call, and for the start-up code; 2·10⁹ unless told. */
  readonly maxInstructions?: number;
  /** `false` leaves out the counting hook, and with it all limits: to measure its price. */
  readonly count?: boolean;
  /** For tests: its first word counts every instruction one by one. At least 16 words. */
  readonly singleStep?: BigUint64Array<ArrayBuffer>;
}

export interface Count {
  readonly instructions: number;
  readonly cycles: number;
}

/** What one call did, from the function's first instruction to its return, inclusive. */
export interface CallResult extends Count {
  /** r0 or a0 as a signed 32-bit number. */
  readonly result: number;
  /** One entry per mark, in the order of `EmulatorOptions.marks`. */
  readonly marks: readonly Count[];
  /** Bytes of stack the call used at its deepest; 0 where the stack is not in RAM. */
  readonly stack: number;
}

const ENTRY = "main";
const MAX_MARKS = 4095;

/** A loaded program, ready to be called. One thread uses one; workers open their own. */
export class Emulator implements Disposable {
  readonly #native: Native;
  readonly #elf: Elf;
  readonly #memory: Memory;
  readonly #run = new BigUint64Array(RUN_WORDS);
  readonly #accounts: BigUint64Array<ArrayBuffer>;
  readonly #limit: bigint;
  readonly #arm: boolean;
  readonly #symbols = new Map<string, number>();
  #engine: Deno.PointerValue;
  #stackPointer = 0n;
  #stackFree = 0;
  #clean = true;

  /**
   * Loads a program's segments at their physical addresses and runs its start-up code until it
   * enters `main`.
   *
   * @throws {UserError} when the program does not fit the target, or a tool is missing
   * @throws {EmulatorFault} when the start-up code fails
   */
  static open(options: EmulatorOptions): Emulator {
    return new Emulator(options);
  }

  private constructor(options: EmulatorOptions) {
    const { target, elf: bytes, marks = [], maxInstructions = 2e9, count = true } = options;
    const core = coreOf(target);
    checkLimit(maxInstructions);
    if (marks.length > MAX_MARKS) {
      throw new UserError(`There are ${marks.length} marks; at most ${MAX_MARKS} can be counted.`);
    }
    const table = timingTable(core.timing);
    this.#elf = readElf(bytes);
    this.#limit = BigInt(maxInstructions);
    this.#arm = target.isa === "thumb";
    checkMachine(target, this.#elf);
    this.#accounts = new BigUint64Array(2 * (marks.length + 1));
    const addresses = new Map(marks.map((m, n): [number, number] => [this.address(m), n + 1]));
    const entry = this.address(ENTRY);

    this.#native = native();
    this.#engine = openEngine(this.#native, core.cpu, count);
    try {
      if (options.singleStep !== undefined) {
        check(this.#native.intnic_single_step(this.#engine, options.singleStep));
      }
      const program = { target, elf: this.#elf, bytes, table };
      this.#memory = loadPriced(this.#native, this.#engine, program, addresses, count).memory;
      this.#boot(entry);
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  /**
   * Address of a symbol, a function's without its Thumb bit.
   *
   * @throws {UserError} when the program has no such symbol
   */
  address(symbol: string): number {
    let address = this.#symbols.get(symbol);
    if (address === undefined) {
      address = symbolAddress(this.#elf, symbol);
      this.#symbols.set(symbol, address);
    }
    return address;
  }

  /**
   * Writes to RAM.
   *
   * @throws {UserError} when the range is not inside the RAM
   */
  write(address: number, bytes: Uint8Array): void {
    this.#alive();
    const { ram } = this.#memory;
    if (regionOf([ram], address, bytes.length) === undefined) {
      throw new UserError(
        `Cannot write ${bytes.length} bytes at ${hex(address)}: RAM is ${hex(ram.origin)} to ` +
          `${hex(ram.origin + ram.size)}.`,
      );
    }
    ram.bytes.set(bytes, address - ram.origin);
  }

  /**
   * A copy of `length` bytes of flash or RAM.
   *
   * @throws {UserError} when the range is not inside either
   */
  read(address: number, length: number): Uint8Array {
    this.#alive();
    const { flash, ram } = this.#memory;
    const region = regionOf([flash, ram], address, length);
    if (region === undefined) {
      throw new UserError(`Cannot read ${length} bytes at ${hex(address)}: there is no memory.`);
    }
    return region.bytes.slice(address - region.origin, address - region.origin + length);
  }

  /**
   * Calls a function with up to four 32-bit arguments. It begins with the stack as `main` found it;
   * memory stays as the call before has left it.
   *
   * @throws {EmulatorFault} when it does not return
   */
  call(symbol: string, args: readonly number[] = []): CallResult {
    this.#alive();
    if (args.length > 4) {
      throw new UserError(
        `${symbol} is called with ${args.length} arguments; at most 4 can be passed.`,
      );
    }
    const entry = this.address(symbol);
    if (!this.#clean) {
      check(this.#native.intnic_restore(this.#engine));
      this.#clean = true;
    }
    const run = this.#run;
    run[RUN.stack] = this.#stackPointer;
    for (let i = 0; i < 4; i++) run[RUN.arguments + i] = BigInt(args[i] ?? 0);
    const back = this.#memory.returnAddress;
    this.#start(entry, back, this.#arm ? back + 1 : back);
    const stack = Number(run[RUN.stackUsed]!);
    if (this.#stackFree > 0 && stack >= this.#stackFree) {
      throw this.#fault(stackOverflow(this.#elf, entry, stack));
    }
    const accounts = this.#accounts;
    const marks: Count[] = [];
    for (let i = 2; i < accounts.length; i += 2) {
      marks.push({ instructions: Number(accounts[i]!), cycles: Number(accounts[i + 1]!) });
    }
    return {
      result: Number(BigInt.asIntN(32, run[RUN.result]!)),
      instructions: Number(run[RUN.instructions]!),
      cycles: Number(run[RUN.cycles]!),
      marks,
      stack,
    };
  }

  [Symbol.dispose](): void {
    if (this.#engine === null) return;
    this.#native.intnic_close(this.#engine);
    this.#engine = null;
  }

  /** From reset to the first instruction of `main`. */
  #boot(main: number): void {
    let entry = this.#elf.entry;
    const run = this.#run;
    run.fill(0n);
    if (this.#arm) {
      // The vector table's first words: the initial stack pointer and the reset handler.
      const { flash } = this.#memory;
      const vectors = new DataView(flash.bytes.buffer, flash.bytes.byteOffset, 8);
      run[RUN.stack] = BigInt(vectors.getUint32(0, true));
      entry = vectors.getUint32(4, true);
      if (entry % 2 === 0) {
        throw new UserError(
          `The vector table at ${hex(flash.origin)} names ${hex(entry)} as the reset handler; ` +
            "a Thumb address is odd. Does the program begin with its vector table?",
        );
      }
      entry -= 1;
    }
    this.#start(entry, main, this.#arm ? 0xffffffff : 0);
    this.#stackPointer = run[RUN.stack]! & ~15n;
    check(this.#native.intnic_save(this.#engine));
    const free = freeStack(this.#elf, this.#memory.ram, Number(this.#stackPointer));
    if (free !== undefined) {
      const { ram } = this.#memory;
      const host = Deno.UnsafePointer.offset(ram.host, free.origin - ram.origin);
      this.#native.intnic_stack(this.#engine, host, BigInt(free.size));
      this.#stackFree = free.size;
    }
  }

  #start(entry: number, until: number, link: number): void {
    const run = this.#run;
    run[RUN.entry] = BigInt(entry);
    run[RUN.until] = BigInt(until);
    run[RUN.link] = BigInt(link);
    run[RUN.limit] = this.#limit;
    const accounts = this.#accounts;
    this.#native.intnic_run(this.#engine, run, accounts, accounts.length / 2, 1);
    if (run[RUN.outcome] !== 0n) throw this.#fault(explainRun(this.#elf, this.#memory, run));
  }

  #fault(fault: EmulatorFault): EmulatorFault {
    this.#clean = false;
    return fault;
  }

  #alive(): void {
    if (this.#engine === null) throw new UserError("This emulator has been closed.");
  }
}
