/**
 * `intnic bench`: what the networks of this repository and of MLPerf Tiny cost on the emulated cores,
 * and whether that is worse than what was committed.
 *
 * @module
 */
import Table from "cli-table3";
import { compare, count, keyOf, readFigures, writeFigures } from "../../bench/figures.ts";
import { measureAll, type Row } from "../../bench/measure.ts";
import { workloads } from "../../bench/workloads.ts";
import { nearest, UserError } from "../errors.ts";
import { loadTarget } from "../targets.ts";
import type { Optimize } from "../types.ts";

/** What `bench` takes from the command line. */
export interface BenchOptions {
  /** Names, comma separated. */
  readonly models: string;
  /** Names, comma separated. */
  readonly target: string;
  readonly levels: readonly Optimize[];
  /** Fail if a committed figure has worsened by more than 1 %. */
  readonly check?: boolean;
  /** Commit what is measured. */
  readonly update?: boolean;
  /** Each layer's kernel and cycles too. */
  readonly layers?: boolean;
  readonly json?: boolean;
}

/** All networks there are. */
export const benchModels = workloads.map(({ name }) => name).join(",");

/** The cores that figures are committed of. */
export const benchTargets = "cortex-m4,cortex-m7,cortex-m33,cortex-m0plus,rv32imc,nic-dpa";

/**
 * Measures and prints. With `check`, ends with exit code 1 where a committed figure has worsened;
 * models that are not there, and cases that do not fit a target, are left out with a line on stderr.
 *
 * @throws {UserError} for a model or target that does not exist
 */
export async function bench(options: BenchOptions): Promise<void> {
  const models = options.models.split(",").map(requireModel);
  const targets = options.target.split(",");
  for (const name of targets) {
    const { runner } = await loadTarget(name);
    if (runner === "ffi") throw new UserError(`Target ${name} has no cycles to measure.`);
  }
  const committed = await readFigures();
  const rows: Row[] = [];
  const worse: string[] = [];
  let better = 0;
  await measureAll({ models, targets, levels: options.levels }, {
    row(row) {
      rows.push(row);
      const comparison = compare(row, committed);
      worse.push(...comparison.worse);
      if (comparison.better) better++;
    },
    failed(what, why) {
      const message = `${keyOf(what)} is left out. ${why}`;
      if (committed.figures[keyOf(what)] === undefined) console.error(message);
      else worse.push(`${keyOf(what)} could be measured once, and cannot now. ${why}`);
    },
    absent: (model) => console.error(`${model} is left out: its file is not on this machine.`),
  });
  if (options.json) console.log(JSON.stringify(rows, null, 2));
  else print(rows, options.layers ?? false);
  if (options.update) {
    await writeFigures(rows);
    return;
  }
  if (!options.check) return;
  for (const sentence of worse) console.error(sentence);
  if (worse.length > 0) Deno.exitCode = 1;
  else console.error(`No figure of ${rows.length} cases has worsened by more than 1 %.`);
  if (better > 0) console.error(`${better} cases are better or new; --update commits them.`);
}

function requireModel(name: string): string {
  const names = workloads.map((workload) => workload.name);
  if (names.includes(name)) return name;
  const near = nearest(name, names);
  throw new UserError(
    `There is no workload ${name}; there are ${names.join(", ")}.` +
      (near === undefined ? "" : ` Did you mean "${near}"?`),
  );
}

function print(rows: readonly Row[], layers: boolean): void {
  const head = ["model", "target", "level", "cycles", "a MAC", "instructions", "code", "flash"];
  const table = new Table({
    head: [...head, "RAM", "× CMSIS-NN"],
    colAligns: ["left", "left", "left", ...Array(7).fill("right")],
    style: { head: [], border: [], compact: true },
  });
  for (const row of rows) {
    const { model, target, optimize, macs, cycles, instructions, flash, ram } = row;
    const peer = workloads.find(({ name }) => name === model)!.peers[target];
    table.push([
      model,
      target,
      optimize,
      count(cycles),
      (cycles / macs).toFixed(2),
      count(instructions),
      count(flash.code),
      count(flash.total),
      count(ram.total),
      peer === undefined ? "" : (peer / cycles).toFixed(2),
    ]);
  }
  console.log(table.toString());
  if (!layers) return;
  for (const row of rows) {
    console.log(`\n${row.model} on ${row.target}, ${row.optimize}:`);
    for (const { name, kernel, why, macs, cycles } of row.layers) {
      const each = macs === 0 ? "" : ` (${(cycles / macs).toFixed(2)} a MAC)`;
      console.log(`  ${name}: ${kernel}, ${count(cycles)} cycles${each}; ${why}`);
    }
  }
}
