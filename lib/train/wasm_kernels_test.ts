import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { useWasm } from "./wasm_kernels.ts";

/** Gradients by every input, computed on the given backend from the same plain arrays. */
async function gradientsOn(
  backend: "wasm" | "cpu",
  shapes: readonly number[][],
  f: (...inputs: tf.Tensor[]) => tf.Tensor,
): Promise<Float32Array[]> {
  if (backend === "wasm") await useWasm();
  await tf.setBackend(backend);
  const inputs = shapes.map((shape, i) => tf.tensor(values(shape, i + 1), shape));
  // A squared output makes the gradient flowing back differ from place to place.
  const gradients = tf.grads((...xs) => f(...xs).square().sum())(inputs);
  return gradients.map((gradient) => gradient.dataSync<"float32">());
}

/** Reproducible values in −1…1, without two equal ones in a row. */
function values(shape: readonly number[], salt: number): Float32Array {
  const count = shape.reduce((a, b) => a * b, 1);
  return Float32Array.from({ length: count }, (_, i) => Math.sin(i * 12.9898 + salt * 78.233));
}

async function agree(shapes: number[][], f: (...inputs: tf.Tensor[]) => tf.Tensor): Promise<void> {
  const expected = await gradientsOn("cpu", shapes, f);
  const actual = await gradientsOn("wasm", shapes, f);
  for (const [k, gradient] of expected.entries()) {
    assert.equal(actual[k]!.length, gradient.length);
    const size = Math.max(1, ...gradient.map(Math.abs));
    for (const [i, value] of gradient.entries()) {
      assert.ok(
        Math.abs(actual[k]![i]! - value) < 1e-4 * size,
        `gradient ${k}, element ${i}: ${actual[k]![i]} instead of ${value}`,
      );
    }
  }
}

for (
  const { x, filter, strides, pad } of [
    { x: [3, 7, 6, 2], filter: [3, 3, 2, 4], strides: 1, pad: "valid" },
    { x: [2, 7, 6, 1], filter: [3, 2, 1, 5], strides: 1, pad: "same" },
    { x: [2, 8, 7, 3], filter: [3, 3, 3, 2], strides: 2, pad: "same" },
    { x: [2, 8, 9, 3], filter: [2, 3, 3, 2], strides: [3, 2], pad: "valid" },
  ] as const
) {
  Deno.test(`convolution gradients: ${x} by ${filter}, stride ${strides}, ${pad}`, async () => {
    await agree(
      [[...x], [...filter]],
      (image, kernel) =>
        tf.conv2d(image as tf.Tensor4D, kernel as tf.Tensor4D, strides as number, pad),
    );
  });
}

for (const [size, strides, pad] of [[2, 2, "valid"], [3, 2, "same"], [3, 1, "valid"]] as const) {
  Deno.test(`max pool gradient: size ${size}, stride ${strides}, ${pad}`, async () => {
    await agree([[2, 7, 6, 3]], (x) => tf.maxPool(x as tf.Tensor4D, size, strides, pad));
  });
  Deno.test(`max pool gradient of negative values: size ${size}, stride ${strides}`, async () => {
    await agree([[2, 7, 6, 3]], (x) => tf.maxPool(x.sub(3) as tf.Tensor4D, size, strides, pad));
  });
}

for (const transposeA of [false, true]) {
  for (const transposeB of [false, true]) {
    Deno.test(`matrix product gradients: transposes ${transposeA}, ${transposeB}`, async () => {
      await agree(
        [transposeA ? [2, 4, 3] : [2, 3, 4], transposeB ? [2, 5, 4] : [2, 4, 5]],
        (a, b) => tf.matMul(a, b, transposeA, transposeB),
      );
    });
  }
}

Deno.test("the kernels leave no tensor behind", async () => {
  await useWasm();
  await tf.setBackend("wasm");
  const x = tf.tensor4d(values([2, 6, 6, 2], 1), [2, 6, 6, 2]);
  const filter = tf.tensor4d(values([3, 3, 2, 2], 2), [3, 3, 2, 2]);
  const step = () =>
    tf.tidy(() => {
      tf.grads((a, b) =>
        tf.maxPool(tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, 1, "valid"), 2, 2, "valid")
      )([
        x,
        filter,
      ]);
    });
  step();
  const backend = tf.backend() as unknown as { numDataIds(): number };
  const before = backend.numDataIds();
  step();
  assert.equal(backend.numDataIds(), before);
});
