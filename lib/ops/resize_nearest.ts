import { formatList } from "../codegen/literals.ts";
import { UserError } from "../errors.ts";
import type { Shape } from "../types.ts";
import { copyIndexed, requirePlain } from "./movement.ts";
import { formatShape, type Op } from "./op.ts";
import { requireImage } from "./window.ts";

/** As TensorFlow's operation of this name has it. */
export interface ResizeNearest {
  readonly size: readonly [height: number, width: number];
  /** The corner pixels of input and output lie on one another, rather than the image's borders. */
  readonly alignCorners: boolean;
  /** A pixel is where its centre is, rather than its corner. */
  readonly halfPixelCenters: boolean;
}

/** Rows and columns are numbered in 16 bits. */
const MAX_SIZE = 65536;

/**
 * Each pixel of the output is one of the input, the nearest by TensorFlow Lite's reference kernel,
 * whose arithmetic in single precision is followed exactly.
 */
export const resizeNearest: Op<ResizeNearest> = {
  quantization: "same",
  inPlace: () => false,

  infer(node, inputs) {
    requirePlain(node);
    const image = requireImage(node.name, inputs[0]);
    const { size } = node.attributes;
    const sound = size.length === 2 && size.every((n) => Number.isInteger(n) && n > 0);
    if (!sound || Math.max(...size, image[0]!, image[1]!) > MAX_SIZE) {
      throw new UserError(
        `Layer ${node.name} resizes an image of ${formatShape(image)} to ${formatShape(size)}; ` +
          `heights and widths from 1 to ${MAX_SIZE} would be right.`,
      );
    }
    return [...size, image[2]!];
  },

  macs: () => 0,

  float({ attributes }, { inputs, output }) {
    const indices = pixelIndices(attributes, inputs[0]!, output);
    return ([x], y) => copyIndexed(x!, indices, y);
  },

  reference({ attributes }, { inputs, output }) {
    const indices = pixelIndices(attributes, inputs[0]!.shape, output.shape);
    return ([x], y) => copyIndexed(x!, indices, y);
  },

  emit({ attributes }, { inputs, output }, name) {
    const [height, width, depth] = inputs[0]!.shape as [number, number, number];
    const define = (what: string, from: number, to: number) =>
      `static const uint16_t model_${what}_${name}[${to}] = {\n${
        formatList(nearest(from, to, attributes))
      }\n};\n`;
    return {
      kernels: ["copy", "resize_nearest"],
      constants: define("rows", height, output.shape[0]!) +
        define("columns", width, output.shape[1]!),
      weightBytes: 0,
      scratchBytes: 0,
      body: `static const struct intnic_resize_nearest layer = {
    .rows = model_rows_${name}, .columns = model_columns_${name},
    .width = ${width}, .depth = ${depth},
    .out_height = ${output.shape[0]}, .out_width = ${output.shape[1]},
};
intnic_resize_nearest(&layer, x, y);`,
    };
  },
};

/** For each of `to` places of the output along one axis, its place among the input's `from`. */
function nearest(
  from: number,
  to: number,
  { alignCorners, halfPixelCenters }: ResizeNearest,
): number[] {
  const float = Math.fround;
  const scale = alignCorners && to > 1 ? float((from - 1) / (to - 1)) : float(from / to);
  return Array.from({ length: to }, (_, i) => {
    const place = float(float(i + (halfPixelCenters ? 0.5 : 0)) * scale);
    return Math.min(from - 1, Math.floor(alignCorners ? place + 0.5 : place));
  });
}

function pixelIndices(attributes: ResizeNearest, input: Shape, output: Shape): Int32Array {
  const [height, width, depth] = input as [number, number, number];
  const columns = nearest(width, output[1]!, attributes);
  const indices = nearest(height, output[0]!, attributes).flatMap((row) =>
    columns.flatMap((column) =>
      Array.from({ length: depth }, (_, c) => (row * width + column) * depth + c)
    )
  );
  return Int32Array.from(indices);
}
