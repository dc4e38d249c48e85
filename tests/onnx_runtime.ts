import * as ort from "onnxruntime-node";

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
