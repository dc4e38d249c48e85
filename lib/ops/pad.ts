import { strides } from "../codegen/loops.ts";
import { UserError } from "../errors.ts";
import type { Encoding, Shape } from "../types.ts";
import { copyIndexed, displaced, emitCopies, requirePlain, selectedIndices } from "./movement.ts";
import { elements, formatShape, type Op } from "./op.ts";

/** One entry an axis. */
export interface Pad {
  /** Elements added before the first, 0 or more. */
  readonly before: readonly number[];
  /** Elements added behind the last, 0 or more. */
  readonly after: readonly number[];
  /** What they hold; in codes, the nearest that the input's scale and zero point can express. */
  readonly value: number;
}

/** Adds elements of one value around the input. */
export const pad: Op<Pad> = {
  quantization: "same",
  inPlace: () => false,

  infer(node, inputs) {
    requirePlain(node);
    const { before, after, value } = node.attributes;
    const shape = inputs[0]!;
    const sound = [before, after].every((list) =>
      list.length === shape.length && list.every((n) => Number.isSafeInteger(n) && n >= 0)
    );
    if (!sound || Number.isNaN(value)) {
      throw new UserError(
        `Layer ${node.name} pads ${formatShape(shape)} by [${before.join(", ")}] before and ` +
          `[${after.join(", ")}] after with ${value}; a whole number of at least 0 for each ` +
          `dimension, and a value, would be right.`,
      );
    }
    return shape.map((size, axis) => before[axis]! + size + after[axis]!);
  },

  macs: () => 0,

  float({ attributes }, { inputs, output }) {
    const indices = sourceIndices(attributes, inputs[0]!, output);
    const { value } = attributes;
    return ([x], y) => {
      copyIndexed(x!, indices, y);
      indices.forEach((index, i) => index < 0 ? y[i] = value : 0);
    };
  },

  reference({ attributes }, { inputs, output }) {
    const indices = sourceIndices(attributes, inputs[0]!.shape, output.shape);
    const code = codeOf(attributes.value, output);
    return ([x], y) => {
      copyIndexed(x!, indices, y);
      indices.forEach((index, i) => index < 0 ? y[i] = code : 0);
    };
  },

  emit({ attributes }, { inputs, output }) {
    const { shape } = inputs[0]!;
    const reads = strides(shape);
    const writes = strides(output.shape);
    const axes = shape.map((size, i) => ({ size, steps: [reads[i]!, writes[i]!] }));
    const { kernels, body } = emitCopies(axes, [
      "x",
      displaced("y", firstIndex(attributes, writes)),
    ]);
    const code = codeOf(attributes.value, output);
    return {
      kernels: ["fill", ...kernels],
      constants: "",
      weightBytes: 0,
      scratchBytes: 0,
      body: `intnic_fill(${code}, ${elements(output.shape)}, y);\n${body}`,
    };
  },
};

/** Where in the output the input's first element goes. */
function firstIndex({ before }: Pad, writes: readonly number[]): number {
  return before.reduce((sum, count, axis) => sum + count * writes[axis]!, 0);
}

/** For every element of the output, the index of the input's; −1 where it is padding. */
function sourceIndices(attributes: Pad, input: Shape, output: Shape): Int32Array {
  const writes = strides(output);
  const inside = selectedIndices({ start: firstIndex(attributes, writes), steps: writes }, input);
  const indices = new Int32Array(elements(output)).fill(-1);
  inside.forEach((at, i) => indices[at] = i);
  return indices;
}

function codeOf(value: number, { scale, zeroPoint }: Encoding): number {
  return Math.min(127, Math.max(-128, Math.round(value / scale) + zeroPoint));
}
