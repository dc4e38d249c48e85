import { deployTo } from "../lib/deploy.ts";
import { importModel } from "../lib/import/mod.ts";
import { loadModel } from "../lib/import/load.ts";
import { quantize } from "../lib/quantize/quantize.ts";
import { evaluate } from "../lib/run/evaluate.ts";
import { loadTarget } from "../lib/targets.ts";
import type { Graph, Model, QuantizedGraph, RunRecord } from "../lib/types.ts";

/** The models of the MLPerf Tiny benchmark whose exact outputs are known. */
export const mlperfTiny = ["anomaly-detection", "keyword-spotting", "image-classification"];

const folder = new URL("../../shared/data/mlperf-tiny/", import.meta.url);

/** One benchmark model, its graph and the bytes that go in and must come out. */
export interface BenchmarkModel {
  readonly model: Model;
  readonly float: Graph;
  readonly graph: QuantizedGraph;
  readonly inputs: readonly Int8Array<ArrayBuffer>[];
  readonly outputs: readonly Int8Array<ArrayBuffer>[];
}

/** Whether the models are there; they are not part of the repository. */
export function haveMlperfTiny(): boolean {
  try {
    return Deno.statSync(folder).isDirectory;
  } catch {
    console.log(`Skipped: ${folder.pathname} is not there.`);
    return false;
  }
}

/** Reads a model and its four samples. */
export async function loadBenchmark(name: string): Promise<BenchmarkModel> {
  const path = new URL(`${name}/`, folder).pathname;
  const model = await loadModel(`${path}model.tflite`);
  const read = async (file: string) => new Int8Array((await Deno.readFile(path + file)).buffer);
  const samples = [0, 1, 2, 3];
  const float = importModel(model);
  return {
    model,
    float,
    graph: quantize(float, []),
    inputs: await Promise.all(samples.map((i) => read(`input_${i}.bin`))),
    outputs: await Promise.all(samples.map((i) => read(`output_${i}.bin`))),
  };
}

/** What running a benchmark model on a target gave. */
export interface BenchmarkResult {
  readonly samples: number;
  /** Samples whose output is the published one, byte for byte. */
  readonly equal: number;
  readonly record: RunRecord;
}

/** Deploys a model to a target and runs its first samples there. */
export async function deployBenchmark(
  name: string,
  target: string,
  samples: number,
): Promise<BenchmarkResult> {
  const { model, float, graph, inputs, outputs } = await loadBenchmark(name);
  const evaluation = evaluate(float, graph, {
    name,
    count: samples,
    labels: null,
    input: () => new Float32Array(),
    codes: (index) => inputs[index]!,
  });
  const directory = await Deno.makeTempDir();
  let received: Int8Array = new Int8Array();
  try {
    const record = await deployTo(await loadTarget(target), model, graph, evaluation, {
      directory,
      received: (codes) => received = codes,
    });
    const size = outputs[0]!.length;
    const equal = outputs.slice(0, samples).filter((expected, i) =>
      expected.every((code, k) =>
        code === received[i * size + k]
      )
    ).length;
    return { samples, equal, record };
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}
