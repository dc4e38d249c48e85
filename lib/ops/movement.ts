import { type Axis, rowLoops, strides } from "../codegen/loops.ts";
import type { Attributes, Node, Shape } from "../types.ts";
import { elements, type Emission, type Op } from "./op.ts";

/** Which elements of the input an output is made of. */
export interface Selection {
  /** Index in the input of the output's first element. */
  readonly start: number;
  /** Per axis of the output, distance in the input between neighbours; negative to go backwards. */
  readonly steps: readonly number[];
}

/**
 * An op whose output is a selection of its input's elements. Codes are copied as they are, in rows
 * as long as the layout allows.
 */
export function selection<A extends Attributes>(
  { infer, select }: {
    readonly infer: Op<A>["infer"];
    readonly select: (attributes: A, input: Shape) => Selection;
  },
): Op<A> {
  return {
    quantization: "same",
    inPlace: () => false,
    infer: (node, inputs) => {
      requirePlain(node);
      return infer(node, inputs);
    },
    macs: () => 0,

    float({ attributes }, { inputs, output }) {
      const indices = selectedIndices(select(attributes, inputs[0]!), output);
      return ([x], y) => copyIndexed(x!, indices, y);
    },

    reference({ attributes }, { inputs, output }) {
      const indices = selectedIndices(select(attributes, inputs[0]!.shape), output.shape);
      return ([x], y) => copyIndexed(x!, indices, y);
    },

    emit({ attributes }, { inputs, output }) {
      const { start, steps } = select(attributes, inputs[0]!.shape);
      const writes = strides(output.shape);
      const axes = output.shape.map((size, i) => ({ size, steps: [steps[i]!, writes[i]!] }));
      return {
        ...emitCopies(axes, [displaced("x", start), "y"]),
        constants: "",
        weightBytes: 0,
        scratchBytes: 0,
      };
    },
  };
}

/** For every element of the output, the index of the input's element that it is a copy of. */
export function selectedIndices({ start, steps }: Selection, output: Shape): Int32Array {
  const indices = new Int32Array(elements(output)).fill(start);
  let filled = 1;
  // Innermost first: the indices of a block are those of its first slice, shifted.
  for (let axis = output.length - 1; axis >= 0; axis--) {
    for (let i = 1; i < output[axis]!; i++) {
      for (let k = 0; k < filled; k++) indices[i * filled + k] = indices[k]! + i * steps[axis]!;
    }
    filled *= output[axis]!;
  }
  return indices;
}

/** y[i] = x[indices[i]]. */
export function copyIndexed<T extends Float32Array | Int8Array>(
  x: T,
  indices: Int32Array,
  y: T,
): void {
  for (let i = 0; i < indices.length; i++) y[i] = x[indices[i]!]!;
}

/**
 * Kernels and statements that copy along some axes: by runs where a row lies together in both
 * arrays, else byte by byte.
 */
export function emitCopies(
  axes: readonly Axis[],
  arrays: readonly [from: string, to: string],
): Pick<Emission, "kernels" | "body"> {
  let kernel = "";
  const body = rowLoops(axes, arrays, ([from, to], { size, steps: [step, toStep] }) => {
    kernel = step === 1 && toStep === 1 ? "copy" : "copy_strided";
    return kernel === "copy"
      ? `intnic_copy(${from}, ${size}, ${to});`
      : `intnic_copy_strided(${from}, ${step}, ${size}, ${to}, ${toStep});`;
  });
  return { kernels: [kernel], body };
}

/** A pointer moved by a number of elements. */
export function displaced(pointer: string, by: number): string {
  return by === 0 ? pointer : `${pointer} + ${by}`;
}

/** Passes fuse activations only into ops that compute; one that moves values would lose it. */
export function requirePlain({ name, op, activation }: Node): void {
  if (activation === "none") return;
  throw new Error(`Layer ${name} (${op}) only moves values and cannot apply ${activation}.`);
}
