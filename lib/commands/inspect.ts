/**
 * `intnic inspect`: what a model consists of, and what it would cost, before any data is looked at.
 *
 * @module
 */
import Table from "cli-table3";
import { join } from "node:path";
import { loadKernels } from "../build/kernels.ts";
import { generateC } from "../codegen/c.ts";
import { UserError } from "../errors.ts";
import { loadModel } from "../import/load.ts";
import { importModel } from "../import/mod.ts";
import { UnsupportedError, type UnsupportedLayer } from "../import/unsupported.ts";
import { estimate, type TargetEstimate } from "../inspect/estimate.ts";
import { type LayerFigures, layerFigures, quantizeForSize } from "../inspect/figures.ts";
import { formatShape } from "../ops/op.ts";
import { formatBytes, formatCount, formatMicroseconds, UNKNOWN } from "../record/format.ts";
import { listTargets, loadTargets } from "../targets.ts";
import type { Graph, Model, QuantizedGraph } from "../types.ts";
import { makeOutput } from "./output.ts";

/** What `inspect` takes from the command line. */
export interface InspectOptions {
  /** Comma-separated names or paths; all shipped targets unless told. */
  readonly target?: string;
  /** Print one JSON object and nothing else. */
  readonly json?: boolean;
}

/** Everything `inspect` finds out. */
interface Inspection {
  readonly model: Pick<Model, "name" | "format" | "path" | "sha256">;
  readonly input: readonly number[] | null;
  readonly output: readonly number[] | null;
  readonly layers: readonly LayerFigures[];
  readonly macs: number;
  readonly parameters: number;
  /** Working memory and weights in bytes, with plain C kernels; null if not known. */
  readonly memory: { readonly arena: number; readonly weights: number } | null;
  readonly unsupported: readonly UnsupportedLayer[];
  readonly notes: readonly string[];
  readonly targets: readonly TargetEstimate[];
}

/**
 * Prints a model's layers and what it would cost on each target.
 *
 * @throws {UserError} if it cannot be read, or, after the report, if layers cannot be deployed
 */
export async function inspect(name: string, options: InspectOptions): Promise<void> {
  const targets = options.target === undefined
    ? await listTargets()
    : await loadTargets(options.target);
  const model = await loadModel(name);
  const found = await examine(model, targets);
  if (options.json) console.log(JSON.stringify(found, null, 2));
  else print(found);
  const { length } = found.unsupported;
  if (length > 0) {
    throw new UserError(
      length === 1
        ? `One layer of ${model.path} cannot be deployed.`
        : `${length} layers of ${model.path} cannot be deployed.`,
    );
  }
}

async function examine(
  model: Model,
  targets: Awaited<ReturnType<typeof listTargets>>,
): Promise<Inspection> {
  const { name, format, path, sha256 } = model;
  const nothing: Inspection = {
    model: { name, format, path, sha256 },
    input: null,
    output: null,
    layers: [],
    macs: 0,
    parameters: 0,
    memory: null,
    unsupported: [],
    notes: [],
    targets: [],
  };
  let graph: Graph;
  try {
    graph = importModel(model);
  } catch (error) {
    if (error instanceof UnsupportedError) return { ...nothing, unsupported: error.layers };
    throw error;
  }
  const layers = layerFigures(graph);
  const quantized = quantizeForSize(graph);
  const sum = (of: (layer: LayerFigures) => number) =>
    layers.reduce((total, layer) => total + of(layer), 0);
  return {
    ...nothing,
    input: graph.tensors.get(graph.input)!,
    output: graph.tensors.get(graph.output)!,
    layers,
    macs: sum(({ macs }) => macs),
    parameters: sum(({ parameters }) => parameters),
    memory: await memoryOf(quantized),
    notes: graph.notes,
    targets: await estimateAll(quantized, targets),
  };
}

async function memoryOf(quantized: QuantizedGraph) {
  const plain = await loadKernels({ name: "generic", kernels: [] });
  const { arena, layers } = generateC(quantized, plain);
  const weights = layers.reduce((sum, { weightBytes }) => sum + weightBytes, 0);
  return { arena: arena.bytes, weights };
}

async function estimateAll(
  quantized: QuantizedGraph,
  targets: Awaited<ReturnType<typeof listTargets>>,
): Promise<TargetEstimate[]> {
  using output = await makeOutput();
  const estimates: TargetEstimate[] = [];
  for (const target of targets) {
    const directory = join(output.path, target.name);
    await Deno.mkdir(directory, { recursive: true });
    estimates.push(await estimate(quantized, target, directory));
  }
  return estimates;
}

function print(found: Inspection): void {
  const { model, unsupported, memory, input, output } = found;
  console.log(`${model.name}: ${model.format}, ${model.path}`);
  if (unsupported.length > 0) {
    console.log("\nNot supported:");
    for (const { reason } of unsupported) console.log(`- ${reason}`);
    return;
  }
  console.log(`Input ${formatShape(input!)}, output ${formatShape(output!)}.\n`);
  console.log(layersTable(found));
  console.log(
    `Memory with plain C: an arena of ${formatCount(memory!.arena)} bytes, weights of ` +
      `${formatCount(memory!.weights)} bytes.`,
  );
  for (const note of found.notes) console.log(note);
  console.log(`\n${targetsTable(found.targets)}`);
  console.log(
    "Flash and RAM are those of a program that does nothing but infer. Instructions and cycles are\n" +
      "those of one inference, which was run; inference is constant-time. Ranges that the model does\n" +
      "not bring are made up, by which a layer's requantization may differ by a few instructions.",
  );
  for (const line of tableLines(found.targets)) console.log(line);
  for (const { target, problem } of found.targets) {
    if (problem !== null) console.log(`${target}: ${problem}`);
  }
}

function layersTable({ layers, macs, parameters }: Inspection): string {
  const table = new Table({
    head: ["layer", "op", "input", "output", "MACs", "parameters"],
    colAligns: ["left", "left", "left", "left", "right", "right"],
    style: { head: [], border: [], compact: true },
  });
  for (const layer of layers) {
    const fused = layer.activation === "none" ? "" : ` + ${layer.activation}`;
    table.push([
      layer.name,
      layer.op + fused,
      layer.inputs.map(formatShape).join(", "),
      formatShape(layer.output),
      formatCount(layer.macs),
      formatCount(layer.parameters),
    ]);
  }
  table.push(["total", "", "", "", formatCount(macs), formatCount(parameters)]);
  return table.toString();
}

function targetsTable(targets: readonly TargetEstimate[]): string {
  const table = new Table({
    head: ["target", "flash", "RAM", "arena", "instructions", "cycles", "µs"],
    colAligns: ["left", "right", "right", "right", "right", "right", "right"],
    style: { head: [], border: [], compact: true },
  });
  for (const { target, flash, ram, instructions, cycles, microseconds } of targets) {
    table.push([
      target,
      flash === null ? UNKNOWN : formatBytes(flash.total),
      ram === null ? UNKNOWN : formatBytes(ram.total),
      ram === null ? UNKNOWN : formatCount(ram.arena),
      formatCount(instructions),
      formatCount(cycles?.count ?? null),
      microseconds === null ? UNKNOWN : formatMicroseconds(microseconds),
    ]);
  }
  return table.toString();
}

/** Where the cycles come from, a line a timing table. */
function tableLines(targets: readonly TargetEstimate[]): string[] {
  const lines = targets.flatMap(({ target, cycles }) =>
    cycles === null
      ? []
      : [`${target}: timing table "${cycles.table}"; its stated error: ${cycles.error}.`]
  );
  return [...new Set(lines)];
}
