import { defineChannels, defineWeights, outputFields, requantizeKernels } from "../codegen/pack.ts";
import { denseDirect, denseLong, densePair, denseWide } from "../kernels/dense_wide.ts";
import { denseLanes } from "../kernels/dense_lanes.ts";
import { denseBytes } from "../kernels/dense_bytes.ts";
import { denseBytes8 } from "../kernels/dense_bytes8.ts";
import { denseVectors } from "../kernels/dense_vectors.ts";
import { UserError } from "../errors.ts";
import { roundingRule } from "../quantize/requant.ts";
import { activationRange } from "./activation.ts";
import { elements, formatShape, linearConstants, type Op, quantizedLinear } from "./op.ts";

/**
 * Fully connected layer over all elements of its input, whatever their shape, in row-major order.
 * Weights are `[outputs, inputs]`.
 */
export const dense: Op = {
  quantization: "linear",
  kernels: [
    denseWide,
    denseLong,
    denseDirect,
    densePair,
    denseBytes,
    denseBytes8,
    ...denseLanes,
    denseVectors,
  ],
  inPlace: () => false,

  infer(node, inputs) {
    const { weights, bias } = linearConstants(node);
    const [outputs, features] = weights.shape;
    if (
      weights.shape.length !== 2 || features !== elements(inputs[0]!) || bias.length !== outputs
    ) {
      throw new UserError(
        `Dense layer ${node.name} has weights of ${formatShape(weights.shape)} and ` +
          `${bias.length} biases; its input of ${formatShape(inputs[0]!)} asks for ` +
          `outputs×${elements(inputs[0]!)} and one bias an output.`,
      );
    }
    return [outputs!];
  },

  macs: (node) => elements(linearConstants(node).weights.shape),

  float(node, { inputs, output }) {
    const { weights, bias } = linearConstants(node);
    const features = elements(inputs[0]!);
    const [low, high] = activationRange(node.activation);
    return ([x], y) => {
      for (let o = 0; o < output[0]!; o++) {
        let sum = bias[o]!;
        for (let i = 0; i < features; i++) sum += x![i]! * weights.data[o * features + i]!;
        y[o] = Math.min(high, Math.max(low, sum));
      }
    };
  },

  reference(node, { inputs, output, rounding }) {
    const { weights, bias, multiplier, shift } = quantizedLinear(node);
    const { requantize } = roundingRule(rounding);
    const [low, high] = node.clamp;
    const features = elements(inputs[0]!.shape);
    const inputZero = inputs[0]!.zeroPoint;
    return ([x], y) => {
      for (let o = 0; o < output.shape[0]!; o++) {
        let sum = bias[o]!;
        for (let i = 0; i < features; i++) {
          sum = (sum + Math.imul(x![i]! - inputZero, weights[o * features + i]!)) | 0;
        }
        const q = requantize(sum, multiplier[o]!, shift[o]!) + output.zeroPoint;
        y[o] = Math.min(high, Math.max(low, q));
      }
    };
  },

  emit(node, { inputs, output, rounding }, name) {
    const linear = quantizedLinear(node);
    const outputs = output.shape[0]!;
    return {
      kernels: [...requantizeKernels(rounding), "dot4", "linear"],
      constants: defineWeights(name, linear, outputs) +
        defineChannels(name, linear, inputs[0]!.zeroPoint, rounding),
      weightBytes: linear.weights.length,
      scratchBytes: 0,
      body: `static const struct intnic_output output = ${outputFields(node, output, rounding)};
intnic_linear(x, ${
        elements(inputs[0]!.shape)
      }, model_weights_${name}, model_channels_${name}, ${outputs}, &output, y);`,
    };
  },
};
