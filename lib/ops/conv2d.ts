import { defineChannels, defineWeights } from "../codegen/pack.ts";
import { UserError } from "../errors.ts";
import { requantize } from "../quantize/requant.ts";
import { elements, formatShape, linearConstants, type Op, quantizedLinear } from "./op.ts";
import { requireImage, type Window, windowOutput } from "./window.ts";

/**
 * Two-dimensional convolution over an NHWC image, one group. Weights are OHWI:
 * `[outputs, kernel height, kernel width, channels]`, so that each output's weights are one run.
 */
export const conv2d: Op<Window> = {
  quantization: "linear",
  inPlace: () => false,

  infer(node, inputs) {
    const image = requireImage(node.name, inputs[0]);
    const { weights, bias } = linearConstants(node);
    const [kernelHeight, kernelWidth] = node.attributes.kernel;
    const [outputs, ...taps] = weights.shape;
    const expected = [kernelHeight, kernelWidth, image[2]!];
    if (formatShape(taps) !== formatShape(expected) || bias.length !== outputs) {
      throw new UserError(
        `Convolution ${node.name} has weights of ${
          formatShape(weights.shape)
        } and ${bias.length} ` +
          `biases; its input of ${formatShape(image)} asks for outputs×${formatShape(expected)} ` +
          `and one bias an output.`,
      );
    }
    return [...windowOutput(node.name, image, node.attributes), outputs!];
  },

  macs(node, { output }) {
    const { weights } = linearConstants(node);
    return output[0]! * output[1]! * elements(weights.shape);
  },

  float(node, { inputs, output }) {
    const { weights, bias } = linearConstants(node);
    const visit = windowVisitor(inputs[0]!, output, node.attributes);
    const depth = inputs[0]![2]!;
    const outputs = output[2]!;
    const taps = elements(weights.shape) / outputs;
    const floor = node.activation === "relu" ? 0 : -Infinity;
    const sums = new Float64Array(outputs);
    return ([x], y) => {
      visit(
        () => sums.set(bias),
        (at, tap, run) => {
          for (let o = 0; o < outputs; o++) {
            const row = o * taps + tap * depth;
            let sum = sums[o]!;
            for (let i = 0; i < run * depth; i++) sum += x![at + i]! * weights.data[row + i]!;
            sums[o] = sum;
          }
        },
        (pixel) => {
          for (let o = 0; o < outputs; o++) y[pixel * outputs + o] = Math.max(floor, sums[o]!);
        },
      );
    };
  },

  reference(node, { inputs, output }) {
    const { weights, bias, multiplier, shift } = quantizedLinear(node);
    const [low, high] = node.clamp;
    const visit = windowVisitor(inputs[0]!.shape, output.shape, node.attributes);
    const depth = inputs[0]!.shape[2]!;
    const inputZero = inputs[0]!.zeroPoint;
    const outputs = output.shape[2]!;
    const taps = weights.length / outputs;
    const sums = new Int32Array(outputs);
    return ([x], y) => {
      visit(
        () => sums.set(bias),
        (at, tap, run) => {
          for (let o = 0; o < outputs; o++) {
            const row = o * taps + tap * depth;
            let sum = sums[o]!;
            for (let i = 0; i < run * depth; i++) {
              sum = (sum + Math.imul(x![at + i]! - inputZero, weights[row + i]!)) | 0;
            }
            sums[o] = sum;
          }
        },
        (pixel) => {
          for (let o = 0; o < outputs; o++) {
            const q = requantize(sums[o]!, multiplier[o]!, shift[o]!) + output.zeroPoint;
            y[pixel * outputs + o] = Math.min(high, Math.max(low, q));
          }
        },
      );
    };
  },

  emit(node, { inputs, output }, name) {
    const linear = quantizedLinear(node);
    const { kernel, stride, dilation, padding } = node.attributes;
    const [height, width, depth] = inputs[0]!.shape;
    return {
      kernels: ["minmax", "mul_high", "requantize", "dot4", "linear", "conv2d"],
      constants: defineWeights(name, linear, output.shape[2]!) +
        defineChannels(name, linear, inputs[0]!.zeroPoint),
      weightBytes: linear.weights.length,
      scratchBytes: kernel[0] * kernel[1] * depth!,
      body: `static const struct intnic_conv2d layer = {
    .weights = ${name}_weights, .channels = ${name}_channels,
    .height = ${height}, .width = ${width}, .depth = ${depth},
    .kernel_height = ${kernel[0]}, .kernel_width = ${kernel[1]},
    .stride_y = ${stride[0]}, .stride_x = ${stride[1]},
    .dilation_y = ${dilation[0]}, .dilation_x = ${dilation[1]},
    .pad_top = ${padding.top}, .pad_left = ${padding.left},
    .out_height = ${output.shape[0]}, .out_width = ${output.shape[1]},
    .outputs = ${output.shape[2]},
    .input_zero = ${inputs[0]!.zeroPoint},
    .output = { .zero = ${output.zeroPoint}, .low = ${node.clamp[0]}, .high = ${node.clamp[1]} },
};
intnic_conv2d(&layer, x, scratch, y);`,
    };
  },
};

/**
 * Walks the output pixels in order. For each: `begin`, then `row` for every run of window columns
 * inside the image (index of the first input element, first tap, number of columns), then `end`.
 * Taps outside the image stand for zero and are left out.
 */
function windowVisitor(image: readonly number[], output: readonly number[], window: Window) {
  const [height, width, depth] = image as [number, number, number];
  const { kernel, stride, dilation, padding } = window;
  return (
    begin: () => void,
    row: (at: number, tap: number, columns: number) => void,
    end: (pixel: number) => void,
  ) => {
    for (let oy = 0, pixel = 0; oy < output[0]!; oy++) {
      for (let ox = 0; ox < output[1]!; ox++, pixel++) {
        begin();
        const left = ox * stride[1] - padding.left;
        for (let ky = 0; ky < kernel[0]; ky++) {
          const iy = oy * stride[0] - padding.top + ky * dilation[0];
          if (iy < 0 || iy >= height) continue;
          if (dilation[1] === 1) {
            const first = Math.max(0, -left);
            const columns = Math.min(kernel[1], width - left) - first;
            if (columns > 0) {
              row((iy * width + left + first) * depth, ky * kernel[1] + first, columns);
            }
          } else {
            for (let kx = 0; kx < kernel[1]; kx++) {
              const ix = left + kx * dilation[1];
              if (ix >= 0 && ix < width) row((iy * width + ix) * depth, ky * kernel[1] + kx, 1);
            }
          }
        }
        end(pixel);
      }
    }
  };
}
