import { depthwiseColumns } from "../kernels/depthwise_columns.ts";
import { depthwiseLanes } from "../kernels/depthwise_lanes.ts";
import { depthwise3x3, depthwise3x3Few } from "../kernels/depthwise_3x3.ts";
import { depthwiseVectors } from "../kernels/depthwise_vectors.ts";
import { defineChannels, outputFields, requantizeKernels } from "../codegen/pack.ts";
import { formatList } from "../codegen/literals.ts";
import { windowDistance } from "../codegen/overlap.ts";
import { UserError } from "../errors.ts";
import { roundingRule } from "../quantize/requant.ts";
import { activationRange } from "./activation.ts";
import { elements, formatShape, linearConstants, type Op, quantizedLinear } from "./op.ts";
import { requireImage, type Window, windowFields, windowIndices, windowOutput } from "./window.ts";

/**
 * Convolution of each channel of an NHWC image with filters of its own. Weights are
 * `[outputs, kernel height, kernel width]`, outputs a multiple of the channels: output o reads input
 * channel floor(o / multiplier).
 */
export const depthwiseConv2d: Op<Window> = {
  quantization: "linear",
  kernels: [...depthwiseColumns, depthwiseLanes, depthwise3x3, depthwise3x3Few, depthwiseVectors],
  inPlace: () => false,

  infer(node, inputs) {
    const image = requireImage(node.name, inputs[0]);
    const { weights, bias } = linearConstants(node);
    const [outputs, ...taps] = weights.shape;
    const depth = image[2]!;
    if (
      formatShape(taps) !== formatShape(node.attributes.kernel) || outputs! % depth !== 0 ||
      bias.length !== outputs
    ) {
      throw new UserError(
        `Depthwise convolution ${node.name} has weights of ${formatShape(weights.shape)} and ` +
          `${bias.length} biases; its input of ${formatShape(image)} asks for ` +
          `outputs×${formatShape(node.attributes.kernel)}, the outputs a multiple of ${depth}, ` +
          `and one bias an output.`,
      );
    }
    return [...windowOutput(node.name, image, node.attributes), outputs!];
  },

  macs(node, { output }) {
    const [height, width] = node.attributes.kernel;
    return elements(output) * height * width;
  },

  float(node, { inputs, output }) {
    const { weights, bias } = linearConstants(node);
    const tap = channelTaps(inputs[0]!, output, node.attributes);
    const taps = elements(node.attributes.kernel);
    const outputs = output[2]!;
    const [low, high] = activationRange(node.activation);
    return ([x], y) => {
      for (let at = 0; at < y.length; at++) {
        const o = at % outputs;
        let sum = bias[o]!;
        for (let t = 0; t < taps; t++) sum += (x![tap(at, t)] ?? 0) * weights.data[o * taps + t]!;
        y[at] = Math.min(high, Math.max(low, sum));
      }
    };
  },

  reference(node, { inputs, output, rounding }) {
    const { weights, bias, multiplier, shift } = quantizedLinear(node);
    const { requantize } = roundingRule(rounding);
    const [low, high] = node.clamp;
    const tap = channelTaps(inputs[0]!.shape, output.shape, node.attributes);
    const taps = elements(node.attributes.kernel);
    const outputs = output.shape[2]!;
    const inputZero = inputs[0]!.zeroPoint;
    return ([x], y) => {
      for (let at = 0; at < y.length; at++) {
        const o = at % outputs;
        let sum = bias[o]!;
        for (let t = 0; t < taps; t++) {
          const value = (x![tap(at, t)] ?? inputZero) - inputZero;
          sum = (sum + Math.imul(value, weights[o * taps + t]!)) | 0;
        }
        const q = requantize(sum, multiplier[o]!, shift[o]!) + output.zeroPoint;
        y[at] = Math.min(high, Math.max(low, q));
      }
    };
  },

  emit(node, { inputs, output, rounding }, name) {
    const linear = quantizedLinear(node);
    const [input] = inputs as [typeof output];
    const depth = input.shape[2]!;
    const outputs = output.shape[2]!;
    const taps = linear.weights.length / outputs;
    // The kernel walks along channels, so the channels of one tap lie side by side.
    const weights = Array.from(
      linear.weights,
      (_, i) => linear.weights[(i % outputs) * taps + Math.floor(i / outputs)]!,
    );
    return {
      kernels: [...requantizeKernels(rounding), "window", "depthwise_conv2d"],
      constants:
        `static const int8_t model_weights_${name}[${weights.length}] = {\n${
          formatList(weights)
        }\n};\n` + defineChannels(name, linear, 0, rounding),
      weightBytes: linear.weights.length,
      scratchBytes: 0,
      distance: windowDistance(node.attributes, input.shape, output.shape),
      body: `static const struct intnic_depthwise_conv2d layer = {
    .weights = model_weights_${name}, .channels = model_channels_${name},
${windowFields(node.attributes, input.shape, output.shape)}
    .multiplier = ${outputs / depth},
    .input_zero = ${input.zeroPoint},
    .output = ${outputFields(node, output, rounding)},
};
intnic_depthwise_conv2d(&layer, x, y);`,
    };
  },
};

/**
 * Where output element `at` finds what its tap `t` sees; past the end of the input if outside the
 * image.
 */
function channelTaps(image: readonly number[], output: readonly number[], window: Window) {
  const [height, width, depth] = image as [number, number, number];
  const outputs = output[2]!;
  const taps = elements(window.kernel);
  const pixels = windowIndices([height, width, 1], output, window);
  const outside = height * width;
  return (at: number, t: number) => {
    const pixel = pixels[Math.floor(at / outputs) * taps + t]!;
    const channel = Math.floor((at % outputs) * depth / outputs);
    return pixel === outside ? outside * depth : pixel * depth + channel;
  };
}
