import { elements, type Op } from "./op.ts";

/**
 * Rectified linear unit, max(0, x). Usually fused into the op before it; it stands alone only where
 * there is nothing to fuse it into, such as on the network's input.
 */
export const relu: Op = {
  quantization: "same",
  inPlace: () => true,
  infer: (_node, inputs) => inputs[0]!,
  macs: () => 0,

  float: () => ([x], y) => {
    for (let i = 0; i < y.length; i++) y[i] = Math.max(0, x![i]!);
  },

  reference: (_node, { inputs }) => ([x], y) => {
    const zero = inputs[0]!.zeroPoint;
    for (let i = 0; i < y.length; i++) y[i] = Math.max(zero, x![i]!);
  },

  emit: (_node, { inputs, output }) => ({
    kernels: ["minmax", "relu"],
    constants: "",
    weightBytes: 0,
    scratchBytes: 0,
    body: `intnic_relu(x, ${elements(output.shape)}, ${inputs[0]!.zeroPoint}, y);`,
  }),
};
