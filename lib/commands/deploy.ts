/**
 * `intnic deploy`: from a trained network to a record of what it costs on each target.
 *
 * @module
 */
// @ts-types="@types/cli-progress"
import { SingleBar } from "cli-progress";
import { join } from "node:path";
import process from "node:process";
import { findCompiler } from "../build/toolchain.ts";
import { type FileSamples, loadInputs } from "../data/inputs.ts";
import { deployTo } from "../deploy.ts";
import { UserError } from "../errors.ts";
import { openStore } from "../record/store.ts";
import { layersTable, recordsTable } from "../record/table.ts";
import { evaluate, type LabelledSamples } from "../run/evaluate.ts";
import type { Progress } from "../run/runner.ts";
import { loadTargets } from "../targets.ts";
import type { Optimize, RunRecord } from "../types.ts";
import { makeOutput, type OutputFolder } from "./output.ts";
import { compareOutputs, writeOutputs } from "./expected.ts";
import { loadSamples, prepare, type QuantizationOptions } from "./prepare.ts";

/** What `deploy` takes from the command line. */
export interface DeployCommandOptions extends QuantizationOptions {
  /** Comma-separated names or paths. */
  readonly target: string;
  /** Test samples to run on each target; the first 1,000, or all, unless told. */
  readonly samples?: number;
  /** Record file; the user's own by default. */
  readonly db?: string;
  /** Print the records as JSON and nothing else. */
  readonly json?: boolean;
  /** Keep C and binaries here, one folder a target. */
  readonly out?: string;
  /** Emulators at once; one a processor by default. */
  readonly jobs?: number;
  readonly optimize: Optimize;
  /** Samples of the user's own, instead of the dataset's test set; see `loadInputs`. */
  readonly inputs?: string;
  /** Where to write each sample's output; a folder a target, if there are several. */
  readonly outputs?: string;
}

/**
 * Deploys a model to every target named, records each run as soon as it is done, and prints the
 * records. A target that fails ends the command; the records of those before it stay.
 *
 * @throws {UserError} for bad input of any kind
 */
export async function deploy(name: string, options: DeployCommandOptions): Promise<void> {
  const targets = await loadTargets(options.target);
  // What can be found missing now is not to be found missing after minutes of work.
  for (const target of targets) await findCompiler(target);
  using store = openStore(options.db);
  using output = await makeOutput(options.out);
  using outputs = await makeOutput(options.outputs);
  const { model, graph, quantized } = await prepare(name, options);
  const samples: LabelledSamples & Partial<FileSamples> = options.inputs === undefined
    ? await loadSamples(graph, options, "test", options.samples)
    : await loadInputs(options.inputs, graph, options.samples);
  const evaluation = await withProgress(
    "reference",
    samples.count,
    (progress) => Promise.resolve(evaluate(graph, quantized, samples, progress)),
  );
  const records: RunRecord[] = [];
  const comparisons: string[] = [];
  let asExpected = true;
  for (const target of targets) {
    const directory = await folderFor(output, target.name);
    let received: Int8Array = new Int8Array();
    const record = await withProgress(
      target.name,
      samples.count,
      (progress) =>
        deployTo(target, model, quantized, evaluation, {
          directory,
          optimize: options.optimize,
          progress,
          received: (codes) => received = codes,
          ...(options.jobs === undefined ? {} : { jobs: options.jobs }),
        }),
    );
    store.save(record);
    records.push(record);
    const folder = targets.length === 1 ? outputs.path : join(outputs.path, target.name);
    await writeOutputs(folder, received, samples.count, graph);
    if (samples.expected !== undefined && samples.expected.length > 0) {
      const { text, good } = compareOutputs(received, samples.expected, graph, quantized);
      comparisons.push(`On ${target.name}, ${text}.`);
      asExpected &&= good;
    }
  }
  await output.keep();
  await outputs.keep();
  print(records, [...(asExpected ? comparisons : []), ...quantized.notes], options);
  requireOneMeaning(records);
  if (!asExpected) throw new UserError(comparisons.join("\n"));
}

/** A difference from the reference is recorded and shown, and still a failure. */
function requireOneMeaning(records: readonly RunRecord[]): void {
  for (const { target, mismatches, samples } of records) {
    if (mismatches > 0) {
      throw new UserError(
        `On ${target} ${mismatches} of ${samples} samples gave other bytes than the reference; its ` +
          `compiler or emulator is not to be trusted with this model.`,
      );
    }
  }
}

async function folderFor({ path }: OutputFolder, target: string): Promise<string> {
  const folder = join(path, target);
  await Deno.mkdir(folder, { recursive: true });
  return folder;
}

function print(
  records: readonly RunRecord[],
  notes: readonly string[],
  { json, out }: DeployCommandOptions,
): void {
  if (json) {
    console.log(JSON.stringify(records, null, 2));
    return;
  }
  console.log(recordsTable(records));
  if (records.length === 1) console.log(`\n${layersTable(records[0]!)}`);
  for (const note of notes) console.log(note);
  if (out !== undefined) console.log(`The C and the binaries are in ${out}.`);
}

/** Shows a progress bar on stderr, if that is a terminal, while `work` runs. */
async function withProgress<T>(
  what: string,
  total: number,
  work: (progress: Progress) => Promise<T>,
): Promise<T> {
  if (!process.stderr.isTTY) return await work(() => {});
  const bar = new SingleBar({
    format: `${what.padEnd(14)} |{bar}| {value}/{total} samples | {eta_formatted} left`,
    stream: process.stderr,
    clearOnComplete: true,
  });
  bar.start(total, 0);
  try {
    return await work((samples) => bar.increment(samples));
  } finally {
    bar.stop();
  }
}
