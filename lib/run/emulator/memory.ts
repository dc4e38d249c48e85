/**
 * The emulated memory: flash and RAM of a target, mapped into the engine and seen from here.
 *
 * @module
 */

import type { Elf } from "../../build/elf.ts";
import { UserError } from "../../errors.ts";
import type { MemoryRegion, Target } from "../../types.ts";
import { hex } from "./fault.ts";
import { type Native, UNICORN_ERRORS } from "./native.ts";

const PAGE = 4096;
const READ = 1;
const WRITE = 2;
const EXECUTE = 4;

/** A region of the target's memory. */
export interface Region extends MemoryRegion {
  readonly name: "flash" | "RAM";
  /** Its bytes in this process: what is written here the program reads, and the other way round. */
  readonly bytes: Uint8Array;
  readonly host: Deno.PointerObject;
}

export interface Memory {
  readonly flash: Region;
  readonly ram: Region;
  /** An address in a page of its own to which calls return. */
  readonly returnAddress: number;
}

/** Maps a target's memory and loads the program into it. */
export function loadMemory(
  native: Native,
  engine: Deno.PointerValue,
  target: Target,
  elf: Elf,
  bytes: Uint8Array,
): Memory {
  const { memory } = target;
  if (memory === undefined) {
    throw new UserError(
      `The target ${target.name} has no memory map, so nothing can be run on it.`,
    );
  }
  // RAM may hold code that the start-up code has copied there.
  const flash = map(native, engine, "flash", memory.flash, READ | EXECUTE);
  const ram = map(native, engine, "RAM", memory.ram, READ | WRITE | EXECUTE);
  for (const s of elf.segments) {
    if (s.memoryBytes === 0) continue;
    if (s.fileBytes > 0) {
      const region = regionOf([flash, ram], s.physical, s.fileBytes);
      if (region === undefined) throw outside(target, s.physical, s.fileBytes);
      region.bytes.set(
        bytes.subarray(s.offset, s.offset + s.fileBytes),
        s.physical - region.origin,
      );
    }
    if (regionOf([flash, ram], s.address, s.memoryBytes) === undefined) {
      throw outside(target, s.address, s.memoryBytes);
    }
  }
  return { flash, ram, returnAddress: mapReturnPage(native, engine, [flash, ram]) };
}

function map(
  native: Native,
  engine: Deno.PointerValue,
  name: Region["name"],
  { origin, size }: MemoryRegion,
  permissions: number,
): Region {
  if (size <= 0 || origin % PAGE !== 0) {
    throw new UserError(
      `The ${name} at ${hex(origin)} with ${size} bytes cannot be mapped: it must begin at a ` +
        `multiple of ${PAGE} and not be empty.`,
    );
  }
  const error = new Uint32Array(1);
  const rounded = Math.ceil(size / PAGE) * PAGE;
  const host = native.intnic_map(engine, BigInt(origin), BigInt(rounded), permissions, error);
  if (host === null) {
    throw new UserError(
      `The ${name} at ${hex(origin)} with ${size} bytes cannot be mapped: ` +
        `${UNICORN_ERRORS[error[0]!] ?? `error ${error[0]}`}.`,
    );
  }
  const bytes = new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(host, size));
  return { name, origin, size, bytes, host };
}

/** The region that holds all of a range. */
export function regionOf(
  regions: readonly Region[],
  address: number,
  length: number,
): Region | undefined {
  return regions.find((r) => address >= r.origin && address + length <= r.origin + r.size);
}

function outside(target: Target, address: number, length: number): UserError {
  const { flash, ram } = target.memory!;
  const range = (r: MemoryRegion) => `${hex(r.origin)} to ${hex(r.origin + r.size)}`;
  return new UserError(
    `The program has ${length} bytes at ${hex(address)}, which is outside the memory of ` +
      `${target.name}: flash is ${range(flash)}, RAM is ${range(ram)}. Link it for these ` +
      `addresses, or change the target's memory map, for \`intnic run\` with ` +
      `${remedy(flash, ram, address, address + length)}.`,
  );
}

/** The option that would make room for the bytes from `start` to `end`. */
function remedy(flash: MemoryRegion, ram: MemoryRegion, start: number, end: number): string {
  const size = (bytes: number) => {
    const rounded = 2 ** Math.ceil(Math.log2(Math.max(bytes, PAGE)));
    return rounded >= 2 ** 20 ? `${rounded / 2 ** 20}M` : `${rounded / 2 ** 10}K`;
  };
  const regions = [{ option: "--flash", ...flash }, { option: "--ram", ...ram }]
    .sort((a, b) => b.origin - a.origin);
  // A region that begins not far below only has to be larger.
  const near = regions.find((r) => r.origin <= start && end - r.origin <= 2 ** 28);
  if (near !== undefined) return `${near.option} ${size(end - near.origin)}`;
  const origin = Math.floor(start / 2 ** 16) * 2 ** 16;
  return `--flash ${hex(origin)}:${size(Math.max(end - origin, flash.size))}`;
}

/**
 * Below 0xa0000000 a Cortex-M may execute from any address. None is next to where memory usually
 * begins or ends, so that running over its edge is not hidden.
 */
const RETURN_PAGES = [0x1ff00000, 0x3ff00000, 0x9ff00000, 0x0ff00000];

function mapReturnPage(
  native: Native,
  engine: Deno.PointerValue,
  regions: readonly Region[],
): number {
  for (const page of RETURN_PAGES) {
    if (regions.some((r) => page < r.origin + r.size + PAGE && r.origin < page + PAGE)) continue;
    const error = new Uint32Array(1);
    const size = BigInt(PAGE);
    if (native.intnic_map(engine, BigInt(page), size, READ | EXECUTE, error) !== null) return page;
  }
  throw new UserError("The target's flash and RAM leave no page free for the emulator's own use.");
}

/**
 * The free RAM between the program's data and the stack pointer. Sections that reserve the stack
 * or a heap count as free.
 */
export function freeStack(elf: Elf, ram: Region, stackPointer: number): MemoryRegion | undefined {
  if (regionOf([ram], stackPointer, 0) === undefined) return undefined;
  const taken = elf.sections
    .filter((s) => (s.flags & 2) !== 0 && s.size > 0 && !/stack|heap/.test(s.name))
    .map((s) => s.address + s.size)
    .filter((end) => end > ram.origin && end <= stackPointer);
  const origin = Math.max(ram.origin, ...taken);
  return stackPointer > origin ? { origin, size: stackPointer - origin } : undefined;
}
