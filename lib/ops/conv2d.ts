import { defineChannels, defineWeights, outputFields, requantizeKernels } from "../codegen/pack.ts";
import { UserError } from "../errors.ts";
import { roundingRule } from "../quantize/requant.ts";
import { activationRange } from "./activation.ts";
import { elements, formatShape, linearConstants, type Op, quantizedLinear } from "./op.ts";
import { requireImage, type Window, windowIndices, windowOutput } from "./window.ts";

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
    const indices = windowIndices(inputs[0]!, output, node.attributes);
    const outputs = output[2]!;
    const taps = elements(weights.shape) / outputs;
    const [low, high] = activationRange(node.activation);
    const patch = new Float64Array(taps);
    return ([x], y) => {
      for (let first = 0, at = 0; first < indices.length; first += taps) {
        for (let t = 0; t < taps; t++) patch[t] = x![indices[first + t]!] ?? 0;
        for (let o = 0; o < outputs; o++) {
          let sum = bias[o]!;
          for (let t = 0; t < taps; t++) sum += patch[t]! * weights.data[o * taps + t]!;
          y[at++] = Math.min(high, Math.max(low, sum));
        }
      }
    };
  },

  reference(node, { inputs, output, rounding }) {
    const { weights, bias, multiplier, shift } = quantizedLinear(node);
    const { requantize } = roundingRule(rounding);
    const [low, high] = node.clamp;
    const indices = windowIndices(inputs[0]!.shape, output.shape, node.attributes);
    const inputZero = inputs[0]!.zeroPoint;
    const outputs = output.shape[2]!;
    const taps = weights.length / outputs;
    const patch = new Int32Array(taps);
    return ([x], y) => {
      for (let first = 0, at = 0; first < indices.length; first += taps) {
        for (let t = 0; t < taps; t++) {
          patch[t] = (x![indices[first + t]!] ?? inputZero) - inputZero;
        }
        for (let o = 0; o < outputs; o++) {
          let sum = bias[o]!;
          for (let t = 0; t < taps; t++) {
            sum = (sum + Math.imul(patch[t]!, weights[o * taps + t]!)) | 0;
          }
          const q = requantize(sum, multiplier[o]!, shift[o]!) + output.zeroPoint;
          y[at++] = Math.min(high, Math.max(low, q));
        }
      }
    };
  },

  emit(node, { inputs, output, rounding }, name) {
    const linear = quantizedLinear(node);
    const { kernel, stride, dilation, padding } = node.attributes;
    const [height, width, depth] = inputs[0]!.shape;
    return {
      kernels: [...requantizeKernels(rounding), "linear", "conv2d"],
      constants: defineWeights(name, linear, output.shape[2]!) +
        defineChannels(name, linear, inputs[0]!.zeroPoint, rounding),
      weightBytes: linear.weights.length,
      scratchBytes: kernel[0] * kernel[1] * depth!,
      body: `static const struct intnic_conv2d layer = {
    .weights = model_weights_${name}, .channels = model_channels_${name},
    .height = ${height}, .width = ${width}, .depth = ${depth},
    .kernel_height = ${kernel[0]}, .kernel_width = ${kernel[1]},
    .stride_y = ${stride[0]}, .stride_x = ${stride[1]},
    .dilation_y = ${dilation[0]}, .dilation_x = ${dilation[1]},
    .pad_top = ${padding.top}, .pad_left = ${padding.left},
    .out_height = ${output.shape[0]}, .out_width = ${output.shape[1]},
    .outputs = ${output.shape[2]},
    .input_zero = ${inputs[0]!.zeroPoint},
    .output = ${outputFields(node, output, rounding)},
};
intnic_conv2d(&layer, x, scratch, y);`,
    };
  },
};
