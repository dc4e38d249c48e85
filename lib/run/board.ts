/**
 * A target with another size of flash or RAM than its file says.
 *
 * @module
 */

import { UserError } from "../errors.ts";
import type { MemoryRegion, RamMemory, Target } from "../types.ts";

/** `2M`, `64K`, a number of bytes, or with an origin in front: `0x08000000:2M`. */
export type RegionSpec = string | number;

const PAGE = 4096;

/** @throws {UserError} when a size cannot be read, or the regions overlap */
export function withMemory(
  target: Target,
  { flash, ram }: { readonly flash?: RegionSpec; readonly ram?: RegionSpec },
): Target {
  if (flash === undefined && ram === undefined) return target;
  if (target.memory === undefined) {
    throw new UserError(
      `The target ${target.name} has no memory map whose sizes could be changed.`,
    );
  }
  const memory = {
    ...target.memory,
    flash: region("--flash", flash, target.memory.flash),
    ram: cutRegions(region("--ram", ram, target.memory.ram)),
  };
  const [low, high] = memory.flash.origin < memory.ram.origin
    ? [memory.flash, memory.ram]
    : [memory.ram, memory.flash];
  if (low.origin + low.size > high.origin) {
    throw new UserError(
      `Flash and RAM of ${target.name} would overlap: ${show(memory.flash)} and ${
        show(memory.ram)
      }.`,
    );
  }
  return { ...target, memory };
}

/** The region with another size and place, and as fast as before. */
function region<T extends MemoryRegion>(option: string, spec: RegionSpec | undefined, now: T): T {
  if (spec === undefined) return now;
  const match = /^(?:(0x[0-9a-f]+):)?(\d+)([KM]?)$/i.exec(String(spec));
  const [, origin, digits, unit] = match ?? [];
  const size = Number(digits) * ({ K: 2 ** 10, M: 2 ** 20 }[unit?.toUpperCase() ?? ""] ?? 1);
  const at = origin === undefined ? now.origin : Number(origin);
  if (match === null || size < 1 || !Number.isSafeInteger(at + size)) {
    throw new UserError(
      `Cannot use ${option} ${spec}: it must be a size such as 512K or 2M, if need be with an ` +
        "origin in front: 0x08000000:2M.",
    );
  }
  if (at % PAGE !== 0) {
    throw new UserError(`Cannot use ${option} ${spec}: its origin is no multiple of ${PAGE}.`);
  }
  return { ...now, origin: at, size };
}

/** Without what of its regions is no longer inside it. */
function cutRegions({ regions, ...ram }: RamMemory): RamMemory {
  const left = (regions ?? []).flatMap((r) => {
    const origin = Math.max(r.origin, ram.origin);
    const size = Math.min(r.origin + r.size, ram.origin + ram.size) - origin;
    return size > 0 ? [{ ...r, origin, size }] : [];
  });
  return left.length === 0 ? ram : { ...ram, regions: left };
}

function show({ origin, size }: MemoryRegion): string {
  return `${size} bytes at 0x${origin.toString(16).padStart(8, "0")}`;
}
