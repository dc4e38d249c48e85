import * as ort from "onnxruntime-node";
import type { Constant } from "../lib/import/onnx/tensor.ts";

/** Type names of `onnxruntime-node` by the array that holds the values. */
function typeOf(data: Float32Array | Int8Array | Uint8Array): "float32" | "int8" | "uint8" {
  return data instanceof Float32Array ? "float32" : data instanceof Int8Array ? "int8" : "uint8";
}

/**
 * Runs an ONNX file in ONNX Runtime, as the second opinion that it is.
 *
 * @returns the first output for each input, all of one shape
 */
export async function runOnnxRuntime(
  bytes: Uint8Array,
  inputs: readonly (Float32Array | Int8Array | Uint8Array)[],
  shape: readonly number[],
): Promise<Float32Array[]> {
  // Its own optimizations could fuse what the file says one by one.
  const session = await ort.InferenceSession.create(bytes, {
    graphOptimizationLevel: "disabled",
    logSeverityLevel: 3,
  });
  const outputs: Float32Array[] = [];
  for (const data of inputs) {
    const tensor = new ort.Tensor(typeOf(data), data as Float32Array, shape);
    const result = await session.run({ [session.inputNames[0]!]: tensor });
    const values = result[session.outputNames[0]!]!.data as unknown as ArrayLike<number>;
    outputs.push(Float32Array.from(values, Number));
  }
  await session.release();
  return outputs;
}

/** Runs an ONNX file once, with all its inputs by name; the first output. */
export async function runOnnxRuntimeOn(
  bytes: Uint8Array,
  feeds: ReadonlyMap<string, Constant>,
): Promise<Float32Array> {
  const session = await ort.InferenceSession.create(bytes, { logSeverityLevel: 3 });
  const tensors: Record<string, ort.Tensor> = {};
  for (const [name, { type, data, shape }] of feeds) {
    tensors[name] = type === "int64"
      ? new ort.Tensor("int64", BigInt64Array.from(data, BigInt), shape)
      : new ort.Tensor(type === "float" ? "float32" : type, data as Float32Array, shape);
  }
  const result = await session.run(tensors);
  const values = result[session.outputNames[0]!]!.data as unknown as ArrayLike<number>;
  await session.release();
  return Float32Array.from(values, Number);
}
