import { rowDistance } from "../codegen/overlap.ts";
import { quantizedLinear } from "../ops/op.ts";
import type { Conv2d } from "../ops/conv2d.ts";
import type { Shape } from "../types.ts";
import type { Kernel } from "./kernel.ts";
import {
  filledRun,
  LANES,
  packVectors,
  raisedFields,
  vectorEmission,
  vectorFields,
} from "./vectors.ts";

/** Pixels computed at once. */
const PIXELS = 8;
/** Largest band of a pointwise layer's rows. */
const MAX_ROW_BYTES = 4096;

/**
 * Convolution on machines with vectors (`firmware/kernels/vectors/conv2d_vectors.c`): eight pixels
 * and a vector of outputs at once, four taps an instruction.
 */
export const conv2dVectors: Kernel<Conv2d> = {
  name: "vectors",
  file: "conv2d_vectors",

  plan(node, context) {
    const { inputs, output } = context;
    const linear = quantizedLinear(node);
    const { kernel, stride, dilation, padding, groups = 1 } = node.attributes;
    if (groups > 1) return "its channels come in groups";
    const { image: [height, width, depth], pixels: [outHeight, outWidth] } = shapes(
      node.attributes,
      inputs[0]!.shape,
      output.shape,
    );
    const outputs = output.shape[2]!;
    const runs = dilation[1] === 1 ? 1 : kernel[1];
    const run = kernel[1] * depth / runs;
    const taps = kernel[0] * runs * filledRun(run);
    const columns = (outWidth - 1) * stride[1] + (kernel[1] - 1) * dilation[1] + 1;
    const blocks = outHeight * Math.ceil(outWidth / PIXELS) * Math.ceil(outputs / LANES);
    // The last pixels' neighbours that are computed and not stored reach beyond the band.
    const scratch = kernel[0] * columns * depth + PIXELS * stride[1] * depth + filledRun(run);
    return {
      cycles: blocks * (3 * PIXELS * taps / 4 + 150),
      // Zeros fill whole vectors, but this is no machine that would have to save them.
      extraFlash: 0,
      scratch,
      why: "eight pixels and a vector of outputs at once",
      emit: (name) => ({
        ...vectorEmission(name, {
          file: "conv2d_vectors",
          packed: packVectors(linear.weights, outputs, run),
          linear,
        }, context),
        distance: rowDistance({
          rows: outHeight,
          outputRow: outWidth * outputs,
          inputRow: width * depth,
          stride: stride[0],
          before: padding.top,
          copied: true,
        }),
        scratchBytes: scratch,
        body: `static const struct intnic_conv2d_vectors layer = {
    ${vectorFields(name, node, context)}
    .rows = ${
          raisedFields(node.attributes, {
            image: [height, width, depth],
            columns,
            zero: inputs[0]!.zeroPoint,
          })
        },
    .runs = ${runs}, .apart = ${dilation[1] * depth}, .run = ${filledRun(run)},
    .stride_y = ${stride[0]}, .stride_x = ${stride[1]}, .pad_top = ${padding.top},
    .out_height = ${outHeight}, .out_width = ${outWidth}, .outputs = ${outputs},
};
intnic_conv2d_vectors(&layer, x, (uint8_t *)scratch, y);`,
      }),
    };
  },
};

/**
 * Image and output as the kernel walks them. To a pointwise convolution all pixels are alike, so it
 * takes them in rows that end with the fewest pixels that are not used.
 */
function shapes(
  { kernel, stride, padding }: Conv2d,
  image: Shape,
  output: Shape,
): { image: [number, number, number]; pixels: [number, number] } {
  const [height, width, depth] = image as [number, number, number];
  const pixels: [number, number] = [output[0]!, output[1]!];
  const pointwise = [...kernel, ...stride].every((size) => size === 1) &&
    Object.values(padding).every((size) => size === 0);
  if (!pointwise) return { image: [height, width, depth], pixels };
  const count = height * width;
  let best = pixels;
  for (let row = 1; row <= count && row * depth <= MAX_ROW_BYTES; row++) {
    if (count % row !== 0) continue;
    if (blocksOf(count / row, row) <= blocksOf(...best)) best = [count / row, row];
  }
  return { image: [...best, depth], pixels: best };
}

function blocksOf(rows: number, width: number): number {
  return rows * Math.ceil(width / PIXELS);
}
