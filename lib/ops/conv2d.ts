import { defineChannels, defineWeights, outputFields, requantizeKernels } from "../codegen/pack.ts";
import {
  conv2dBand,
  conv2dBand16,
  conv2dBand16Pool,
  conv2dBandPool,
} from "../kernels/conv2d_band.ts";
import { conv2dVectors } from "../kernels/conv2d_vectors.ts";
import { conv2dColumns } from "../kernels/depthwise_columns.ts";
import { conv2dPlaneLanes } from "../kernels/depthwise_lanes.ts";
import { conv2dLanes } from "../kernels/conv2d_lanes.ts";
import { conv2dPlane, conv2dPlaneMax } from "../kernels/conv2d_plane.ts";
import { conv2dPointwise } from "../kernels/conv2d_pointwise.ts";
import { conv2dPlanePool } from "../kernels/conv2d_plane_pool.ts";
import { conv2dWinograd } from "../kernels/conv2d_winograd.ts";
import { conv2dWinograd32 } from "../kernels/conv2d_winograd32.ts";
import { windowDistance } from "../codegen/overlap.ts";
import { UserError } from "../errors.ts";
import { roundingRule } from "../quantize/requant.ts";
import type { Shape } from "../types.ts";
import { activationRange } from "./activation.ts";
import { elements, formatShape, linearConstants, type Op, quantizedLinear } from "./op.ts";
import { requireImage, type Window, windowFields, windowIndices, windowOutput } from "./window.ts";

/** A window, and into how many groups of neighbouring channels inputs and outputs are divided. */
export interface Conv2d extends Window {
  /** 1 unless told; each group of outputs sees only its own group of inputs. */
  readonly groups?: number;
  /** The max pool that is computed with it, and so what its output is of; see `codegen/pools.ts`. */
  readonly pool?: { readonly name: string };
}

/**
 * Two-dimensional convolution over an NHWC image. Weights are OHWI:
 * `[outputs, kernel height, kernel width, channels / groups]`, so that each output's weights are one
 * run.
 */
export const conv2d: Op<Conv2d> = {
  quantization: "linear",
  kernels: [
    conv2dBand,
    conv2dBand16,
    conv2dBandPool,
    conv2dBand16Pool,
    conv2dPlane,
    conv2dPlaneMax,
    ...conv2dPointwise,
    conv2dWinograd,
    ...conv2dLanes,
    ...conv2dWinograd32,
    conv2dPlaneLanes,
    ...conv2dPlanePool,
    conv2dVectors,
    ...conv2dColumns,
  ],
  inPlace: () => false,

  infer(node, inputs) {
    const image = requireImage(node.name, inputs[0]);
    const { weights, bias } = linearConstants(node);
    const [kernelHeight, kernelWidth] = node.attributes.kernel;
    const [outputs, ...taps] = weights.shape;
    const { groups = 1 } = node.attributes;
    if (!Number.isInteger(groups) || image[2]! % groups !== 0 || outputs! % groups !== 0) {
      throw new UserError(
        `Convolution ${node.name} has ${groups} groups for ${image[2]} input and ${outputs} ` +
          `output channels; both must be multiples of the number of groups.`,
      );
    }
    const expected = [kernelHeight, kernelWidth, image[2]! / groups];
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
    const window = groupWindows(inputs[0]!, output, node.attributes);
    const { taps, indices } = window;
    const [low, high] = activationRange(node.activation);
    const patch = new Float64Array(taps);
    return ([x], y) => {
      for (let first = 0, at = 0; first < indices.length; first += taps) {
        for (let t = 0; t < taps; t++) patch[t] = x![indices[first + t]!] ?? 0;
        for (const end = at + window.outputs; at < end; at++) {
          const o = at % bias.length;
          let sum = bias[o]!;
          for (let t = 0; t < taps; t++) sum += patch[t]! * weights.data[o * taps + t]!;
          y[at] = Math.min(high, Math.max(low, sum));
        }
      }
    };
  },

  reference(node, { inputs, output, rounding }) {
    const { weights, bias, multiplier, shift } = quantizedLinear(node);
    const { requantize } = roundingRule(rounding);
    const [low, high] = node.clamp;
    const window = groupWindows(inputs[0]!.shape, output.shape, node.attributes);
    const { taps, indices } = window;
    const inputZero = inputs[0]!.zeroPoint;
    const patch = new Int32Array(taps);
    return ([x], y) => {
      for (let first = 0, at = 0; first < indices.length; first += taps) {
        for (let t = 0; t < taps; t++) {
          patch[t] = (x![indices[first + t]!] ?? inputZero) - inputZero;
        }
        for (const end = at + window.outputs; at < end; at++) {
          const o = at % bias.length;
          let sum = bias[o]!;
          for (let t = 0; t < taps; t++) {
            sum = (sum + Math.imul(patch[t]!, weights[o * taps + t]!)) | 0;
          }
          const q = requantize(sum, multiplier[o]!, shift[o]!) + output.zeroPoint;
          y[at] = Math.min(high, Math.max(low, q));
        }
      }
    };
  },

  emit(node, { inputs, output, rounding }, name) {
    const linear = quantizedLinear(node);
    const { kernel, padding, groups = 1 } = node.attributes;
    const { top, bottom, left, right } = padding;
    const [input] = inputs as [typeof output];
    const depth = input.shape[2]! / groups;
    const outputs = output.shape[2]! / groups;
    // A single row of the image can be multiplied where it lies;
    const gathers = kernel[0] > 1 || (kernel[1] > 1 && node.attributes.dilation[1] > 1) ||
      groups > 1 || top + bottom + left + right > 0;
    return {
      kernels: [...requantizeKernels(rounding), "dot4", "linear", "copy", "conv2d"],
      constants: defineWeights(name, linear, output.shape[2]!, groups) +
        defineChannels(name, linear, input.zeroPoint, rounding),
      weightBytes: linear.weights.length,
      scratchBytes: gathers ? kernel[0] * kernel[1] * depth : 0,
      distance: windowDistance(node.attributes, input.shape, output.shape),
      body: `static const struct intnic_conv2d layer = {
    .weights = model_weights_${name}, .channels = model_channels_${name},
${windowFields(node.attributes, input.shape, output.shape)}
    .groups = ${groups}, .group_depth = ${depth}, .group_outputs = ${outputs},
    .input_zero = ${input.zeroPoint},
    .output = ${outputFields(node, output, rounding)},
};
intnic_conv2d(&layer, x, ${gathers ? "scratch" : "0"}, y);`,
    };
  },
};

/**
 * What the groups of outputs see, pixel by pixel: for each group the indices of its window's taps,
 * past the end of the input where the window lies outside the image.
 */
function groupWindows(image: Shape, output: Shape, attributes: Conv2d) {
  const { kernel, groups = 1 } = attributes;
  const [height, width, depth] = image as [number, number, number];
  const all = windowIndices(image, output, attributes);
  const outside = height * width * depth;
  const channels = depth / groups;
  const taps = kernel[0] * kernel[1] * channels;
  if (groups === 1) return { indices: all, taps, outputs: output[2]! };
  const indices = new Int32Array(all.length);
  for (let i = 0; i < all.length; i++) {
    const group = Math.floor(i / taps) % groups;
    const tap = i % taps;
    const pixel = Math.floor(i / (taps * groups)) * kernel[0] * kernel[1] +
      Math.floor(tap / channels);
    indices[i] = all[pixel * depth + group * channels + tap % channels] ?? outside;
  }
  return { indices, taps, outputs: output[2]! / groups };
}
