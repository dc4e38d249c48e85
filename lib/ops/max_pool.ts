import type { Shape } from "../types.ts";
import { activationRange } from "./activation.ts";
import type { Op } from "./op.ts";
import {
  requireImage,
  requireTaps,
  spans,
  type Window,
  windowFields,
  windowOutput,
} from "./window.ts";

/**
 * Largest value of each window, channel by channel. Taps outside the image take no part. The order
 * of real values is the order of their int8 codes, so the output keeps the input's scale.
 */
export const maxPool: Op<Window> = {
  quantization: "same",
  // Output i lies at or before the first input of window i, unless padding makes windows look back.
  inPlace: ({ attributes: { padding } }) => padding.top === 0 && padding.left === 0,

  infer(node, inputs) {
    const image = requireImage(node.name, inputs[0]);
    const output = windowOutput(node.name, image, node.attributes);
    requireTaps(node.name, image, output, node.attributes);
    return [...output, image[2]!];
  },

  macs: () => 0,

  float(node, { inputs, output }) {
    const limits = activationRange(node.activation);
    return pool<Float32Array>(inputs[0]!, output, node.attributes, limits);
  },

  reference(node, { inputs, output }) {
    return pool<Int8Array>(inputs[0]!.shape, output.shape, node.attributes, node.clamp);
  },

  emit(node, { inputs, output }) {
    return {
      kernels: ["minmax", "window", "max_window", "max_pool"],
      constants: "",
      weightBytes: 0,
      scratchBytes: 0,
      body: `static const struct intnic_max_pool layer = {
${windowFields(node.attributes, inputs[0]!.shape, output.shape)}
    .low = ${node.clamp[0]}, .high = ${node.clamp[1]},
};
intnic_max_pool(&layer, x, y);`,
    };
  },
};

function pool<T extends Float32Array | Int8Array>(
  image: Shape,
  output: Shape,
  window: Window,
  [low, high]: readonly [number, number],
): (inputs: readonly T[], y: T) => void {
  const [, width, depth] = image as [number, number, number];
  const [rows, columns] = spans(image, output, window);
  return ([x], y) => {
    let at = 0;
    for (const row of rows) {
      for (const column of columns) {
        for (let c = 0; c < depth; c++) {
          let most = low;
          for (const iy of row) {
            for (const ix of column) most = Math.max(most, x![(iy * width + ix) * depth + c]!);
          }
          y[at++] = Math.min(high, most);
        }
      }
    }
  };
}
