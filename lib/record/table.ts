/**
 * Run records as tables for the terminal. Whatever is modelled and whatever is measured is said
 * under the table, with the name of the timing table and how far it is to be trusted.
 *
 * @module
 */
import Table from "cli-table3";
import type { LayerCost, RunRecord } from "../types.ts";
import {
  formatBytes,
  formatCount,
  formatMicroseconds,
  formatPercent,
  formatSpread,
  UNKNOWN,
} from "./format.ts";

/** A column: its heading and the text of a record in it. */
type Column<T> = readonly [heading: string, cell: (row: T, notes: Notes) => string];

/** Footnotes, numbered in the order in which they are first needed. */
class Notes {
  readonly #notes: string[] = [];

  mark(note: string): string {
    if (!this.#notes.includes(note)) this.#notes.push(note);
    return ` [${this.#notes.indexOf(note) + 1}]`;
  }

  lines(): string[] {
    return this.#notes.map((note, index) => `[${index + 1}] ${note}`);
  }
}

/** What it computes and how fast. */
const RUN_COLUMNS: readonly Column<RunRecord>[] = [
  ["samples", (r) => formatCount(r.samples)],
  ["float %", (r) => formatPercent(r.accuracy?.float ?? null)],
  ["integer %", (r) => formatPercent(r.accuracy?.integer ?? null)],
  ["mismatches", (r) => formatCount(r.mismatches)],
  ["MACs", (r) => formatCount(r.macs)],
  ["instructions", (r) => formatSpread(r.instructions)],
  ["cycles", (r, notes) => formatSpread(r.cycles) + cyclesMark(r, notes)],
  ["µs", (r, notes) => formatMicroseconds(r.microseconds.mean) + timeMark(r, notes)],
];

/** What it occupies: flash is the sum of the three before it, RAM too. */
const MEMORY_COLUMNS: readonly Column<RunRecord>[] = [
  ["code", (r) => formatCount(r.flash.code)],
  ["+ weights", (r) => formatCount(r.flash.weights)],
  ["+ tables", (r) => formatCount(r.flash.tables)],
  ["= flash", (r) => formatBytes(r.flash.total)],
  ["arena", (r) => formatCount(r.ram.arena)],
  ["+ stack", (r) => formatCount(r.ram.stack)],
  ["+ static", (r) => formatCount(r.ram.static)],
  ["= RAM", (r) => formatBytes(r.ram.total)],
];

const TARGET_COLUMN: Column<RunRecord> = ["target", (r) => r.target];

/** Which of many runs a row is about. */
const HISTORY_COLUMNS: readonly Column<RunRecord>[] = [
  ["time (UTC)", (r) => r.time.slice(0, 16).replace("T", " ")],
  ["model", (r) => r.model.name],
  TARGET_COLUMN,
];

const LAYER_COLUMNS: readonly Column<LayerCost>[] = [
  ["layer", (layer) => layer.name],
  ["op", (layer) => layer.op],
  ["kernel", (layer) => layer.kernel ?? UNKNOWN],
  ["MACs", (layer) => formatCount(layer.macs)],
  ["instructions", (layer) => formatCount(layer.instructions)],
  ["cycles", (layer) => formatCount(layer.cycles)],
  ["cycles/MAC", (layer) => perMac(layer)],
];

const TEXT_HEADINGS: ReadonlySet<string> = new Set([
  "target",
  "time (UTC)",
  "model",
  "layer",
  "op",
  "kernel",
]);

/**
 * Two tables with one row a record each, for the run and for the memory, and the footnotes.
 *
 * @param options `history` adds the time and the model of each run
 */
export function recordsTable(
  records: readonly RunRecord[],
  options: { history?: boolean } = {},
): string {
  const notes = new Notes();
  const first = options.history ? HISTORY_COLUMNS : [TARGET_COLUMN];
  return [
    renderTable([...first, ...RUN_COLUMNS], records, notes),
    "Instructions, cycles and µs are those of one inference.",
    ...notes.lines(),
    "",
    renderTable([...first, ...MEMORY_COLUMNS], records, notes),
    "Bytes; 1 KB = 1,024 bytes. Code holds the start-up code, static the input and output buffers.",
  ].join("\n");
}

/** One row a layer of one record, its footnote below. */
export function layersTable(record: RunRecord): string {
  const notes = new Notes();
  const text = renderTable(LAYER_COLUMNS, record.layers, notes);
  const title = `${record.model.name} on ${record.target}, mean over ${
    formatCount(record.samples)
  } samples:`;
  const note = record.cycles === null
    ? "Instructions and cycles are not counted on this target."
    : cyclesNote(record.cycles);
  return [title, text, note].join("\n");
}

function renderTable<T>(columns: readonly Column<T>[], rows: readonly T[], notes: Notes): string {
  const table = new Table({
    head: columns.map(([heading]) => heading),
    colAligns: columns.map(([heading]) => TEXT_HEADINGS.has(heading) ? "left" : "right"),
    // Plain text: the same on a terminal, in a file and in an issue.
    style: { head: [], border: [], compact: true },
  });
  for (const row of rows) table.push(columns.map(([, cell]) => cell(row, notes)));
  return table.toString();
}

function cyclesMark(record: RunRecord, notes: Notes): string {
  return record.cycles === null ? "" : notes.mark(cyclesNote(record.cycles));
}

function cyclesNote({ kind, table, error }: NonNullable<RunRecord["cycles"]>): string {
  return `Cycles are ${kind} by the timing table "${table}"; its stated error: ${error}.`;
}

function timeMark({ microseconds, cycles }: RunRecord, notes: Notes): string {
  if (microseconds.kind === "measured") return notes.mark("Time measured on this machine's clock.");
  const source = cycles === null ? "the cycles" : "the modelled cycles";
  return notes.mark(`Time modelled: ${source} over the target's clock rate.`);
}

function perMac({ cycles, macs }: LayerCost): string {
  return cycles === null || macs === 0 ? UNKNOWN : (cycles / macs).toFixed(2);
}
