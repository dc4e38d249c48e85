import { channelRows, outputFields, packWeights, requantizeKernels } from "../codegen/pack.ts";
import { formatList } from "../codegen/literals.ts";
import { UserError } from "../errors.ts";
import { roundingRule } from "../quantize/requant.ts";
import type { LinearConstants, Shape } from "../types.ts";
import { activationRange } from "./activation.ts";
import { formatShape, linearConstants, type Op, quantizedLinear } from "./op.ts";
import { requireImage, type Window } from "./window.ts";

/** Geometry: input pixel i adds to output i · stride − padding + tap · dilation, along each axis. */
export interface Conv2dTranspose extends Window {
  /** Height and width of the output; what lies outside is dropped. */
  readonly output: readonly [height: number, width: number];
}

const MAX_STRIDE = 64;

/**
 * Transposed convolution of an NHWC image. Weights are OHWI like those of a convolution,
 * `[outputs, kernel height, kernel width, channels]`.
 *
 * Output pixels whose positions agree modulo the stride see the same taps, so the C is one ordinary
 * convolution for each such phase, with the weights of its taps alone.
 */
export const conv2dTranspose: Op<Conv2dTranspose> = {
  quantization: "linear",
  inPlace: () => false,

  infer(node, inputs) {
    const image = requireImage(node.name, inputs[0]);
    const { weights, bias } = linearConstants(node);
    const { kernel, stride, output } = node.attributes;
    const [outputs, ...taps] = weights.shape;
    const expected = [...kernel, image[2]!];
    if (formatShape(taps) !== formatShape(expected) || bias.length !== outputs) {
      throw new UserError(
        `Transposed convolution ${node.name} has weights of ${formatShape(weights.shape)} and ` +
          `${bias.length} biases; its input of ${formatShape(image)} asks for ` +
          `outputs×${formatShape(expected)} and one bias an output.`,
      );
    }
    if (Math.max(...stride) > MAX_STRIDE) {
      throw new UserError(
        `Transposed convolution ${node.name} has strides of ${formatShape(stride)}; at most ` +
          `${MAX_STRIDE} is supported, as every phase of the output has biases of its own.`,
      );
    }
    return [...output, outputs!];
  },

  macs(node, { inputs, output }) {
    const [rows, columns] = ([0, 1] as const).map((axis) =>
      axisTaps(inputs[0]!, node.attributes, axis).reduce((sum, taps) => sum + taps.length, 0)
    );
    return rows! * columns! * inputs[0]![2]! * output[2]!;
  },

  float(node, { inputs, output }) {
    const { weights, bias } = linearConstants(node);
    const [low, high] = activationRange(node.activation);
    const sum = summer<Float32Array>(weights.data, inputs[0]!, output, node.attributes);
    return ([x], y) =>
      sum(x!, 0, (at, o, total) => {
        y[at] = Math.min(high, Math.max(low, bias[o]! + total));
      });
  },

  reference(node, { inputs, output, rounding }) {
    const { weights, bias, multiplier, shift } = quantizedLinear(node);
    const { requantize } = roundingRule(rounding);
    const [low, high] = node.clamp;
    const { shape, zeroPoint } = inputs[0]!;
    const sum = summer<Int8Array>(weights, shape, output.shape, node.attributes);
    // The bound of the layer keeps all sums inside int32, so doubles are exact.
    return ([x], y) =>
      sum(x!, zeroPoint, (at, o, total) => {
        const q = requantize(bias[o]! + total, multiplier[o]!, shift[o]!) + output.zeroPoint;
        y[at] = Math.min(high, Math.max(low, q));
      });
  },

  emit(node, { inputs, output, rounding }, name) {
    const linear = quantizedLinear(node);
    const { kernel, stride } = node.attributes;
    const [input] = inputs as [typeof output];
    const [height, width, depth] = input.shape as [number, number, number];
    const outputs = output.shape[2]!;
    const vertical = phasesOf(node.attributes, 0);
    const horizontal = phasesOf(node.attributes, 1);
    const parts = vertical.phases.flatMap((rows) =>
      horizontal.phases.map((columns) => select(linear, kernel, depth, rows.taps, columns.taps))
    );
    const weights = parts.flatMap((part) => [...packWeights(part.weights, outputs)]);
    const channels = parts.flatMap((part) => channelRows(part, input.zeroPoint, rounding));
    const most = ({ phases }: Phases) => Math.max(...phases.map(({ taps }) => taps.length));
    return {
      kernels: [
        ...requantizeKernels(rounding),
        "dot4",
        "linear",
        "copy",
        "fill",
        "conv2d_transpose",
      ],
      constants: `static const int8_t model_weights_${name}[${weights.length}] = {
${formatList(weights)}
};
static const struct intnic_channel model_channels_${name}[${channels.length}] = {
${formatList(channels)}
};
` + definePhases(`model_rows_${name}`, vertical) +
        definePhases(`model_columns_${name}`, horizontal),
      weightBytes: weights.length,
      scratchBytes: most(vertical) * most(horizontal) * depth,
      body: `static const struct intnic_conv2d_transpose layer = {
    .weights = model_weights_${name}, .channels = model_channels_${name},
    .rows = model_rows_${name}, .columns = model_columns_${name},
    .height = ${height}, .width = ${width}, .depth = ${depth},
    .kernel_width = ${kernel[1]},
    .stride_y = ${stride[0]}, .stride_x = ${stride[1]},
    .step_y = ${vertical.step}, .step_x = ${horizontal.step},
    .phase_y = ${vertical.phase}, .phase_x = ${horizontal.phase},
    .first_y = ${vertical.first}, .first_x = ${horizontal.first},
    .out_height = ${output.shape[0]}, .out_width = ${output.shape[1]}, .outputs = ${outputs},
    .input_zero = ${input.zeroPoint},
    .output = ${outputFields(node, output, rounding)},
};
intnic_conv2d_transpose(&layer, x, scratch, y);`,
    };
  },
};

/** The phases of the output along one axis, and where its first pixel stands. */
interface Phases {
  readonly phases: readonly {
    /** Taps in the order of the input pixels they see. */
    readonly taps: readonly number[];
    /** Position of the first such pixel, from floor((output + padding) / stride). */
    readonly start: number;
  }[];
  /** Distance of neighbouring taps in the input. */
  readonly step: number;
  readonly phase: number;
  readonly first: number;
}

function phasesOf(attributes: Conv2dTranspose, axis: 0 | 1): Phases {
  const stride = attributes.stride[axis];
  const dilation = attributes.dilation[axis];
  const before = paddingBefore(attributes, axis);
  const all = Array.from({ length: attributes.kernel[axis] }, (_, tap) => tap);
  const phases = Array.from({ length: stride }, (_, phase) => {
    // Later taps see earlier pixels.
    const taps = all.filter((tap) => tap * dilation % stride === phase).reverse();
    return { taps, start: taps.length === 0 ? 0 : -(taps[0]! * dilation - phase) / stride + 0 };
  });
  const first = Math.floor(before / stride);
  return { phases, step: dilation / gcd(dilation, stride), phase: before - first * stride, first };
}

function definePhases(name: string, { phases }: Phases): string {
  let before = 0;
  const rows = phases.map(({ taps, start }) => {
    const row = `{ ${taps.length}, ${before}, ${start} }`;
    before += taps.length;
    return row;
  });
  return `static const struct intnic_phase ${name}[${rows.length}] = {
${formatList(rows)}
};
`;
}

/** The constants of a convolution that has some of the rows and columns of the kernel. */
function select(
  linear: LinearConstants,
  kernel: readonly [number, number],
  depth: number,
  rows: readonly number[],
  columns: readonly number[],
): LinearConstants {
  const outputs = linear.bias.length;
  const weights = Array.from(
    { length: outputs },
    (_, o) =>
      rows.flatMap((ky) =>
        columns.flatMap((kx) => {
          const at = ((o * kernel[0] + ky) * kernel[1] + kx) * depth;
          return [...linear.weights.subarray(at, at + depth)];
        })
      ),
  );
  return { ...linear, weights: Int8Array.from(weights.flat()) };
}

/** For every output position along an axis, the taps that reach it and the input positions they see. */
function axisTaps(image: Shape, attributes: Conv2dTranspose, axis: 0 | 1) {
  const stride = attributes.stride[axis];
  const before = paddingBefore(attributes, axis);
  return Array.from(
    { length: attributes.output[axis] },
    (_, o) =>
      Array.from({ length: attributes.kernel[axis] }, (_, tap) => ({
        tap,
        from: (o + before - tap * attributes.dilation[axis]) / stride,
      })).filter(({ from }) => Number.isInteger(from) && from >= 0 && from < image[axis]!),
  );
}

/**
 * A function that calls back for every output element, with its index, its channel and the sum of
 * its products.
 */
function summer<T extends Float32Array | Int8Array>(
  weights: T,
  image: Shape,
  output: Shape,
  attributes: Conv2dTranspose,
) {
  const rows = axisTaps(image, attributes, 0);
  const columns = axisTaps(image, attributes, 1);
  const [kernelHeight, kernelWidth] = attributes.kernel;
  const depth = image[2]!;
  const outputs = output[2]!;
  return (x: T, zero: number, store: (at: number, o: number, sum: number) => void) => {
    let at = 0;
    for (const row of rows) {
      for (const column of columns) {
        for (let o = 0; o < outputs; o++) {
          let sum = 0;
          for (const ky of row) {
            for (const kx of column) {
              const pixel = (ky.from * image[1]! + kx.from) * depth;
              const filter = ((o * kernelHeight + ky.tap) * kernelWidth + kx.tap) * depth;
              for (let c = 0; c < depth; c++) {
                sum += (x[pixel + c]! - zero) * weights[filter + c]!;
              }
            }
          }
          store(at++, o, sum);
        }
      }
    }
  };
}

function paddingBefore({ padding }: Conv2dTranspose, axis: 0 | 1): number {
  return axis === 0 ? padding.top : padding.left;
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}
