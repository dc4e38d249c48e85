/**
 * On-device tests without the device: loads firmware, boots it, and calls its C functions on an
 * emulated core that counts instructions and modelled cycles.
 *
 * @module
 */

import { UserError } from "../errors.ts";
import { loadTarget } from "../targets.ts";
import type { Target } from "../types.ts";
import { type RegionSpec, withMemory } from "./board.ts";
import { Machine } from "./emulator/machine.ts";

/** What to run, where, and for how long at most. */
export interface DeviceOptions {
  /** A target's name, the path of a target's JSON file, or the target itself. */
  readonly target: string | Target;
  /** Path of an ELF file, or its bytes. */
  readonly elf: string | Uint8Array;
  /** Timing table to use instead of the target's. */
  readonly timing?: string;
  /** Size of the flash, e.g. `"2M"`, with an origin if need be: `"0x08000000:2M"`. */
  readonly flash?: RegionSpec;
  /** Size of the RAM, likewise. */
  readonly ram?: RegionSpec;
  /** Symbol at which the start-up code has done its work; `main` unless told. */
  readonly boot?: string;
  /** Limit for each call; 10¹⁰ unless told. */
  readonly maxInstructions?: number;
  /** Seconds each call may take; 60 unless told. */
  readonly timeout?: number;
  /** Takes what the program prints by semihosting; dropped unless told. */
  readonly output?: (text: string) => void;
}

/** What one call did, from the function's first instruction to its return, inclusive. */
export interface DeviceCall {
  /** r0 or a0 as a signed 32-bit number. */
  readonly result: number;
  readonly instructions: number;
  /** Modelled by the timing table. */
  readonly cycles: number;
  /** Bytes of stack at its deepest. */
  readonly stack: number;
}

/** Kinds of numbers in memory, all little-endian. */
const ARRAYS = {
  u8: Uint8Array,
  i8: Int8Array,
  u16: Uint16Array,
  i16: Int16Array,
  u32: Uint32Array,
  i32: Int32Array,
  f32: Float32Array,
} as const;

/** Name of a kind of number in memory. */
export type ElementType = keyof typeof ARRAYS;
/** Numbers of a kind. */
export type Elements<T extends ElementType> = InstanceType<(typeof ARRAYS)[T]>;
/** Up to four arguments: 32-bit numbers, or the name of a symbol for its address. */
export type Argument = number | string;

/**
 * Firmware on an emulated core, booted and ready to be called. Memory stays between calls as they
 * leave it; nothing is loaded anew.
 *
 * @example Test a C function on a Cortex-M4
 * ```ts
 * import { Device } from "../../mod.ts";
 * import { exampleFirmware } from "./example_for_docs.ts";
 * import assert from "node:assert/strict";
 *
 * // Your own: the path of an ELF file.
 * const elf = await exampleFirmware("cortex-m4");
 * if (elf !== undefined) {
 *   using device = await Device.open({ target: "cortex-m4", elf });
 *   device.write("samples", Int16Array.of(3, -1, 4, 1));
 *   const { result, cycles, instructions } = device.call("sum", "samples", 4);
 *   assert.equal(result, 7);
 *   assert.deepEqual(device.read("last", 1, "i32"), Int32Array.of(7));
 *   assert.ok(cycles >= instructions);
 * }
 * ```
 */
export class Device implements Disposable {
  readonly #machine: Machine;

  private constructor(machine: Machine) {
    this.#machine = machine;
  }

  /**
   * Loads a program and runs its start-up code until it enters `main`.
   *
   * @throws {UserError} when target, file or options are wrong, or the program does not fit
   * @throws {EmulatorFault} when the start-up code fails
   */
  static async open(options: DeviceOptions): Promise<Device> {
    const { boot = "main", output, flash, ram, timing, maxInstructions, timeout } = options;
    const named = typeof options.target === "string"
      ? await loadTarget(options.target)
      : options.target;
    const target = withMemory(named, {
      ...(flash === undefined ? {} : { flash }),
      ...(ram === undefined ? {} : { ram }),
    });
    const elf = typeof options.elf === "string" ? await readElfFile(options.elf) : options.elf;
    const text = new TextDecoder();
    const machine = Machine.open({
      target,
      elf,
      breaks: [boot],
      ...(timing === undefined ? {} : { timing }),
      ...(maxInstructions === undefined ? {} : { maxInstructions }),
      ...(timeout === undefined ? {} : { timeout }),
      ...(output === undefined ? {} : {
        output: (_: string, bytes: Uint8Array) => output(text.decode(bytes, { stream: true })),
      }),
    });
    try {
      const stop = machine.proceed();
      if (stop.reason !== "break") {
        throw new UserError(
          `The program ends before it enters ${boot}` +
            (stop.reason === "exit" ? `, with exit code ${stop.code}.` : "."),
        );
      }
      machine.keep();
    } catch (error) {
      machine[Symbol.dispose]();
      throw error;
    }
    return new Device(machine);
  }

  /**
   * Writes numbers at a symbol or an address of flash or RAM. A plain array is taken for bytes,
   * −128…255.
   *
   * @throws {UserError} when there is no such symbol or memory, or the symbol's object is smaller
   */
  write(to: string | number, values: ArrayLike<number> & object): void {
    const bytes = ArrayBuffer.isView(values)
      ? new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
      : Uint8Array.from(Array.from(values), checkByte);
    this.#machine.write(this.#machine.place(to, bytes.length, "written"), bytes);
  }

  /**
   * Calls a function with up to four arguments by the machine's calling convention: 32-bit numbers,
   * or names of symbols, whose addresses are passed.
   *
   * @throws {EmulatorFault} when it does not return; the device can be called again
   */
  call(symbol: string, ...args: readonly Argument[]): DeviceCall {
    const machine = this.#machine;
    const values = args.map((a) => typeof a === "string" ? machine.address(a) : a);
    for (const value of values) {
      if (Number.isInteger(value) && value >= -(2 ** 31) && value < 2 ** 32) continue;
      throw new UserError(`Cannot pass ${value} to ${symbol}: it must be a 32-bit whole number.`);
    }
    machine.stackHighWater();
    const before = machine.now;
    const result = machine.call(symbol, values);
    const { instructions, cycles } = machine.now;
    return {
      result,
      instructions: instructions - before.instructions,
      cycles: cycles - before.cycles,
      stack: machine.stackHighWater(),
    };
  }

  /** A copy of `length` bytes at a symbol or an address. */
  read(from: string | number, length: number): Uint8Array<ArrayBuffer>;
  /** A copy of `length` numbers of a kind at a symbol or an address. */
  read<T extends ElementType>(from: string | number, length: number, type: T): Elements<T>;
  /** @throws {UserError} when there is no such symbol or memory, or the symbol's object is smaller */
  read(from: string | number, length: number, type: ElementType = "u8") {
    const Type = ARRAYS[type];
    const size = length * Type.BYTES_PER_ELEMENT;
    if (!(Number.isSafeInteger(size) && size >= 0)) {
      throw new UserError(`Cannot read ${length} numbers: it must be a whole number of them.`);
    }
    const bytes = this.#machine.read(this.#machine.place(from, size, "read"), size);
    return new Type(bytes.slice().buffer);
  }

  /** Address of a symbol, a function's without its Thumb bit. */
  address(symbol: string): number {
    return this.#machine.address(symbol);
  }

  [Symbol.dispose](): void {
    this.#machine[Symbol.dispose]();
  }
}

function checkByte(value: number): number {
  if (Number.isInteger(value) && value >= -128 && value <= 255) return value & 0xff;
  throw new UserError(
    `Cannot write ${value} as a byte; use a typed array such as Int32Array for wider numbers.`,
  );
}

/** @throws {UserError} when the file cannot be read */
export async function readElfFile(path: string): Promise<Uint8Array> {
  try {
    return await Deno.readFile(path);
  } catch (cause) {
    const reason = cause instanceof Deno.errors.NotFound
      ? "there is no such file"
      : (cause as Error).message;
    throw new UserError(`Cannot read the program ${path}: ${reason}.`, { cause });
  }
}
