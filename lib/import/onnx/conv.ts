import { elements, formatShape } from "../../ops/op.ts";
import type { Shape } from "../../types.ts";
import type { Context, Converter } from "./context.ts";
import { addLinear } from "./weights.ts";
import { fromImage, imageOf, pair, readWindow } from "./window.ts";

export const conv: Converter = (context) => {
  const weights = context.constant(1);
  const groups = context.attributes.integer("group", 1);
  const x = context.value(0);
  const [outputs, depth, ...kernelShape] = weights.shape;
  const image = imageOf(context, x, groups === 1);
  const { channels, spatial } = image;
  if (
    kernelShape.length !== spatial.length || groups < 1 || depth! * groups !== channels ||
    outputs! % groups !== 0
  ) {
    throw context.error(
      `has weights of ${formatShape(weights.shape)} in ${groups} groups; its input of ` +
        `${formatShape(x.shape)} asks for outputs×${channels / groups} and a kernel`,
    );
  }
  const told = context.attributes.integers("kernel_shape");
  if (told !== undefined && String(told) !== String(kernelShape)) {
    throw context.error(
      `has the kernel_shape [${told}], but weights of ${formatShape(weights.shape)}`,
    );
  }
  const { window } = readWindow(context, spatial, kernelShape);
  const taps = elements(kernelShape);
  const bias = context.optionalConstant(2);
  const depthwise = groups === channels && groups > 1;
  const source = new Int32Array(weights.data.length);
  for (let o = 0, at = 0; o < outputs!; o++) {
    for (let t = 0; t < taps; t++) {
      for (let c = 0; c < depth!; c++) {
        source[at++] = (o * depth! + (image.places?.[c] ?? c)) * taps + t;
      }
    }
  }
  const kernel = window.kernel;
  const y = addLinear(
    context,
    depthwise ? "depthwise_conv2d" : "conv2d",
    image.tensor,
    groups === 1 || depthwise ? window : { ...window, groups },
    {
      constant: weights,
      shape: depthwise ? [outputs!, ...kernel] : [outputs!, ...kernel, depth!],
      source,
      outputAxis: 0,
      bias,
    },
  );
  return [fromImage(context, y, spatial.length)];
};

export const convTranspose: Converter = (context) => {
  const { attributes } = context;
  const weights = context.constant(1);
  const groups = attributes.integer("group", 1);
  const x = context.value(0);
  const { tensor, spatial, channels, places } = imageOf(context, x, true);
  const [inputs, each, ...kernelShape] = weights.shape;
  const rank = spatial.length;
  if (kernelShape.length !== rank || inputs !== channels || channels % groups !== 0) {
    throw context.error(
      `has weights of ${formatShape(weights.shape)} in ${groups} groups; its input of ` +
        `${formatShape(x.shape)} asks for ${channels}×outputs and a kernel`,
    );
  }
  const kernel = pair(context, kernelShape, 1);
  const stride = pair(context, attributes.each("strides", rank, 1), 1);
  const dilation = pair(context, attributes.each("dilations", rank, 1), 1);
  const extra = pair(context, attributes.each("output_padding", rank, 0), 0);
  if (stride.includes(0) || dilation.includes(0)) throw context.error("has a stride of 0");
  const image = rank === 1 ? [1, spatial[0]!] : spatial;
  // What comes out before any padding is cut off.
  const full = [0, 1].map((i) =>
    stride[i]! * (image[i]! - 1) + (kernel[i]! - 1) * dilation[i]! + 1 + extra[i]!
  );
  const { begin, end } = transposedPadding(context, full, image, stride);
  const output = full.map((size, i) => size - begin[i]! - end[i]!);
  const padding = { top: begin[0]!, bottom: end[0]!, left: begin[1]!, right: end[1]! };
  const outputs = each! * groups;
  const taps = elements(kernelShape);
  context.spend(outputs * taps * channels);
  const source = new Int32Array(outputs * taps * channels).fill(-1);
  // Groups become one convolution whose weights between groups are zero.
  for (let o = 0, at = 0; o < outputs; o++) {
    for (let t = 0; t < taps; t++) {
      for (let c = 0; c < channels; c++, at++) {
        const from = places?.[c] ?? c;
        if (Math.floor(from / (channels / groups)) !== Math.floor(o / each!)) continue;
        source[at] = (from * each! + o % each!) * taps + t;
      }
    }
  }
  const y = addLinear(context, "conv2d_transpose", tensor, {
    kernel,
    stride,
    dilation,
    padding,
    output,
  }, {
    constant: weights,
    shape: [outputs, ...kernel, channels],
    source,
    outputAxis: groups === 1 ? 1 : -1,
    bias: context.optionalConstant(2),
  });
  return [fromImage(context, y, rank)];
};

/** Rows cut off at both ends, from `pads`, `output_shape` or `auto_pad`. */
function transposedPadding(
  context: Context,
  full: readonly number[],
  image: Shape,
  stride: readonly [number, number],
) {
  const { attributes } = context;
  const rank = context.value(0).shape.length - 2;
  const auto = attributes.string("auto_pad", "NOTSET");
  const given = attributes.integers("output_shape")?.slice(-rank);
  const same = auto === "SAME_UPPER" || auto === "SAME_LOWER";
  if (given !== undefined || same) {
    const wanted = given === undefined
      ? image.map((size, i) => size * stride[i]!)
      : pair(context, given, 1);
    const begin: number[] = [];
    const end: number[] = [];
    full.forEach((size, i) => {
      const total = size - wanted[i]!;
      // The odd row goes to the end with SAME_UPPER, to the beginning otherwise.
      const less = Math.floor(total / 2);
      begin.push(auto === "SAME_UPPER" ? less : total - less);
      end.push(auto === "SAME_UPPER" ? total - less : less);
    });
    if (begin.some((n) => n < 0)) {
      throw context.error(`asks for an output of ${wanted.join("×")}, more than ${full.join("×")}`);
    }
    return { begin, end };
  }
  const pads = attributes.each("pads", 2 * rank, 0);
  return { begin: pair(context, pads.slice(0, rank), 0), end: pair(context, pads.slice(rank), 0) };
}
