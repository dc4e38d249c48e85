/**
 * What the WebAssembly backend of TensorFlow.js needs before it can train these networks: it has no
 * `Conv2DBackpropFilter`, its `MaxPoolGrad` loses the gradient of windows whose values are all
 * negative, its `Conv2DBackpropInput` is a plain loop, and its `BatchMatMul` falls back to one when
 * a transpose is asked for. Here both convolution gradients become forward convolutions, which the
 * backend runs on SIMD code, and transposes are made explicit.
 *
 * Importing this module registers the backend; {@linkcode useWasm} starts it.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import "@tensorflow/tfjs-backend-wasm";
import {
  floats,
  type Kernel,
  type KernelCall,
  type Pad,
  type Size2,
  transpose,
} from "./wasm_calls.ts";
import { filterGradient, inputGradient } from "./wasm_convolution.ts";

interface PoolAttributes {
  readonly filterSize: number | Size2;
  readonly strides: number | Size2;
  readonly pad: Pad;
  readonly dimRoundingMode?: "floor" | "round" | "ceil";
}

let replaced = false;

/**
 * Makes the WebAssembly backend, with the kernels of this module, the one that new tensors live on.
 */
export async function useWasm(): Promise<void> {
  if (!replaced) {
    // Before the backend starts, because that is when the set-up functions are called.
    replaceKernel("Conv2DBackpropFilter", () => filterGradient);
    replaceKernel("MaxPoolGrad", () => maxPoolGradient);
    replaceKernel("Conv2DBackpropInput", inputGradient);
    replaceKernel("BatchMatMul", matMul);
    replaced = true;
  }
  if (!await tf.setBackend("wasm")) {
    throw new Error("Cannot start the WebAssembly backend of TensorFlow.js.");
  }
}

/**
 * Registers `make(original)` in place of the backend's own kernel. The original's set-up function is
 * kept, because it binds the WebAssembly function that `original` calls.
 */
function replaceKernel<I extends string, A>(
  name: string,
  make: (original: Kernel) => Kernel<I, A>,
): void {
  const existing = tf.getKernel(name, "wasm");
  if (existing) tf.unregisterKernel(name, "wasm");
  const original = existing?.kernelFunc as unknown as Kernel;
  tf.registerKernel({
    kernelName: name,
    backendName: "wasm",
    kernelFunc: make(original) as unknown as tf.KernelFunc,
    ...(existing?.setupFunc ? { setupFunc: existing.setupFunc } : {}),
  });
}

/** Each output's gradient goes to the first largest value of its window. */
function maxPoolGradient(
  { inputs: { dy, input }, backend, attrs }: KernelCall<"dy" | "input", PoolAttributes>,
): tf.TensorInfo {
  const info = tf.backend_util.computePool2DInfo(
    input.shape as [number, number, number, number],
    attrs.filterSize,
    attrs.strides,
    1,
    attrs.pad,
    attrs.dimRoundingMode,
  );
  const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth } = info;
  const { filterHeight, filterWidth, strideHeight, strideWidth, padInfo } = info;
  // Memory first: an allocation may grow the heap and detach the views taken before it.
  const output = backend.makeOutput(input.shape, "float32");
  const x = floats(backend, input);
  const gradient = floats(backend, dy);
  const dx = floats(backend, output).fill(0);
  const best = new Float32Array(inChannels);
  const bestAt = new Int32Array(inChannels);
  let from = 0;
  for (let n = 0; n < batchSize; n++) {
    for (let y = 0; y < outHeight; y++) {
      const top = y * strideHeight - padInfo.top;
      const yEnd = Math.min(inHeight, top + filterHeight);
      for (let column = 0; column < outWidth; column++) {
        const left = column * strideWidth - padInfo.left;
        const xEnd = Math.min(inWidth, left + filterWidth);
        best.fill(-Infinity);
        for (let i = Math.max(0, top); i < yEnd; i++) {
          for (let j = Math.max(0, left); j < xEnd; j++) {
            const at = ((n * inHeight + i) * inWidth + j) * inChannels;
            for (let c = 0; c < inChannels; c++) {
              if (x[at + c]! > best[c]!) {
                best[c] = x[at + c]!;
                bestAt[c] = at + c;
              }
            }
          }
        }
        for (let c = 0; c < inChannels; c++) dx[bestAt[c]!]! += gradient[from + c]!;
        from += inChannels;
      }
    }
  }
  return output;
}

/** A matrix product whose transposes are made first, so that the product takes the SIMD path. */
function matMul(original: Kernel): Kernel<
  "a" | "b",
  { readonly transposeA: boolean; readonly transposeB: boolean }
> {
  return ({ inputs, backend, attrs }) => {
    const a = attrs.transposeA ? swapLastTwo(backend, inputs.a) : inputs.a;
    const b = attrs.transposeB ? swapLastTwo(backend, inputs.b) : inputs.b;
    const product = original({
      inputs: { a, b },
      backend,
      attrs: { transposeA: false, transposeB: false },
    });
    if (a !== inputs.a) backend.disposeData(a.dataId);
    if (b !== inputs.b) backend.disposeData(b.dataId);
    return product;
  };
}

function swapLastTwo(backend: BackendWasm, x: tf.TensorInfo): tf.TensorInfo {
  const perm = x.shape.map((_, i) => i);
  const [row, column] = perm.splice(-2);
  return transpose(backend, x, [...perm, column!, row!]);
}
