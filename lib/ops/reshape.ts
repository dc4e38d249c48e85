import { UserError } from "../errors.ts";
import type { Shape } from "../types.ts";
import { elements, formatShape, type Op } from "./op.ts";

/** Reads the same row-major elements as another shape; flattening is one such. Costs nothing. */
export const reshape: Op<{ readonly shape: Shape }> = {
  quantization: "same",
  inPlace: () => true,

  infer(node, inputs) {
    const { shape } = node.attributes;
    if (elements(shape) !== elements(inputs[0]!)) {
      throw new UserError(
        `Layer ${node.name} reshapes ${formatShape(inputs[0]!)} to ${formatShape(shape)}, which ` +
          `has ${elements(shape)} elements instead of ${elements(inputs[0]!)}.`,
      );
    }
    return shape;
  },

  macs: () => 0,
  float: () => ([x], y) => y.set(x!),
  reference: () => ([x], y) => y.set(x!),
};
