import { UserError } from "../errors.ts";
import type { Shape } from "../types.ts";
import { elements, formatShape } from "./op.ts";

/** Geometry of a sliding window over an NHWC image. */
export interface Window {
  readonly kernel: readonly [height: number, width: number];
  readonly stride: readonly [vertical: number, horizontal: number];
  readonly dilation: readonly [vertical: number, horizontal: number];
  /** Rows and columns added around the image. */
  readonly padding: {
    readonly top: number;
    readonly bottom: number;
    readonly left: number;
    readonly right: number;
  };
}

/** No rows or columns added. */
export const noPadding = { top: 0, bottom: 0, left: 0, right: 0 } as const;

/**
 * Padding that makes the output `ceil(input / stride)` long in both directions, the odd row or
 * column at the end, as TensorFlow's SAME does.
 */
export function samePadding(
  image: Shape,
  { kernel, stride, dilation }: Omit<Window, "padding">,
): Window["padding"] {
  const along = (axis: 0 | 1): readonly [number, number] => {
    const size = image[axis]!;
    const reach = (kernel[axis] - 1) * dilation[axis] + 1;
    const total = Math.max(0, (Math.ceil(size / stride[axis]) - 1) * stride[axis] + reach - size);
    const before = Math.floor(total / 2);
    return [before, total - before];
  };
  const [top, bottom] = along(0);
  const [left, right] = along(1);
  return { top, bottom, left, right };
}

/**
 * Height and width of the output.
 * @throws {UserError} if the window does not fit into the padded image even once
 */
export function windowOutput(
  name: string,
  image: Shape,
  window: Window,
): readonly [number, number] {
  const { kernel, stride, dilation, padding } = window;
  const height = image[0]! + padding.top + padding.bottom - (kernel[0] - 1) * dilation[0] - 1;
  const width = image[1]! + padding.left + padding.right - (kernel[1] - 1) * dilation[1] - 1;
  if (height < 0 || width < 0) {
    throw new UserError(
      `Layer ${name} slides a ${formatShape(kernel)} window over an image of ` +
        `${formatShape(image)}, which is smaller than the window; it needs a larger image, a ` +
        `smaller kernel or "same" padding.`,
    );
  }
  return [Math.floor(height / stride[0]) + 1, Math.floor(width / stride[1]) + 1];
}

/**
 * The image an op with a window needs.
 * @throws {UserError} if `shape` is not height × width × channels
 */
export function requireImage(name: string, shape: Shape | undefined): Shape {
  if (shape?.length !== 3) {
    throw new UserError(
      `Layer ${name} needs an image of height × width × channels, but its input has shape ` +
        `${shape === undefined ? "(none)" : formatShape(shape)}.`,
    );
  }
  return shape;
}

/**
 * For every output pixel in order, and every tap of its window (row, column, channel), the index of
 * the input element it sees; past the end of the input where the tap lies outside the image.
 */
export function windowIndices(image: Shape, output: Shape, window: Window): Int32Array {
  const [height, width, depth] = image as [number, number, number];
  const { kernel, stride, dilation, padding } = window;
  const outside = height * width * depth;
  const indices = new Int32Array(output[0]! * output[1]! * kernel[0] * kernel[1] * depth);
  let at = 0;
  for (let oy = 0; oy < output[0]!; oy++) {
    for (let ox = 0; ox < output[1]!; ox++) {
      for (let ky = 0; ky < kernel[0]; ky++) {
        const iy = oy * stride[0] - padding.top + ky * dilation[0];
        for (let kx = 0; kx < kernel[1]; kx++) {
          const ix = ox * stride[1] - padding.left + kx * dilation[1];
          const inside = iy >= 0 && iy < height && ix >= 0 && ix < width;
          for (let c = 0; c < depth; c++) {
            indices[at++] = inside ? (iy * width + ix) * depth + c : outside;
          }
        }
      }
    }
  }
  return indices;
}

/**
 * The rows of the image that each output row's window sees, and likewise the columns: what lies
 * outside the image is left out.
 */
export function spans(
  image: Shape,
  output: Shape,
  { kernel, stride, dilation, padding }: Window,
): readonly [rows: number[][], columns: number[][]] {
  const along = (axis: 0 | 1, before: number) =>
    Array.from(
      { length: output[axis]! },
      (_, o) =>
        Array.from({ length: kernel[axis] }, (_, tap) =>
          o * stride[axis] - before + tap * dilation[axis]).filter((i) =>
            i >= 0 && i < image[axis]!
          ),
    );
  return [along(0, padding.top), along(1, padding.left)];
}

/** Elements beyond which no tensor is accepted anyway, so that nothing need be said of its windows. */
const MOST = 2 ** 28;

/**
 * Makes sure that every window sees some of the image.
 * @throws {UserError} if one lies wholly in the padding, where pooling has no result
 */
export function requireTaps(name: string, image: Shape, output: Shape, window: Window): void {
  const { kernel, stride, dilation, padding } = window;
  const sees = (axis: 0 | 1, start: number) => {
    const tap = Math.max(0, Math.ceil(-start / dilation[axis]));
    return tap < kernel[axis] && start + tap * dilation[axis] < image[axis]!;
  };
  const all = (axis: 0 | 1, before: number) => {
    for (let o = 0; o < output[axis]!; o++) {
      if (!sees(axis, o * stride[axis] - before)) return false;
    }
    return true;
  };
  if (elements(output) > MOST || all(0, padding.top) && all(1, padding.left)) return;
  throw new UserError(
    `Layer ${name} pools over windows that lie wholly in the padding of an image of ` +
      `${formatShape(image)} (${padding.top} rows above, ${padding.bottom} below, ` +
      `${padding.left} columns to the left, ${padding.right} to the right); the padding must be ` +
      `smaller than the window.`,
  );
}

/** The geometry as the fields that the kernels' structures share, indented. */
export function windowFields(window: Window, image: Shape, output: Shape): string {
  const { kernel, stride, padding } = window;
  // Without a second tap there is nothing to be apart, and kernels have shorter ways.
  const dilation = window.dilation.map((step, axis) => kernel[axis] === 1 ? 1 : step);
  return `    .height = ${image[0]}, .width = ${image[1]}, .depth = ${image[2]},
    .kernel_height = ${kernel[0]}, .kernel_width = ${kernel[1]},
    .stride_y = ${stride[0]}, .stride_x = ${stride[1]},
    .dilation_y = ${dilation[0]}, .dilation_x = ${dilation[1]},
    .pad_top = ${padding.top}, .pad_left = ${padding.left},
    .out_height = ${output[0]}, .out_width = ${output[1]},`;
}
