/**
 * What `intnic run` tells of a run.
 *
 * @module
 */
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
  const byInstruction = new Table({
    head: ["at", "instruction", "times", "cycles"],
    colAligns: ["left", "left", "right", "right"],
    style,
  });
  for (const h of hottest.slice(0, SHOWN)) {
    byInstruction.push([h.location, h.text, formatCount(h.count), formatCount(h.cycles)]);
  }
  console.log(byFunction.toString());
  console.log(byInstruction.toString());
}
