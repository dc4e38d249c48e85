import { UserError } from "../errors.ts";
import type { FloatTensor, Node } from "../types.ts";
import { activationRange } from "./activation.ts";
import { elements, formatShape, type Op } from "./op.ts";

/** What is added to the variance so that nothing is divided by zero. */
export interface BatchNorm {
  readonly epsilon: number;
}

/**
 * Normalization with the statistics of training over the last dimension:
 * gamma · (x − mean) / √(variance + epsilon) + beta, the four being `Node.parameters` with one value a
 * channel. It exists in float graphs only: the pass `fold_batch_norm` makes it part of a neighbour.
 */
export const batchNorm: Op<BatchNorm> = {
  quantization: "range",
  inPlace: () => true,

  infer(node, inputs) {
    const channels = inputs[0]!.at(-1)!;
    for (const { shape } of Object.values(statistics(node))) {
      if (elements(shape) !== channels) {
        throw new UserError(
          `Layer ${node.name} normalizes ${formatShape(inputs[0]!)} with statistics of ` +
            `${formatShape(shape)}; it needs one value for each of ${channels} channels.`,
        );
      }
    }
    return inputs[0]!;
  },

  macs: (_node, { output }) => elements(output),

  float(node) {
    const { scale, shift } = channelAffine(node);
    const [low, high] = activationRange(node.activation);
    return ([x], y) => {
      for (let i = 0; i < y.length; i++) {
        const c = i % scale.length;
        y[i] = Math.min(high, Math.max(low, x![i]! * scale[c]! + shift[c]!));
      }
    };
  },

  reference: (node) => unfolded(node),
  emit: (node) => unfolded(node),
};

function unfolded(node: { readonly name: string }): never {
  throw new Error(`The batch normalization ${node.name} was not folded.`);
}

function statistics(node: Node) {
  const read = (name: string): FloatTensor => {
    const tensor = node.parameters?.get(name);
    if (tensor === undefined) {
      throw new UserError(`Layer ${node.name} normalizes without its ${name}.`);
    }
    return tensor;
  };
  return {
    gamma: read("gamma"),
    beta: read("beta"),
    mean: read("mean"),
    variance: read("variance"),
  };
}

/**
 * The factor and addend of each channel that normalization comes to.
 * @throws {UserError} if a variance is negative
 */
export function channelAffine(node: Node<BatchNorm>): { scale: Float64Array; shift: Float64Array } {
  const { gamma, beta, mean, variance } = statistics(node);
  const scale = Float64Array.from(gamma.data, (factor, c) => {
    const square = variance.data[c]! + node.attributes.epsilon;
    if (square > 0) return factor / Math.sqrt(square);
    throw new UserError(
      `Layer ${node.name} has a variance of ${variance.data[c]} in channel ${c}; with epsilon ` +
        `${node.attributes.epsilon} it must be positive.`,
    );
  });
  const shift = Float64Array.from(beta.data, (b, c) => b - mean.data[c]! * scale[c]!);
  return { scale, shift };
}
