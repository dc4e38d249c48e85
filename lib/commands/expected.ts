import { join } from "node:path";
import { edgeBytes, outputBytes, realValues, runtimeBytes } from "../data/edges.ts";
import { UserError } from "../errors.ts";
import { elements } from "../ops/op.ts";
import type { Graph, QuantizedGraph } from "../types.ts";

/**
 * Writes `output_0.bin`, `output_1.bin` … to a folder, each with one sample's output as the core gave
 * it: int8, or uint8 where the model's own output is.
 *
 * @param outputs int8 codes, one sample after the other
 */
export async function writeOutputs(
  folder: string,
  outputs: Int8Array,
  samples: number,
  { edges }: Graph,
): Promise<void> {
  const size = outputs.length / samples;
  await Deno.mkdir(folder, { recursive: true });
  for (let i = 0; i < samples; i++) {
    const codes = outputs.subarray(i * size, (i + 1) * size);
    await Deno.writeFile(
      join(folder, `output_${i}.bin`),
      outputBytes(codes, edges?.output ?? "float32"),
    );
  }
}

/** How outputs compare with those that were expected. */
export interface Comparison {
  readonly equal: number;
  readonly samples: number;
  /** A sentence for the user. */
  readonly text: string;
  /** Whether they are as they should be. */
  readonly good: boolean;
}

/**
 * Compares outputs with the bytes that were expected, in the type of the model's output or as
 * `writeOutputs` writes them. A model that came quantized for TensorFlow Lite must give them exactly;
 * another cannot, and the distance is told.
 *
 * @throws {UserError} if an expected output has another size than the model's
 */
export function compareOutputs(
  outputs: Int8Array,
  expected: readonly Uint8Array[],
  graph: Graph,
  quantized: QuantizedGraph,
): Comparison {
  const tensor = quantized.tensors.get(quantized.output)!;
  const size = elements(tensor.shape);
  const type = graph.edges?.output ?? "float32";
  const samples = expected.length;
  const codes = (i: number) => outputs.subarray(i * size, (i + 1) * size);
  expected.forEach((bytes, i) => {
    if (bytes.length !== edgeBytes(type, size) && bytes.length !== size) {
      throw new UserError(
        `The expected output ${i} has ${bytes.length} bytes; the model gives ${size} values of ` +
          `${type}, which is ${edgeBytes(type, size)}.`,
      );
    }
  });
  const asWritten = expected.every(({ length }) => length === size);
  const exact = graph.rounding === "tflite" && graph.encodings?.has(graph.output);
  if (!asWritten && type === "float32" && !exact) {
    let distance = 0;
    expected.forEach((bytes, i) => {
      const wanted = new Float32Array(bytes.slice().buffer);
      realValues(codes(i), tensor).forEach((value, k) => distance += Math.abs(value - wanted[k]!));
    });
    const mean = distance / (samples * size);
    return {
      equal: 0,
      samples,
      good: true,
      text: `expected outputs: ${mean.toPrecision(3)} away on average, ` +
        `${(mean / tensor.scale).toFixed(2)} steps of int8`,
    };
  }
  const equal = expected.filter((bytes, i) => {
    const actual = asWritten ? outputBytes(codes(i), type) : runtimeBytes(codes(i), type, tensor);
    return actual.length === bytes.length && actual.every((byte, k) => byte === bytes[k]);
  }).length;
  return {
    equal,
    samples,
    good: equal === samples,
    text: `expected outputs: ${equal} of ${samples} equal`,
  };
}
