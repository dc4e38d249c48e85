import { importModel } from "../lib/import/mod.ts";
import { loadModel } from "../lib/import/load.ts";
import { quantize } from "../lib/quantize/quantize.ts";
import type { Model, QuantizedGraph } from "../lib/types.ts";

/** The models of the MLPerf Tiny benchmark whose exact outputs are known. */
export const mlperfTiny = ["anomaly-detection", "keyword-spotting", "image-classification"];

const folder = new URL("../../shared/data/mlperf-tiny/", import.meta.url);

/** One benchmark model, its graph and the bytes that go in and must come out. */
export interface BenchmarkModel {
  readonly folder: string;
  readonly model: Model;
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
  return {
    folder: path,
    model,
    graph: quantize(importModel(model), []),
    inputs: await Promise.all(samples.map((i) => read(`input_${i}.bin`))),
    outputs: await Promise.all(samples.map((i) => read(`output_${i}.bin`))),
  };
}
