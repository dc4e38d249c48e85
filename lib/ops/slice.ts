import { strides } from "../codegen/loops.ts";
import { UserError } from "../errors.ts";
import { selection } from "./movement.ts";
import { formatShape } from "./op.ts";

/** One entry an axis of the input. */
export interface Slice {
  /** Index of the first element taken. */
  readonly begin: readonly number[];
  /** How many are taken: the output's shape. */
  readonly size: readonly number[];
  /** Distance from one to the next; negative to go backwards, never 0. */
  readonly stride: readonly number[];
}

/** The elements of its input at regular distances along each axis. */
export const slice = selection<Slice>({
  infer(node, inputs) {
    const { begin, size, stride } = node.attributes;
    const shape = inputs[0]!;
    if ([begin, size, stride].some((list) => list.length !== shape.length)) {
      throw new UserError(
        `Layer ${node.name} slices ${formatShape(shape)} with ${begin.length} begins, ` +
          `${size.length} sizes and ${stride.length} strides; one each a dimension would be right.`,
      );
    }
    shape.forEach((length, axis) => {
      const first = begin[axis]!;
      const last = first + (size[axis]! - 1) * stride[axis]!;
      const whole = [first, last, size[axis]!].every(Number.isSafeInteger);
      const inside = whole && Math.min(first, last) >= 0 && Math.max(first, last) < length;
      if (!inside || size[axis]! < 1 || stride[axis] === 0) {
        throw new UserError(
          `Layer ${node.name} takes ${size[axis]} elements from ${first} on, ${
            stride[axis]
          } apart, ` +
            `along dimension ${axis} of ${formatShape(shape)}, which has ${length}.`,
        );
      }
    });
    return size;
  },

  select({ begin, stride }, input) {
    const steps = strides(input);
    return {
      start: steps.reduce((sum, step, axis) => sum + step * begin[axis]!, 0),
      steps: steps.map((step, axis) => step * stride[axis]!),
    };
  },
});
