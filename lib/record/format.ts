/**
 * Numbers as people read them. A value that is not known is a dash, never a zero.
 *
 * @module
 */
import type { Spread } from "../types.ts";

/** Stands for what is not known. */
export const UNKNOWN = "–";

/** Whole number with thousands separators: `2,299,104`. */
export function formatCount(value: number | null): string {
  return value === null ? UNKNOWN : Math.round(value).toLocaleString("en-US");
}

/** One number if all samples agree, else `mean (min–max)`. */
export function formatSpread(spread: Spread | null): string {
  if (spread === null) return UNKNOWN;
  const { min, mean, max } = spread;
  if (min === max) return formatCount(min);
  return `${formatCount(mean)} (${formatCount(min)}–${formatCount(max)})`;
}

/** Bytes in units of 1,024: `552 B`, `14.4 KB`, `1 MB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 2 ** 10) return `${bytes} B`;
  const [size, unit] = bytes < 2 ** 20 ? [2 ** 10, "KB"] : [2 ** 20, "MB"];
  return `${Number((bytes / size).toFixed(1))} ${unit}`;
}

/** A fraction 0…1 in percent, two decimals: `98.91`. */
export function formatPercent(fraction: number | null): string {
  return fraction === null ? UNKNOWN : (100 * fraction).toFixed(2);
}

/** Microseconds with three significant digits at least: `13,685`, `85.2`, `0.731`. */
export function formatMicroseconds(value: number): string {
  if (value >= 100) return formatCount(value);
  return value >= 1 ? value.toPrecision(3) : value.toFixed(3);
}

/** Hertz in the largest unit that fits: `168 MHz`, `1.8 GHz`. */
export function formatHertz(hz: number): string {
  const units = [[1e9, "GHz"], [1e6, "MHz"], [1e3, "kHz"]] as const;
  const [factor, unit] = units.find(([factor]) => hz >= factor) ?? [1, "Hz"];
  return `${Number((hz / factor).toFixed(3))} ${unit}`;
}
