import { rowDistance } from "../codegen/overlap.ts";
import { quantizedLinear } from "../ops/op.ts";
import type { Window } from "../ops/window.ts";
import type { LinearConstants } from "../types.ts";
import type { Kernel } from "./kernel.ts";
import { LANES, packVectors, raisedFields, vectorEmission, vectorFields } from "./vectors.ts";

/** Rows of a window that one instruction multiplies. */
const ROWS = 4;

/**
 * Depthwise convolution on machines with vectors (`firmware/kernels/vectors/depthwise_vectors.c`):
 * a vector of channels at once, four rows of the window an instruction. Neighbouring pixels share a
 * vector where they have few channels.
 */
export const depthwiseVectors: Kernel<Window> = {
  name: "vectors",
  file: "depthwise_vectors",

  plan(node, context) {
    const { inputs: [input], output } = context;
    const linear = quantizedLinear(node);
    const { kernel, stride, dilation, padding } = node.attributes;
    const [height, width, depth] = input!.shape as [number, number, number];
    const [outHeight, outWidth, outputs] = output.shape as [number, number, number];
    if (outputs !== depth) return `it has ${outputs / depth} outputs for each input channel`;
    const columns = (outWidth - 1) * stride[1] + (kernel[1] - 1) * dilation[1] + 1;
    const pixels = stride[1] === 1 ? Math.max(1, Math.floor(LANES / depth)) : 1;
    const quads = Math.ceil(kernel[0] / ROWS);
    const pitch = columns * depth;
    const plane = Math.ceil(pitch / LANES) * LANES;
    // A vector may begin at the last element, of the last of the pixels that share it.
    const scratch = kernel[0] * pitch + LANES + ROWS * quads * plane + 2 * ROWS * LANES;
    const vectors = outHeight * Math.ceil(outWidth / pixels) * Math.ceil(pixels * depth / LANES);
    return {
      cycles: vectors * (2 * quads * kernel[1] + 40) + outHeight * quads * plane,
      extraFlash: 0,
      scratch,
      why: "a vector of channels at once",
      emit: (name) => {
        const together = repeat(linear, pixels);
        return {
          ...vectorEmission(name, {
            file: "depthwise_vectors",
            packed: pack(together.weights, pixels * depth, kernel),
            linear: together,
          }, context),
          distance: rowDistance({
            rows: outHeight,
            outputRow: outWidth * depth,
            inputRow: width * depth,
            stride: stride[0],
            before: padding.top,
            copied: true,
          }),
          scratchBytes: scratch,
          body: `static const struct intnic_depthwise_vectors layer = {
    ${vectorFields(name, node, context)}
    .rows = ${
            raisedFields(node.attributes, {
              image: [height, width, depth],
              columns,
              zero: input!.zeroPoint,
            })
          },
    .kernel_width = ${kernel[1]}, .tap = ${dilation[1] * depth},
    .stride_y = ${stride[0]}, .pad_top = ${padding.top}, .out_height = ${outHeight},
    .outputs = ${pixels * depth}, .step = ${pixels * stride[1] * depth},
    .row = ${outWidth * depth},
};
intnic_depthwise_vectors(&layer, x, (uint8_t *)scratch, y);`,
        };
      },
    };
  },
};

/** The constants of as many pixels one after the other. */
function repeat(linear: LinearConstants, pixels: number): LinearConstants {
  const times = <T extends Int8Array | Int32Array>(values: T): T => {
    const all = new (values.constructor as new (length: number) => T)(pixels * values.length);
    for (let i = 0; i < pixels; i++) all.set(values, i * values.length);
    return all;
  };
  return {
    ...linear,
    weights: times(linear.weights),
    bias: times(linear.bias),
    multiplier: times(linear.multiplier),
    shift: times(linear.shift),
  };
}

/** Weights by four rows, then columns; rows are filled up with zeros. */
function pack(weights: Int8Array, outputs: number, [height, width]: Window["kernel"]): Int8Array {
  const quads = Math.ceil(height / ROWS);
  const run = quads * width * ROWS;
  const turned = new Int8Array(outputs * run);
  weights.forEach((weight, i) => {
    const [o, ky, kx] = [
      Math.floor(i / (height * width)),
      Math.floor(i / width) % height,
      i % width,
    ];
    turned[o * run + (Math.floor(ky / ROWS) * width + kx) * ROWS + ky % ROWS] = weight;
  });
  return packVectors(turned, outputs, run);
}
