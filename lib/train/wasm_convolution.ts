/**
 * Gradients of the 2D convolution for TensorFlow.js's WebAssembly backend, as forward convolutions.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import {
  call,
  floats,
  type Kernel,
  type KernelCall,
  type Pad,
  type Size2,
  transpose,
} from "./wasm_calls.ts";

interface ConvolutionAttributes {
  readonly strides: number | Size2;
  readonly pad: Pad;
  readonly dataFormat: "NHWC" | "NCHW";
  readonly dimRoundingMode?: "floor" | "round" | "ceil";
}

function convolutionInfo(
  xShape: number[],
  filterShape: number[],
  attrs: ConvolutionAttributes,
): tf.backend_util.Conv2DInfo {
  if (attrs.dataFormat !== "NHWC") {
    throw new Error(`Cannot train a convolution in ${attrs.dataFormat}: only NHWC is supported.`);
  }
  return tf.backend_util.computeConv2DInfo(
    xShape as [number, number, number, number],
    filterShape as [number, number, number, number],
    attrs.strides,
    1,
    attrs.pad,
    attrs.dimRoundingMode,
  );
}

/**
 * The gradient of a convolution by its filter, dW[i,j,c,o] = Σ x[n, y·s+i, x·s+j, c] · dy[n, y, x, o],
 * is itself a convolution: `x` with channels and batch exchanged is the image, `dy` with the batch as
 * its input channels is the filter, and the strides become dilations.
 */
export function filterGradient(
  { inputs: { x, dy }, backend, attrs }: KernelCall<
    "x" | "dy",
    ConvolutionAttributes & { readonly filterShape: number[] }
  >,
): tf.TensorInfo {
  const info = convolutionInfo(x.shape, attrs.filterShape, attrs);
  const { top, bottom, left, right } = info.padInfo;
  const image = transpose(backend, x, [3, 1, 2, 0]);
  const filter = transpose(backend, dy, [1, 2, 0, 3]);
  const product = call("Conv2D", backend, { x: image, filter }, {
    strides: [1, 1],
    dilations: [info.strideHeight, info.strideWidth],
    pad: [[0, 0], [top, bottom], [left, right], [0, 0]],
    dataFormat: "NHWC",
  });
  // Rows and columns of the image that no window reached give surplus taps at the end.
  const size = [info.inChannels, info.filterHeight, info.filterWidth, info.outChannels];
  const taps = call("Slice", backend, { x: product }, { begin: [0, 0, 0, 0], size });
  const gradient = transpose(backend, taps, [1, 2, 0, 3]);
  for (const tensor of [image, filter, product, taps]) backend.disposeData(tensor.dataId);
  return gradient;
}

/**
 * The gradient of a convolution by its input, for stride 1: `dy`, padded to full overlap, convolved
 * with the filter turned by 180° and its channels exchanged. Other strides use the backend's loop.
 */
export function inputGradient(original: Kernel): Kernel<
  "dy" | "filter",
  ConvolutionAttributes & { readonly inputShape: number[] }
> {
  return ({ inputs: { dy, filter }, backend, attrs }) => {
    const info = convolutionInfo(attrs.inputShape, filter.shape, attrs);
    const { filterHeight, filterWidth, padInfo } = info;
    if (info.strideHeight !== 1 || info.strideWidth !== 1) {
      return original({ inputs: { dy, filter }, backend, attrs: { ...attrs } });
    }
    const turned = turn(backend, filter);
    const [vertical, horizontal] = [filterHeight - 1, filterWidth - 1];
    const gradient = call("Conv2D", backend, { x: dy, filter: turned }, {
      strides: [1, 1],
      dilations: [1, 1],
      pad: [
        [0, 0],
        [vertical - padInfo.top, vertical - padInfo.bottom],
        [horizontal - padInfo.left, horizontal - padInfo.right],
        [0, 0],
      ],
      dataFormat: "NHWC",
    });
    backend.disposeData(turned.dataId);
    return gradient;
  };
}

/** The filter with its taps in reverse order, and its input and output channels exchanged. */
function turn(backend: BackendWasm, filter: tf.TensorInfo): tf.TensorInfo {
  const [height, width, inputs, outputs] = filter.shape as [number, number, number, number];
  const turned = backend.makeOutput([height, width, outputs, inputs], "float32");
  const source = floats(backend, filter);
  const target = floats(backend, turned);
  let from = 0;
  for (let tap = height * width - 1; tap >= 0; tap--) {
    for (let i = 0; i < inputs; i++) {
      for (let o = 0; o < outputs; o++) target[(tap * outputs + o) * inputs + i] = source[from++]!;
    }
  }
  return turned;
}
