import { UserError } from "../errors.ts";
import type { Shape } from "../types.ts";
import { elements, formatShape, type Op } from "./op.ts";

/** What an argmax needs to know. */
export interface Argmax {
  /** Dimension it is taken over, 0 to the number of dimensions less 1. */
  readonly axis: number;
  /** True if that dimension stays, with size 1. */
  readonly keepDims: boolean;
}

/** Codes are indices less 128. */
const MAX_CHOICES = 256;

/**
 * Index of the largest value along an axis, the first of equal ones. The output has scale 1 and zero
 * point −128: its code is the index less 128.
 */
export const argmax: Op<Argmax> = {
  quantization: { scale: 1, zeroPoint: -128 },
  // Output i lies at or before the first input that it depends on.
  inPlace: () => true,
  macs: () => 0,

  infer({ name, attributes: { axis, keepDims } }, inputs) {
    const shape = inputs[0]!;
    if (!(Number.isInteger(axis) && axis >= 0 && axis < shape.length)) {
      throw new UserError(
        `Argmax ${name} is taken over axis ${axis} of a tensor of ${formatShape(shape)}; it must ` +
          `be 0…${shape.length - 1}.`,
      );
    }
    if (shape[axis]! > MAX_CHOICES) {
      throw new UserError(
        `Argmax ${name} chooses among ${shape[axis]} values; int8 can tell ${MAX_CHOICES} apart.`,
      );
    }
    const rest = keepDims ? shape.with(axis, 1) : shape.toSpliced(axis, 1);
    return rest.length === 0 ? [1] : rest;
  },

  float({ attributes: { axis } }, { inputs }) {
    return ([x], y) => {
      eachLargest(x!, inputs[0]!, axis, (at, index) => y[at] = index);
    };
  },

  reference({ attributes: { axis } }, { inputs }) {
    return ([x], y) => {
      eachLargest(x!, inputs[0]!.shape, axis, (at, index) => y[at] = index - 128);
    };
  },

  emit({ attributes: { axis } }, { inputs }) {
    const { shape } = inputs[0]!;
    const step = elements(shape.slice(axis + 1));
    const blocks = elements(shape.slice(0, axis));
    return {
      kernels: ["argmax"],
      constants: "",
      weightBytes: 0,
      scratchBytes: 0,
      body: `intnic_argmax(x, ${blocks}, ${shape[axis]}, ${step}, y);`,
    };
  },
};

function eachLargest(
  x: Float32Array | Int8Array,
  shape: Shape,
  axis: number,
  found: (at: number, index: number) => void,
): void {
  const step = elements(shape.slice(axis + 1));
  const count = shape[axis]!;
  for (let at = 0; at < x.length / count; at++) {
    const first = Math.floor(at / step) * count * step + at % step;
    let index = 0;
    for (let i = 1; i < count; i++) if (x[first + i * step]! > x[first + index * step]!) index = i;
    found(at, index);
  }
}
