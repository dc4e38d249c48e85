import { createHash } from "node:crypto";
import { quantizeEdge, runtimeBytes } from "../lib/data/edges.ts";
import { importTflite } from "../lib/import/tflite.ts";
import { elements } from "../lib/ops/op.ts";
import { quantize } from "../lib/quantize/quantize.ts";
import { referenceRunner } from "../lib/run/reference.ts";
import type { Model } from "../lib/types.ts";
import { seededRandom } from "./random_graph.ts";
import { randomInput, randomTflite } from "./tflite_models.ts";

/** A file as `loadModel` gives it. */
export function modelOf(bytes: Uint8Array, name = "model"): Model {
  const path = `${name}.tflite`;
  return { name, format: "tflite", path, sha256: "", files: new Map([[path, bytes]]) };
}

/** One model of random makings, three inputs for it, and what the reference makes of them. */
export interface GoldenCase {
  readonly bytes: Uint8Array;
  readonly inputs: readonly Uint8Array<ArrayBuffer>[];
  /** As the model's own runtime would give them. */
  readonly outputs: readonly Uint8Array[];
}

/** The model of that kind and seed, run by the reference. */
export function goldenCase(kind: string, seed: number): GoldenCase {
  const random = seededRandom(seed);
  const bytes = randomTflite(kind, random);
  const graph = importTflite(modelOf(bytes));
  const quantized = quantize(graph, []);
  const tensor = quantized.tensors.get(quantized.input)!;
  const output = quantized.tensors.get(quantized.output)!;
  const edges = graph.edges!;
  const inputs = [true, false, false].map((extreme) =>
    randomInput(random, edges.input, elements(tensor.shape), extreme)
  );
  const run = referenceRunner(quantized);
  const outputs = inputs.map((input) => {
    const codes = edges.input === "float32"
      ? quantizeEdge(new Float32Array(input.buffer), tensor)
      : Int8Array.from(input, (byte) => edges.input === "uint8" ? byte - 128 : byte);
    return runtimeBytes(run(codes), edges.output, output);
  });
  return { bytes, inputs, outputs };
}

/** The first few digits of the SHA-256 of all these bytes. */
export function digest(...parts: readonly Uint8Array[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex").slice(0, 8);
}
