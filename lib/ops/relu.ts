import { clip } from "./clip.ts";
import { sameEncoding } from "./recode.ts";
import { elements, type Op, type QuantizedContext } from "./op.ts";
import type { QuantizedNode } from "../types.ts";

/**
 * Rectified linear unit, max(0, x). Usually fused into the op before it; it stands alone only where
 * there is nothing to fuse it into, such as on the network's input. The output keeps the input's
 * scale, in which it is exact, unless the model brings another.
 */
export const relu: Op = {
  quantization: "follow",
  inPlace: () => true,
  infer: (_node, inputs) => inputs[0]!,
  macs: () => 0,

  float: () => ([x], y) => {
    for (let i = 0; i < y.length; i++) y[i] = Math.max(0, x![i]!);
  },

  reference(node, context) {
    if (requantizes(context)) return clip.reference(asClip(node), context);
    const zero = context.output.zeroPoint;
    return ([x], y) => {
      for (let i = 0; i < y.length; i++) y[i] = Math.max(zero, x![i]!);
    };
  },

  emit(node, context, name) {
    if (requantizes(context)) return clip.emit!(asClip(node), context, name);
    const { shape, zeroPoint } = context.output;
    return {
      kernels: ["minmax", "relu"],
      constants: "",
      weightBytes: 0,
      scratchBytes: 0,
      body: `intnic_relu(x, ${elements(shape)}, ${zeroPoint}, y);`,
    };
  },
};

function requantizes({ inputs, output }: QuantizedContext): boolean {
  return !sameEncoding(inputs[0]!, output);
}

function asClip(node: QuantizedNode) {
  return { ...node, attributes: { low: 0, high: Infinity } };
}
