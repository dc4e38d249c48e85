import assert from "node:assert/strict";
import { UserError } from "../errors.ts";
import type { Node } from "../types.ts";
import { opOf } from "./mod.ts";
import { noPadding, requireTaps } from "./window.ts";

const window = { kernel: [2, 2], stride: [1, 1], dilation: [1, 1], padding: noPadding };

function infer(op: string, attributes: object, weightShape?: readonly number[]) {
  const size = weightShape?.reduce((product, d) => product * d, 1) ?? 0;
  const constants = weightShape === undefined ? {} : {
    weights: { shape: weightShape, data: new Float32Array(size) },
    bias: new Float32Array(weightShape[0]!),
  };
  const node: Node = {
    name: "layer",
    op,
    inputs: ["x"],
    output: "y",
    attributes,
    activation: "none",
    ...constants,
  };
  return opOf(op).infer(node, [[4, 5, 6]]);
}

Deno.test("ops with windows say the shape of their output", () => {
  assert.deepEqual(infer("conv2d", { ...window, groups: 3 }, [9, 2, 2, 2]), [3, 4, 9]);
  assert.deepEqual(infer("depthwise_conv2d", window, [12, 2, 2]), [3, 4, 12]);
  assert.deepEqual(infer("average_pool", { ...window, countPadding: false }), [3, 4, 6]);
  const transposed = { ...window, stride: [2, 2], output: [8, 10] };
  assert.deepEqual(infer("conv2d_transpose", transposed, [3, 2, 2, 6]), [8, 10, 3]);
  assert.deepEqual(infer("mean", { axes: [0, 1], keepDims: false }), [6]);
  assert.deepEqual(infer("sum", { axes: [2], keepDims: true }), [4, 5, 1]);
});

Deno.test("weights and axes that do not fit are refused with what would", () => {
  const refused = (message: RegExp, ...parts: Parameters<typeof infer>) =>
    assert.throws(() => infer(...parts), (error) => {
      assert.ok(error instanceof UserError);
      assert.match(error.message, message);
      return true;
    });
  refused(/4 groups for 6 input/, "conv2d", { ...window, groups: 4 }, [8, 2, 2, 1]);
  refused(/outputs×2×2×3/, "conv2d", { ...window, groups: 2 }, [8, 2, 2, 6]);
  refused(/a multiple of 6/, "depthwise_conv2d", window, [8, 2, 2]);
  refused(/outputs×2×2×6/, "conv2d_transpose", { ...window, output: [5, 6] }, [3, 2, 2, 5]);
  refused(/strides of 65/, "conv2d_transpose", { ...window, stride: [65, 1], output: [5, 6] }, [
    3,
    2,
    2,
    6,
  ]);
  refused(/different ones of 0 to 2/, "mean", { axes: [3], keepDims: false });
  refused(/different ones of 0 to 2/, "sum", { axes: [1, 1], keepDims: false });
  const padding = { ...noPadding, top: 2 };
  refused(/wholly in the padding/, "max_pool", { ...window, padding });
  refused(/wholly in the padding/, "average_pool", { ...window, padding, countPadding: false });
  assert.deepEqual(infer("average_pool", { ...window, padding, countPadding: true }), [5, 4, 6]);
});

Deno.test("windows with holes may miss a small image between their taps", () => {
  const holes = {
    kernel: [2, 1],
    stride: [1, 1],
    dilation: [3, 1],
    padding: { top: 2, bottom: 2, left: 0, right: 0 },
  } as const;
  // Taps at −2 and 1, at −1 and 2, at 0 and 3.
  assert.throws(() => requireTaps("layer", [1, 1, 1], [2, 1, 1], holes), UserError);
  requireTaps("layer", [3, 1, 1], [4, 1, 1], holes);
});
