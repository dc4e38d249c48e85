import { samePadding, type Window } from "../../ops/window.ts";
import type { Shape } from "../../types.ts";
import type { Context } from "./context.ts";
import type { Value } from "./value.ts";

/** Largest kernel, stride, dilation or padding taken seriously. */
const MAX_WINDOW = 2 ** 16;

/** An image of one or two dimensions and channels, as a tensor of height × width × channels. */
export interface Image {
  readonly tensor: string;
  /** Sizes of the dimensions that windows slide along, as ONNX has them: one or two. */
  readonly spatial: Shape;
  readonly channels: number;
  /** For each channel as it lies in memory its number in ONNX; undefined if they lie in order. */
  readonly places: Int32Array | undefined;
}

/**
 * The input of an op with windows; a signal of one dimension becomes an image of one row.
 *
 * @param anyOrder true if the op can cope with channels in another order
 */
export function imageOf(context: Context, value: Value, anyOrder = false): Image {
  const [batch, channels, ...spatial] = value.shape;
  if (batch !== 1 || spatial.length < 1 || spatial.length > 2) {
    throw context.error(
      `slides windows over a tensor of ${
        value.shape.join("×")
      }; intnic takes one image or signal ` +
        `of channels × height × width or channels × length at a time`,
    );
  }
  const groups = spatial.length === 1 ? [[0], [2], [1]] : [[2], [3], [0, 1]];
  const { tensor, places } = context.arrange(value, groups, anyOrder ? 2 : -1);
  return { tensor, spatial, channels: channels!, places };
}

/** The ONNX tensor that an image of ours stands for. */
export function fromImage(context: Context, tensor: string, spatialRank: number): Value {
  const [height, width, channels] = context.parts.shapeOf(tensor) as [number, number, number];
  const spatial = spatialRank === 1 ? [width] : [height, width];
  const axes = [...spatial.map((_, i) => i + 2), 1];
  return context.ordered(tensor, [1, channels, ...spatial], axes);
}

/** Numbers for each dimension that a window slides along, as height and width. */
export function pair(context: Context, list: Shape, otherwise: number): readonly [number, number] {
  if (!list.every((n) => Number.isInteger(n) && n >= 0 && n <= MAX_WINDOW)) {
    throw context.error(`has a window with the sizes ${list.join(", ")}`);
  }
  return list.length === 1 ? [otherwise, list[0]!] : [list[0]!, list[1]!];
}

/** The window of a convolution or pool, with `auto_pad` and `ceil_mode` worked out. */
export function readWindow(
  context: Context,
  spatial: Shape,
  kernelShape: Shape,
): { readonly window: Window; readonly extended: boolean } {
  const { attributes } = context;
  const rank = spatial.length;
  const kernel = pair(context, kernelShape, 1);
  const stride = pair(context, attributes.each("strides", rank, 1), 1);
  const dilation = pair(context, attributes.each("dilations", rank, 1), 1);
  for (const [what, sizes] of Object.entries({ kernel, stride, dilation })) {
    if (sizes.includes(0)) throw context.error(`has a ${what} of ${sizes.join("×")}`);
  }
  const image = rank === 1 ? [1, spatial[0]!] : spatial;
  const window = { kernel, stride, dilation };
  const auto = attributes.string("auto_pad", "NOTSET");
  if (auto === "SAME_UPPER" || auto === "SAME_LOWER") {
    const { top, bottom, left, right } = samePadding(image, window);
    const padding = auto === "SAME_UPPER"
      ? { top, bottom, left, right }
      : { top: bottom, bottom: top, left: right, right: left };
    return { window: { ...window, padding }, extended: false };
  }
  if (auto !== "NOTSET" && auto !== "VALID" && auto !== "") {
    throw context.error(`has auto_pad ${auto}`);
  }
  const pads = auto === "VALID"
    ? Array<number>(2 * rank).fill(0)
    : attributes.each("pads", 2 * rank, 0);
  const [top, left] = pair(context, pads.slice(0, rank), 0);
  const [bottom, right] = pair(context, pads.slice(rank), 0);
  const more = [0, 1].map((axis) =>
    attributes.flag("ceil_mode")
      ? ceiling(image[axis]!, [top, left][axis]!, [bottom, right][axis]!, {
        reach: (kernel[axis]! - 1) * dilation[axis]! + 1,
        stride: stride[axis]!,
      })
      : 0
  );
  const padding = { top, left, bottom: bottom + more[0]!, right: right + more[1]! };
  return { window: { ...window, padding }, extended: more.some((n) => n > 0) };
}

/** Rows that make a last window, which begins inside the image, reach its end. */
function ceiling(
  size: number,
  before: number,
  after: number,
  { reach, stride }: { readonly reach: number; readonly stride: number },
): number {
  const total = size + before + after;
  let count = Math.ceil((total - reach) / stride) + 1;
  if ((count - 1) * stride >= size + before) count--;
  return Math.max(0, (count - 1) * stride + reach - total);
}
