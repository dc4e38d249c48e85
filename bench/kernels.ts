/**
 * Measures the generated kernels: for each workload, target and optimize level the cycles,
 * instructions, flash and RAM of one inference, beside the figures of peers, and layer by layer with
 * `--layers`. Output bytes of the benchmark models are compared with theirs.
 *
 *     deno run -A bench/kernels.ts [--models convnet,…] [--targets cortex-m4,…] [--levels speed,…]
 *       [--layers] [--json]
 *
 * The models of MLPerf Tiny are read from `../shared/data/mlperf-tiny` and left out where that is not.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { build } from "../lib/build/build.ts";
import { loadKernels } from "../lib/build/kernels.ts";
import { generateC } from "../lib/codegen/c.ts";
import { UserError } from "../lib/errors.ts";
import { loadModel } from "../lib/import/load.ts";
import { importModel } from "../lib/import/mod.ts";
import { elements } from "../lib/ops/op.ts";
import { quantize } from "../lib/quantize/quantize.ts";
import { runEmulated } from "../lib/run/emulated.ts";
import { referenceRunner } from "../lib/run/reference.ts";
import { loadTarget } from "../lib/targets.ts";
import type { CProgram, Optimize, QuantizedGraph } from "../lib/types.ts";
import { workloads } from "./workloads.ts";

const { values } = parseArgs({
  options: {
    models: { type: "string", default: workloads.map(({ name }) => name).join(",") },
    targets: { type: "string", default: "cortex-m4,cortex-m0plus,rv32imc" },
    levels: { type: "string", default: "speed,balanced,size" },
    layers: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});

/** What one workload costs on one target at one level. */
interface Row {
  readonly model: string;
  readonly target: string;
  readonly optimize: Optimize;
  readonly macs: number;
  readonly cycles: number;
  readonly instructions: number;
  readonly code: number;
  readonly flash: number;
  readonly ram: number;
  /** Bytes differ from the reference: never. */
  readonly wrong: boolean;
  readonly layers: readonly {
    readonly name: string;
    readonly kernel: string;
    readonly why: string;
    readonly macs: number;
    readonly cycles: number;
  }[];
}

async function measure(
  model: string,
  graph: QuantizedGraph,
  targetName: string,
  optimize: Optimize,
): Promise<Row | undefined> {
  const target = await loadTarget(targetName);
  const program = generateC(graph, await loadKernels(target), { optimize });
  const directory = await Deno.makeTempDir();
  try {
    const binary = await build(program, target, { directory });
    const input = inputFor(program);
    const result = await runEmulated(binary, program, input, { jobs: 1 });
    const expected = referenceRunner(graph)(input);
    return {
      model,
      target: targetName,
      optimize,
      macs: program.layers.reduce((sum, { macs }) => sum + macs, 0),
      cycles: result.cycles!.mean,
      instructions: result.instructions!.mean,
      code: binary.flash.code,
      flash: binary.flash.total,
      ram: binary.ram.total,
      wrong: expected.some((code, i) => code !== result.outputs[i]),
      layers: program.layers.map(({ name, kernel, why, macs }, i) => ({
        name,
        kernel,
        why,
        macs,
        cycles: result.layers![i]!.cycles,
      })),
    };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    console.error(`${model} on ${targetName}, ${optimize}: ${error.message}`);
    return undefined;
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** An input of all sorts of codes; cycles do not depend on it. */
function inputFor({ inputBytes }: CProgram): Int8Array<ArrayBuffer> {
  return Int8Array.from({ length: inputBytes }, (_, i) => Math.imul(i, 2654435761) >> 24);
}

async function quantized(path: string): Promise<QuantizedGraph> {
  const graph = importModel(await loadModel(path));
  const size = elements(graph.tensors.get(graph.input)!);
  const samples = [0, 1].map((n) => Float32Array.from({ length: size }, (_, i) => (i + n) % 7 / 7));
  return quantize(graph, samples, { calibrator: "max" });
}

const rows: Row[] = [];
for (const name of values.models.split(",")) {
  const workload = workloads.find((candidate) => candidate.name === name);
  const path = workload?.path ?? name;
  if (workload?.path !== undefined && !(await exists(workload.path))) {
    console.error(`${name} is left out: ${workload.path} is not there.`);
    continue;
  }
  const graph = await quantized(path);
  for (const target of values.targets.split(",")) {
    for (const level of values.levels.split(",")) {
      const row = await measure(name, graph, target, level as Optimize);
      if (row === undefined) continue;
      rows.push(row);
      if (!values.json) print(row, workload?.peers[target]);
    }
  }
}
if (values.json) console.log(JSON.stringify(rows, null, 2));
if (rows.some(({ wrong }) => wrong)) Deno.exit(1);

async function exists(path: string): Promise<boolean> {
  return path === "mlp" || path === "convnet" ||
    await Deno.stat(path).then(() => true, () => false);
}

function print(row: Row, peer: number | undefined): void {
  const { model, target, optimize, macs, cycles, code, flash, ram } = row;
  const ratio = peer === undefined ? "" : `, ${(peer / cycles).toFixed(2)}× fewer than CMSIS-NN`;
  console.log(
    `${row.wrong ? "WRONG BYTES " : ""}${model} on ${target}, ${optimize}: ` +
      `${(cycles / 1e6).toFixed(3)} M cycles, ${(cycles / macs).toFixed(2)} a MAC, ` +
      `${(row.instructions / 1e6).toFixed(3)} M instructions, ${code} bytes of code, ` +
      `${flash} of flash, ${ram} of RAM${ratio}`,
  );
  if (!values.layers) return;
  for (const layer of row.layers) {
    const each = layer.macs === 0 ? "" : ` (${(layer.cycles / layer.macs).toFixed(2)} a MAC)`;
    console.log(`    ${layer.name}: ${layer.kernel}, ${layer.cycles} cycles${each}; ${layer.why}`);
  }
}
