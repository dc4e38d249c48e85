import { activationRange } from "./activation.ts";
import type { Op } from "./op.ts";
import { requireImage, type Window, windowOutput } from "./window.ts";

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
    return [...windowOutput(node.name, image, node.attributes), image[2]!];
  },

  macs: () => 0,

  float(node, { inputs, output }) {
    const limits = activationRange(node.activation);
    return ([x], y) => pool(x!, y, inputs[0]!, output, node.attributes, limits);
  },

  reference(node, { inputs, output }) {
    return ([x], y) => pool(x!, y, inputs[0]!.shape, output.shape, node.attributes, node.clamp);
  },

  emit(node, { inputs, output }) {
    const { kernel, stride, padding } = node.attributes;
    const [height, width, depth] = inputs[0]!.shape;
    return {
      kernels: ["minmax", "max_pool"],
      constants: "",
      weightBytes: 0,
      scratchBytes: 0,
      body: `static const struct intnic_max_pool layer = {
    .height = ${height}, .width = ${width}, .depth = ${depth},
    .kernel_height = ${kernel[0]}, .kernel_width = ${kernel[1]},
    .stride_y = ${stride[0]}, .stride_x = ${stride[1]},
    .pad_top = ${padding.top}, .pad_left = ${padding.left},
    .out_height = ${output.shape[0]}, .out_width = ${output.shape[1]},
    .low = ${node.clamp[0]}, .high = ${node.clamp[1]},
};
intnic_max_pool(&layer, x, y);`,
    };
  },
};

function pool<T extends Float32Array | Int8Array>(
  x: T,
  y: T,
  image: readonly number[],
  output: readonly number[],
  { kernel, stride, padding }: Window,
  [low, high]: readonly [number, number],
): void {
  const [height, width, depth] = image as [number, number, number];
  for (let oy = 0, at = 0; oy < output[0]!; oy++) {
    const top = oy * stride[0] - padding.top;
    for (let ox = 0; ox < output[1]!; ox++) {
      const left = ox * stride[1] - padding.left;
      for (let c = 0; c < depth; c++, at++) {
        let most = low;
        for (let iy = Math.max(0, top); iy < Math.min(height, top + kernel[0]); iy++) {
          for (let ix = Math.max(0, left); ix < Math.min(width, left + kernel[1]); ix++) {
            most = Math.max(most, x[(iy * width + ix) * depth + c]!);
          }
        }
        y[at] = Math.min(high, most);
      }
    }
  }
}
