/**
 * What random TensorFlow Lite models are made of.
 *
 * @module
 */
import { elements } from "../lib/ops/op.ts";
import { samePadding } from "../lib/ops/window.ts";
import type { Shape } from "../lib/types.ts";
import { pick, whole } from "./op_graphs.ts";
import type { Random } from "./op_trials.ts";
import { type OptionField, type Quantization, TfliteWriter } from "./tflite_writer.ts";

/** SAME and VALID as files have them. */
export const PADDING = { same: 0, valid: 1 };

/** A model under construction: one value after the other. */
export class Model {
  readonly writer = new TfliteWriter();
  readonly inputs: number[] = [];

  constructor(readonly random: Random) {}

  input(shape: Shape, quantization: Quantization): number {
    const tensor = this.writer.tensor({ name: "input", type: "int8", shape, quantization });
    this.inputs.push(tensor);
    return tensor;
  }

  int8(shape: Shape, quantization: Quantization): number {
    const { random } = this;
    const low = quantization.zeroPoints.every((zero) => zero === 0) ? -127 : -128;
    const data = Int8Array.from({ length: elements(shape) }, () => whole(random, low, 127));
    return this.writer.tensor({ type: "int8", shape, quantization, data });
  }

  int32(values: readonly number[], shape: Shape = [values.length]): number {
    return this.writer.tensor({ type: "int32", shape, data: Int32Array.from(values) });
  }

  operator(
    kind: string,
    inputs: readonly number[],
    shape: Shape,
    quantization: Quantization,
    given?: { readonly union: number; readonly fields: readonly OptionField[] },
  ): number {
    const output = this.writer.tensor({ name: "output", type: "int8", shape, quantization });
    this.writer.operator({
      kind,
      inputs,
      outputs: [output],
      ...(given === undefined ? {} : { options: given }),
    });
    return output;
  }

  finish(output: number): Uint8Array {
    return this.writer.finish(this.inputs, [output]);
  }
}

export function scalar(scale: number, zeroPoint: number): Quantization {
  return { scales: [Math.fround(scale)], zeroPoints: [zeroPoint] };
}

/** Any scale over three decades, any zero point, the ends of the range more often. */
export function randomQuantization(random: Random): Quantization {
  const zeroPoint = random() < 0.3 ? pick(random, [-128, 127, 0]) : whole(random, -128, 127);
  return scalar(10 ** (3 * random() - 3), zeroPoint);
}

/** An output scale that spreads most results of a factor over the codes. */
export function fitting(random: Random, step: number, spread: number): Quantization {
  return scalar(step * spread * 10 ** (random() - 0.7), whole(random, -128, 127));
}

export function scaleOf({ scales }: Quantization): number {
  return scales[0]!;
}

/** Shape with a batch of one. */
export function batched(random: Random, rank = whole(random, 1, 3)): number[] {
  return [1, ...Array.from({ length: rank }, () => whole(random, 1, 7))];
}

export function imageShape(random: Random): [number, number, number, number] {
  return [1, whole(random, 1, 9), whole(random, 1, 9), whole(random, 1, 7)];
}

/** A window that fits the image, the fields that say so, and the size of what comes out. */
export function randomWindow(
  random: Random,
  [, height, width]: readonly number[],
  dilations: boolean,
) {
  const kernel = [whole(random, 1, 4), whole(random, 1, 4)] as const;
  const dilate = dilations && random() < 0.3;
  const stride = dilate ? [1, 1] as const : [whole(random, 1, 3), whole(random, 1, 3)] as const;
  const dilation = dilate ? [whole(random, 1, 3), whole(random, 1, 3)] as const : [1, 1] as const;
  const reach = kernel.map((size, axis) => (size - 1) * dilation[axis]! + 1);
  const same = reach[0]! > height! || reach[1]! > width! || random() < 0.5;
  const image = [height!, width!, 1];
  const padding = samePadding(image, { kernel, stride, dilation });
  const size = [height!, width!].map((length, axis) =>
    same
      ? Math.ceil(length / stride[axis]!)
      : Math.ceil((length - reach[axis]! + 1) / stride[axis]!)
  );
  return {
    kernel,
    stride,
    dilation,
    padding: same ? PADDING.same : PADDING.valid,
    size,
    pads: padding,
  };
}

export function activation(random: Random): number {
  return pick(random, [0, 0, 1, 2, 3]);
}
