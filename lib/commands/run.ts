/**
 * `intnic run`: any firmware ELF on an emulated core, with its cost, its profile, or an explanation
 * of why it cannot go on.
 *
 * @module
 */
import Table from "cli-table3";
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { UserError } from "../errors.ts";
import { formatBytes, formatCount, formatHertz, formatMicroseconds } from "../record/format.ts";
import { withMemory } from "../run/board.ts";
import { readElfFile } from "../run/device.ts";
import { EmulatorFault } from "../run/emulator/fault.ts";
import { type Count, Machine } from "../run/emulator/machine.ts";
import { type MemoryUse, memoryUse } from "../run/emulator/memory_use.ts";
import type { ProfileResult } from "../run/emulator/profile.ts";
import { loadTarget } from "../targets.ts";
import type { Target } from "../types.ts";
import { parseRead, parseWrite, type ReadRequest, type WriteRequest } from "./run_places.ts";

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

/** What is printed with `--json`, after a fault as well. */
interface RunReport extends Partial<ProfileResult> {
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
  const result = report(exit);
  for (const request of reads) await save(machine, request);
  print(result, target, json ?? false);
  if (exit.reason === "exit" && exit.code !== 0) Deno.exitCode = 1;
}

/** Counts all of a run, or from the first entry of one symbol to the next of another. */
class Window {
  readonly #machine: Machine;
  readonly #from: string | undefined;
  readonly #to: string | undefined;
  #start: Count | undefined;
  #end: Count | undefined;
  #profile: ProfileResult | undefined;
  #stack = 0;

  constructor(machine: Machine, from?: string, to?: string) {
    this.#machine = machine;
    this.#from = from;
    this.#to = to;
  }

  /** Counts from here, unless it is for symbols to say. */
  begin(): void {
    if (this.#from === undefined) this.#open();
  }

  /** Takes note of a symbol's entry. */
  at(symbol: string): void {
    if (this.#end !== undefined) return;
    if (this.#start === undefined) {
      if (symbol === this.#from) this.#open();
    } else if (symbol === this.#to) {
      this.#end = this.#machine.now;
      this.#profile = this.#machine.profile();
      this.#stack = this.#machine.stackHighWater();
    }
  }

  /** What the counted part did, as far as it has come. */
  get profile(): ProfileResult | undefined {
    return this.#end === undefined ? this.#machine.profile() : this.#profile;
  }

  get stack(): number {
    return this.#end === undefined ? this.#machine.stackHighWater() : this.#stack;
  }

  get closed(): boolean {
    return this.#end !== undefined;
  }

  #open(): void {
    this.#start = this.#machine.now;
    this.#machine.clearProfile();
    this.#machine.stackHighWater();
  }

  /** @throws {UserError} when a symbol was never entered, unless `anyway` */
  count(anyway: boolean): Count {
    const missing = this.#start === undefined ? this.#from : this.#to;
    if (this.#from !== undefined && this.#end === undefined && !anyway) {
      const when = this.#start === undefined ? "" : ` after ${this.#from}`;
      throw new UserError(`Cannot count: the program ends and has not entered ${missing}${when}.`);
    }
    const zero = { instructions: 0, cycles: 0 };
    const start = this.#start ?? (this.#from === undefined ? zero : this.#machine.now);
    const end = this.#end ?? this.#machine.now;
    return {
      instructions: end.instructions - start.instructions,
      cycles: end.cycles - start.cycles,
    };
  }
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

/** Functions and instructions shown to people; `--json` has all functions. */
const SHOWN = 15;

function print(report: RunReport, target: Target, json: boolean): void {
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
