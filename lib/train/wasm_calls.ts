/**
 * Calling the kernels of TensorFlow.js's WebAssembly backend from within a kernel.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";

/** Height and width. */
export type Size2 = [number, number];

/** Padding as the engine's convolutions and pools take it. */
export type Pad = "valid" | "same" | number | tf.backend_util.ExplicitPadding;

/** What the engine hands to a kernel, narrowed to this backend. */
export interface KernelCall<I extends string = string, A = Record<string, unknown>> {
  readonly inputs: Record<I, tf.TensorInfo>;
  readonly backend: BackendWasm;
  readonly attrs: A;
}

/** A kernel as this backend sees it: it allocates its output and disposes what else it made. */
export type Kernel<I extends string = string, A = Record<string, unknown>> = (
  call: KernelCall<I, A>,
) => tf.TensorInfo;

/**
 * Runs another kernel of the backend, outside the engine's bookkeeping: the caller disposes of the
 * result with `backend.disposeData`.
 */
export function call(
  name: string,
  backend: BackendWasm,
  inputs: Record<string, tf.TensorInfo>,
  attrs: Record<string, unknown>,
): tf.TensorInfo {
  const kernel = tf.getKernel(name, "wasm").kernelFunc as unknown as Kernel;
  return kernel({ inputs, backend, attrs });
}

/** `x` with its dimensions in the order `perm`; the caller disposes of it. */
export function transpose(backend: BackendWasm, x: tf.TensorInfo, perm: number[]): tf.TensorInfo {
  return call("Transpose", backend, { x }, { perm });
}

/** A view of a tensor's values in WebAssembly memory, valid until the next allocation. */
export function floats(backend: BackendWasm, tensor: tf.TensorInfo): Float32Array {
  return backend.typedArrayFromHeap(tensor) as Float32Array;
}
