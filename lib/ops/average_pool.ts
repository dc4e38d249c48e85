import { UserError } from "../errors.ts";
import { divideRounded, divisorOf, MAX_COUNT } from "../quantize/divide.ts";
import type { Shape } from "../types.ts";
import { activationRange } from "./activation.ts";
import { elements, formatShape, type Op } from "./op.ts";
import {
  requireImage,
  requireTaps,
  spans,
  type Window,
  windowFields,
  windowOutput,
} from "./window.ts";

/** A window, and what its taps outside the image count for. */
export interface AveragePool extends Window {
  /** True: they are zeros among the values averaged. False: they are left out. */
  readonly countPadding: boolean;
}

/**
 * Average of each window, channel by channel. The codes are summed and divided by how many there
 * are, half away from zero, as TensorFlow Lite's reference kernel does by either rounding rule; so
 * the output keeps the input's scale.
 */
export const averagePool: Op<AveragePool> = {
  quantization: "same",

  // Output i lies at or before the first input of window i, unless padding makes windows look back
  // or adds some to a row.
  inPlace({ attributes: { padding } }, { inputs, output }) {
    const [height, width] = inputs[0]!.shape;
    return padding.top === 0 && padding.left === 0 && output.shape[0]! <= height! &&
      output.shape[1]! <= width!;
  },

  infer(node, inputs) {
    const { attributes } = node;
    const image = requireImage(node.name, inputs[0]);
    const output = windowOutput(node.name, image, attributes);
    if (!attributes.countPadding) requireTaps(node.name, image, output, attributes);
    if (elements(attributes.kernel) > MAX_COUNT) {
      throw new UserError(
        `Layer ${node.name} averages windows of ${formatShape(attributes.kernel)}; at most ` +
          `${MAX_COUNT} values can be averaged.`,
      );
    }
    return [...output, image[2]!];
  },

  macs: () => 0,

  float(node, { inputs, output }) {
    const [low, high] = activationRange(node.activation);
    return pool<Float32Array>(inputs[0]!, output, node.attributes, {
      zero: 0,
      average: (sum, count) => Math.min(high, Math.max(low, sum / count)),
    });
  },

  reference(node, { inputs, output }) {
    const [low, high] = node.clamp;
    return pool<Int8Array>(inputs[0]!.shape, output.shape, node.attributes, {
      zero: inputs[0]!.zeroPoint,
      average: (sum, count) => Math.min(high, Math.max(low, divideRounded(sum, count))),
    });
  },

  emit(node, { inputs, output }, name) {
    const { attributes, clamp } = node;
    const [input] = inputs as [typeof output];
    const rows = tapCounts(input.shape, output.shape, attributes).map((count) => {
      const { half, multiplier, shift } = divisorOf(count);
      return `    { ${count}, ${half}, ${multiplier}, ${shift} },`;
    });
    return {
      kernels: [
        "noinline",
        "minmax",
        "mul_high",
        "divide",
        "window",
        "average_one",
        "average_channels",
        "average_pool",
      ],
      constants: `static const struct intnic_divisor model_divisors_${name}[${rows.length}] = {\n${
        rows.join("\n")
      }\n};\n`,
      weightBytes: 0,
      scratchBytes: 0,
      body: `static const struct intnic_average_pool layer = {
    .divisors = model_divisors_${name},
${windowFields(attributes, input.shape, output.shape)}
    .count_padding = ${attributes.countPadding ? 1 : 0}, .zero = ${input.zeroPoint},
    .low = ${clamp[0]}, .high = ${clamp[1]},
};
intnic_average_pool(&layer, x, y);`,
    };
  },
};

/** The numbers of taps that are averaged anywhere, the most frequent first. */
function tapCounts(image: Shape, output: Shape, window: AveragePool): number[] {
  if (window.countPadding) return [elements(window.kernel)];
  const times = new Map<number, number>();
  const [rows, columns] = spans(image, output, window);
  for (const row of rows) {
    for (const column of columns) {
      const count = row.length * column.length;
      times.set(count, (times.get(count) ?? 0) + 1);
    }
  }
  return [...times].sort(([, a], [, b]) => b - a).map(([count]) => count);
}

/** How to average: what a tap outside the image is, and what comes of a sum. */
interface Averaging {
  readonly zero: number;
  average(sum: number, count: number): number;
}

function pool<T extends Float32Array | Int8Array>(
  image: Shape,
  output: Shape,
  window: AveragePool,
  { zero, average }: Averaging,
): (inputs: readonly T[], y: T) => void {
  const [, width, depth] = image as [number, number, number];
  const [rows, columns] = spans(image, output, window);
  return ([x], y) => {
    let at = 0;
    for (const row of rows) {
      for (const column of columns) {
        const inside = row.length * column.length;
        const count = window.countPadding ? elements(window.kernel) : inside;
        for (let c = 0; c < depth; c++) {
          let sum = (count - inside) * zero;
          for (const iy of row) {
            for (const ix of column) sum += x![(iy * width + ix) * depth + c]!;
          }
          y[at++] = average(sum, count);
        }
      }
    }
  };
}
