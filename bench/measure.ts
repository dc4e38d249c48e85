import { build } from "../lib/build/build.ts";
import { loadKernels } from "../lib/build/kernels.ts";
import { generateC } from "../lib/codegen/c.ts";
import { limitsOf } from "../lib/codegen/limits.ts";
import { runEmulated } from "../lib/run/emulated.ts";
import { referenceRunner } from "../lib/run/reference.ts";
import { loadTarget } from "../lib/targets.ts";
import type { CProgram, FlashUse, Optimize, QuantizedGraph, RamUse } from "../lib/types.ts";
import { integerNetwork, workloads } from "./workloads.ts";

/** What is to be measured: every network on every target at every level. */
export interface Cases {
  readonly models: readonly string[];
  readonly targets: readonly string[];
  readonly levels: readonly Optimize[];
}

/** What one network costs on one target at one level; it does not depend on the data. */
export interface Row {
  readonly model: string;
  readonly target: string;
  readonly optimize: Optimize;
  readonly macs: number;
  readonly cycles: number;
  readonly instructions: number;
  readonly flash: FlashUse;
  readonly ram: RamUse;
  readonly compiler: string;
  readonly layers: readonly {
    readonly name: string;
    readonly op: string;
    readonly kernel: string;
    readonly why: string;
    readonly macs: number;
    readonly cycles: number;
  }[];
}

/** What is told while measuring. */
export interface Listener {
  /** A case is done; they come in the order of the cases. */
  row(row: Row): void;
  /** Something could not be measured, and why, in full sentences. */
  failed(what: Pick<Row, "model" | "target" | "optimize">, why: string): void;
  /** A model is not there. */
  absent(model: string): void;
}

/**
 * Measures all cases, as many at once as there are processors. Bytes that differ from the reference
 * are a failure like a compiler's.
 */
export async function measureAll(cases: Cases, listener: Listener): Promise<void> {
  const jobs: (() => Promise<() => void>)[] = [];
  for (const name of cases.models) {
    const workload = workloads.find((candidate) => candidate.name === name);
    if (workload === undefined) throw new Error(`There is no workload ${name}.`);
    const model = await workload.load();
    if (model === undefined) {
      listener.absent(name);
      continue;
    }
    const graph = integerNetwork(model);
    for (const target of cases.targets) {
      for (const optimize of cases.levels) {
        const what = { model: name, target, optimize };
        jobs.push(() =>
          measure(graph, what).then(
            (row) => () => listener.row(row),
            (error: Error) => () => listener.failed(what, error.message),
          )
        );
      }
    }
  }
  const running: Promise<() => void>[] = [];
  const start = () => {
    const job = jobs.shift();
    if (job !== undefined) running.push(job());
  };
  for (let i = 0; i < navigator.hardwareConcurrency; i++) start();
  for (let next = running.shift(); next !== undefined; next = running.shift()) {
    const tell = await next;
    start();
    tell();
  }
}

async function measure(
  graph: QuantizedGraph,
  what: Pick<Row, "model" | "target" | "optimize">,
): Promise<Row> {
  const target = await loadTarget(what.target);
  const program = generateC(graph, await loadKernels(target), {
    optimize: what.optimize,
    ...limitsOf(target),
  });
  const directory = await Deno.makeTempDir();
  try {
    const binary = await build(program, target, { directory });
    const input = inputFor(program);
    const result = await runEmulated(binary, program, input, { jobs: 1 });
    const expected = referenceRunner(graph)(input);
    const wrong = expected.findIndex((code, i) => code !== result.outputs[i]);
    if (wrong >= 0) throw new Error(`Byte ${wrong} of the output is not the reference's.`);
    return {
      ...what,
      macs: program.layers.reduce((sum, { macs }) => sum + macs, 0),
      cycles: result.cycles!.mean,
      instructions: result.instructions!.mean,
      flash: binary.flash,
      ram: binary.ram,
      compiler: binary.compiler,
      layers: program.layers.map(({ name, op, kernel, why, macs }, i) => ({
        name,
        op,
        kernel,
        why,
        macs,
        cycles: result.layers![i]!.cycles,
      })),
    };
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** An input of all sorts of codes. */
function inputFor({ inputBytes }: CProgram): Int8Array<ArrayBuffer> {
  return Int8Array.from({ length: inputBytes }, (_, i) => Math.imul(i, 2654435761) >> 24);
}
