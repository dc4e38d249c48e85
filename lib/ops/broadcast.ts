import { type Axis, strides } from "../codegen/loops.ts";
import { UserError } from "../errors.ts";
import type { Node, Shape } from "../types.ts";
import { selectedIndices } from "./movement.ts";
import { formatShape } from "./op.ts";

/**
 * The shape of an op on two tensors by numpy's rule: shapes are aligned at their last dimensions,
 * and a dimension of 1, or one that is not there, repeats.
 *
 * @throws {UserError} if there are not two inputs or their shapes do not fit
 */
export function broadcastShape(node: Node, inputs: readonly Shape[]): Shape {
  const [a, b] = inputs;
  if (a === undefined || b === undefined || inputs.length !== 2) {
    throw new UserError(
      `Layer ${node.name} (${node.op}) reads ${inputs.length} tensors; it takes two.`,
    );
  }
  const rank = Math.max(a.length, b.length);
  const [left, right] = [padded(a, rank), padded(b, rank)];
  return left.map((size, axis) => {
    const other = right[axis]!;
    if (size !== other && size !== 1 && other !== 1) {
      throw new UserError(
        `Layer ${node.name} (${node.op}) combines ${node.inputs[0]} of ${formatShape(a)} with ` +
          `${node.inputs[1]} of ${
            formatShape(b)
          }; aligned at the last, every two dimensions must ` +
          `be equal or one of them 1.`,
      );
    }
    return Math.max(size, other);
  });
}

/** For every element of the output, the index of the input's element that is combined there. */
export function broadcastIndices(input: Shape, output: Shape): Int32Array {
  return selectedIndices({ start: 0, steps: broadcastSteps(input, output) }, output);
}

/** The loops over an output, with the steps of each input and of the output itself. */
export function broadcastAxes(inputs: readonly Shape[], output: Shape): Axis[] {
  const steps = [...inputs, output].map((shape) => broadcastSteps(shape, output));
  return output.map((size, axis) => ({ size, steps: steps.map((of) => of[axis]!) }));
}

/** Distance in the input between neighbours along each axis of the output; 0 where it repeats. */
function broadcastSteps(input: Shape, output: Shape): number[] {
  const shape = padded(input, output.length);
  return strides(shape).map((step, axis) => shape[axis] === 1 ? 0 : step);
}

function padded(shape: Shape, rank: number): Shape {
  return [...Array<number>(rank - shape.length).fill(1), ...shape];
}
