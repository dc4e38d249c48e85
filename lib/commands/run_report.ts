/**
 * What `intnic run` tells of a run.
 *
 * @module
 */
import { basename } from "node:path";
import Table from "cli-table3";
import { formatBytes, formatCount, formatHertz, formatMicroseconds } from "../record/format.ts";
import type { MemoryUse } from "../run/emulator/memory_use.ts";
import type { ProfileResult } from "../run/emulator/profile.ts";
import type { Target } from "../types.ts";

/** What is printed with `--json`, after a fault as well. */
export interface RunReport extends Partial<ProfileResult> {
  readonly target: string;
  readonly instructions: number;
  readonly cycles: {
    readonly kind: "modelled";
    readonly table: string;
    readonly error: string;
    readonly total: number;
  };
  /** Modelled cycles over the target's clock. */
  readonly microseconds: number;
  readonly exit: { readonly reason: string; readonly code: number | null };
  /** Bytes. */
  readonly stackHighWater: number;
  readonly memory: MemoryUse;
  /** With a profile: why the hottest instructions have no source lines. */
  readonly noSource?: string;
  /** After a fault: the parts of its report. */
  readonly fault?: object;
}

/** Functions and instructions shown to people; `--json` has all functions. */
const SHOWN = 15;

export function print(report: RunReport, target: Target, json: boolean): void {
  if (json) {
    console.log(JSON.stringify(report, null, 2));
    return;
  }
  const { cycles, exit, memory, functions, hottest } = report;
  const table = new Table({ style: { head: [], border: [], compact: true } });
  const ended = exit.reason === "exit"
    ? `with exit code ${exit.code}`
    : exit.reason === "return"
    ? `by returning ${exit.code}`
    : exit.reason === "window"
    ? "where the count ends"
    : "at the symbol given";
  table.push(
    ["target", report.target],
    ["ended", ended],
    ["instructions", formatCount(report.instructions)],
    ["cycles", `${formatCount(cycles.total)} (modelled by ${cycles.table}: ${cycles.error})`],
    [
      `time at ${formatHertz(target.clock!.hz)}`,
      `${formatMicroseconds(report.microseconds)} µs`,
    ],
    ["deepest stack", formatBytes(report.stackHighWater)],
    ["flash loaded", formatBytes(memory.flash.loaded)],
    ["RAM", `${formatBytes(memory.ram.static)} static, ${formatBytes(memory.ram.changed)} changed`],
  );
  console.log(table.toString());
  if (functions !== undefined) printProfile(functions, hottest ?? [], cycles.total);
  if (report.noSource !== undefined) console.log(report.noSource);
}

function printProfile(
  functions: ProfileResult["functions"],
  hottest: ProfileResult["hottest"],
  total: number,
): void {
  const share = (cycles: number) => `${(100 * cycles / Math.max(1, total)).toFixed(1)} %`;
  const style = { head: [], border: [], compact: true };
  const byFunction = new Table({
    head: ["function", "calls", "instructions", "cycles", "share"],
    colAligns: ["left", "right", "right", "right", "right"],
    style,
  });
  for (const f of functions.slice(0, SHOWN)) {
    const counts = [f.calls, f.instructions, f.cycles].map(formatCount);
    byFunction.push([f.name, ...counts, share(f.cycles)]);
  }
  const shown = hottest.slice(0, SHOWN);
  const lines = shown.some(({ source }) => source !== undefined);
  const byInstruction = new Table({
    head: ["at", ...(lines ? ["source"] : []), "instruction", "times", "cycles"],
    colAligns: ["left", ...(lines ? ["left" as const] : []), "left", "right", "right"],
    style,
  });
  for (const { location, source = "–", text, count, cycles } of shown) {
    const counts = [count, cycles].map(formatCount);
    // The folder is in `--json`; here there is no room for it.
    byInstruction.push([location, ...(lines ? [basename(source)] : []), text, ...counts]);
  }
  console.log(byFunction.toString());
  console.log(byInstruction.toString());
}
