import { strides } from "../codegen/loops.ts";
import { UserError } from "../errors.ts";
import { selection } from "./movement.ts";
import { formatShape } from "./op.ts";

/** Axis i of the output is axis `permutation[i]` of the input. */
export interface Transpose {
  readonly permutation: readonly number[];
}

/** Reorders the axes. */
export const transpose = selection<Transpose>({
  infer(node, inputs) {
    const { permutation } = node.attributes;
    const shape = inputs[0]!;
    const sorted = [...permutation].sort((a, b) => a - b);
    if (sorted.length !== shape.length || sorted.some((axis, i) => axis !== i)) {
      throw new UserError(
        `Layer ${node.name} transposes ${formatShape(shape)} by [${
          permutation.join(", ")
        }]; each ` +
          `dimension from 0 to ${shape.length - 1} must be in it once.`,
      );
    }
    return permutation.map((axis) => shape[axis]!);
  },

  select({ permutation }, input) {
    const steps = strides(input);
    return { start: 0, steps: permutation.map((axis) => steps[axis]!) };
  },
});
