/**
 * `intnic run`: any firmware ELF on an emulated core, with its cost, its profile, or an explanation
 * of why it cannot go on.
 *
 * @module
 */
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import type { Elf } from "../build/elf.ts";
import { UserError } from "../errors.ts";
import { withMemory } from "../run/board.ts";
import { readElfFile } from "../run/device.ts";
import { EmulatorFault } from "../run/emulator/fault.ts";
import { Machine } from "../run/emulator/machine.ts";
import { memoryUse } from "../run/emulator/memory_use.ts";
import { sourceLines } from "../run/source_lines.ts";
import { loadTarget } from "../targets.ts";
import type { Target } from "../types.ts";
import { parseRead, parseWrite, type ReadRequest, type WriteRequest } from "./run_places.ts";
import { print, type RunReport } from "./run_report.ts";
import { Window } from "./run_window.ts";

/** What `run` takes from the command line. */
export interface RunCommandOptions {
  /** Name or path. */
  readonly target: string;
  /** Count from the first entry of this symbol … */
  readonly from?: string;
  /** … to the next entry of this one. */
  readonly to?: string;
  /** End the run when this symbol is entered; with `call`, boot until it is. */
  readonly stopAt?: string;
  /** Boot, then call this function, and count it alone. */
  readonly call?: string;
  /** `SYMBOL|ADDRESS=FILE`. */
  readonly write: readonly string[];
  /** `SYMBOL|ADDRESS:LENGTH=FILE`. */
  readonly read: readonly string[];
  readonly flash?: string;
  readonly ram?: string;
  readonly timing?: string;
  /** Seconds. */
  readonly timeout: number;
  readonly maxInstructions: number;
  readonly profile?: boolean;
  readonly json?: boolean;
}

/**
 * Runs a firmware and prints what it has cost. What the firmware prints goes to stdout, or to stderr
 * with `--json`. The exit code is 1 if the firmware ends with another code than 0.
 *
 * @throws {UserError} for bad input of any kind; an `EmulatorFault` when the program cannot go on
 */
export async function run(file: string, options: RunCommandOptions): Promise<void> {
  const { from, to, stopAt, call, flash, ram, json } = options;
  if ((from === undefined) !== (to === undefined)) {
    throw new UserError("Cannot count: --from and --to are given together or not at all.");
  }
  const target = withMemory(await loadTarget(options.target), {
    ...(flash === undefined ? {} : { flash }),
    ...(ram === undefined ? {} : { ram }),
  });
  const elf = await readElfFile(file);
  const writes = await Promise.all(options.write.map(parseWrite));
  const reads = options.read.map(parseRead);
  const stream = json ? Deno.stderr : Deno.stdout;
  const named = [from, to, stopAt, call === undefined ? undefined : stopAt ?? "main"];
  using machine = Machine.open({
    target,
    elf,
    breaks: [...new Set(named.filter((n) => n !== undefined)), ...loadBreak(elf, writes, call)],
    ...(options.timing === undefined ? {} : { timing: options.timing }),
    maxInstructions: options.maxInstructions,
    timeout: options.timeout,
    profile: options.profile ?? false,
    output: (_, bytes) => writeAll(stream, bytes),
  });
  const before = machine.memory.ram.bytes.slice();
  const window = new Window(machine, from, to);
  const report = (exit: RunReport["exit"], fault?: EmulatorFault): RunReport => {
    const count = window.count(fault !== undefined);
    return {
      target: target.name,
      instructions: count.instructions,
      cycles: {
        kind: "modelled",
        table: machine.table.name,
        error: machine.table.error,
        total: count.cycles,
      },
      microseconds: count.cycles / target.clock!.hz * 1e6,
      exit,
      stackHighWater: window.stack,
      memory: memoryUse(machine.elf, machine.memory, before),
      ...window.profile,
      ...(fault === undefined ? {} : { fault: details(fault) }),
    };
  };
  let exit: RunReport["exit"];
  try {
    exit = call === undefined
      ? runToEnd(machine, window, writes, options)
      : callOnce(machine, window, writes, call, options);
  } catch (error) {
    if (json && error instanceof EmulatorFault) {
      const exit = { reason: error.kind, code: null };
      console.log(JSON.stringify(report(exit, error), null, 2));
    }
    throw error;
  }
  const result = await withSource(report(exit), file, machine.elf, target);
  for (const request of reads) await save(machine, request);
  print(result, target, json ?? false);
  if (exit.reason === "exit" && exit.code !== 0) Deno.exitCode = 1;
}

/** The report with source lines of the hottest instructions, or with the reason why there are none. */
async function withSource(
  report: RunReport,
  file: string,
  elf: Elf,
  target: Target,
): Promise<RunReport> {
  const { hottest } = report;
  if (hottest === undefined) return report;
  const found = await sourceLines(file, elf, target, hottest.map(({ address }) => address));
  if ("reason" in found) return { ...report, noSource: found.reason };
  return {
    ...report,
    hottest: hottest.map((h) => {
      const source = found.places.get(h.address);
      return source === undefined ? h : { ...h, source };
    }),
  };
}

/** Where `--write` writes: `main`, when the start-up code has filled the RAM; else at reset. */
function loadBreak(
  elf: Uint8Array,
  writes: readonly WriteRequest[],
  call: string | undefined,
): string[] {
  if (writes.length === 0 || call !== undefined) return [];
  // The ELF file itself is checked by the machine; here a name is looked for only.
  return new TextDecoder("latin1").decode(elf).includes("\0main\0") ? ["main"] : [];
}

function runToEnd(
  machine: Machine,
  window: Window,
  writes: readonly WriteRequest[],
  { from, stopAt }: RunCommandOptions,
): RunReport["exit"] {
  let written = !machine.breaks.includes("main");
  if (written) put(machine, writes);
  for (;;) {
    const stop = machine.proceed();
    if (stop.reason === "exit") return { reason: "exit", code: stop.code };
    if (stop.reason === "return") throw new Error("a run from reset has nowhere to return to");
    if (!written && stop.symbol === "main") {
      put(machine, writes);
      written = true;
    }
    window.at(stop.symbol);
    if (stop.symbol === stopAt) return { reason: "stop-at", code: null };
    // The rest of the program is of no interest, unless it says when to stop.
    if (from !== undefined && window.closed && stopAt === undefined) {
      return { reason: "window", code: null };
    }
  }
}

function callOnce(
  machine: Machine,
  window: Window,
  writes: readonly WriteRequest[],
  call: string,
  { stopAt = "main" }: RunCommandOptions,
): RunReport["exit"] {
  for (;;) {
    const stop = machine.proceed();
    if (stop.reason !== "break") {
      throw new UserError(`Cannot call ${call}: the program ends before it enters ${stopAt}.`);
    }
    if (stop.symbol === stopAt) break;
  }
  machine.keep();
  put(machine, writes);
  window.begin();
  const result = machine.call(call, [], (symbol) => window.at(symbol));
  return { reason: "return", code: result };
}

function put(machine: Machine, writes: readonly WriteRequest[]): void {
  for (const { place, bytes } of writes) {
    machine.write(machine.place(place, bytes.length, "written"), bytes);
  }
}

async function save(machine: Machine, { place, length, file }: ReadRequest): Promise<void> {
  const bytes = machine.read(machine.place(place, length, "read"), length);
  try {
    await mkdir(dirname(file), { recursive: true });
    await Deno.writeFile(file, bytes);
  } catch (cause) {
    throw new UserError(`Cannot write ${file}: ${(cause as Error).message}.`, { cause });
  }
}

function writeAll(stream: { writeSync(bytes: Uint8Array): number }, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += stream.writeSync(bytes.subarray(at));
}

function details(fault: EmulatorFault): object {
  const { kind, message, pc, location, address, instruction, registers, callChain, likelyCause } =
    fault;
  return {
    ...{ kind, message, pc, location, address },
    ...{ instruction, registers, callChain, likelyCause },
  };
}
