import { options } from "../lib/import/tflite/schema.ts";
import { whole } from "./op_graphs.ts";
import type { Random } from "./op_trials.ts";
import { elements } from "../lib/ops/op.ts";
import type { Shape } from "../lib/types.ts";
import { seededRandom } from "./random_graph.ts";
import { Model, PADDING, scalar } from "./tflite_parts.ts";
import type { OptionField, Quantization } from "./tflite_writer.ts";

/** Stride and output channels of the blocks of MobileNetV1 with a width of 0.25. */
const BLOCKS = [
  [1, 16],
  [2, 32],
  [1, 32],
  [2, 64],
  [1, 64],
  [2, 128],
  [1, 128],
  [1, 128],
  [1, 128],
  [1, 128],
  [1, 128],
  [2, 256],
  [1, 256],
] as const;

/** Real values 0 to 6, where relu6 cuts. */
const SIX = scalar(6 / 255, -128);
const RELU6 = 3;

/**
 * MobileNetV1 0.25 for images of 96×96×3 and two classes, int8 throughout, as the benchmark of visual
 * wake words has it; with random weights. Its strided convolutions have SAME padding, whose odd row
 * and column are at the end.
 *
 * @param size height and width of the images, a multiple of 32
 * @param draw how weights are drawn
 */
export function mobilenet(
  seed: number,
  size = 96,
  draw: "uniformly" | "normally" = "uniformly",
): Uint8Array {
  const model = new Model(seededRandom(seed));
  let shape: readonly [1, number, number, number] = [1, size, size, 3];
  let x: Quantization = scalar(1 / 255, -128);
  let value = model.input(shape, x);

  const int8 = (shape: Shape, quantization: Quantization) =>
    draw === "uniformly" ? model.int8(shape, quantization) : model.writer.tensor({
      type: "int8",
      shape,
      quantization,
      data: normalWeights(model.random, shape, quantization.dimension ?? 0),
    });
  const convolve = (stride: number, outputs: number, depthwise: boolean, kernel: number) => {
    const taps = kernel * kernel * (depthwise ? 1 : shape[3]);
    // So that sums of taps spread over the range of relu6.
    const reach = 2.5 / (Math.sqrt(taps) * 40 * x.scales[0]!);
    const scales = Array.from(
      { length: outputs },
      () => Math.fround(reach / 40 * (0.5 + model.random())),
    );
    const w = { scales, zeroPoints: scales.map(() => 0), dimension: depthwise ? 3 : 0 };
    const weights = int8(
      depthwise ? [1, kernel, kernel, outputs] : [outputs, kernel, kernel, shape[3]],
      w,
    );
    const bias = model.writer.tensor({
      type: "int32",
      shape: [outputs],
      quantization: {
        scales: scales.map((scale) => Math.fround(scale * x.scales[0]!)),
        zeroPoints: scales.map(() => 0),
      },
      data: Int32Array.from(
        scales,
        (scale) => Math.round((1.5 + model.random()) / (scale * x.scales[0]!)),
      ),
    });
    shape = [1, Math.ceil(shape[1] / stride), Math.ceil(shape[2] / stride), outputs];
    const fields: OptionField[] = [
      [0, "i8", PADDING.same],
      [1, "i32", stride],
      [2, "i32", stride],
      ...(depthwise
        ? [[3, "i32", 1], [4, "i8", RELU6], [5, "i32", 1], [6, "i32", 1]]
        : [[3, "i8", RELU6], [4, "i32", 1], [5, "i32", 1]]) as OptionField[],
    ];
    value = model.operator(
      depthwise ? "DEPTHWISE_CONV_2D" : "CONV_2D",
      [value, weights, bias],
      shape,
      SIX,
      { union: depthwise ? options.depthwiseConv2d.union : options.conv2d.union, fields },
    );
    x = SIX;
  };

  convolve(2, 8, false, 3);
  for (const [stride, outputs] of BLOCKS) {
    convolve(stride, shape[3], true, 3);
    convolve(1, outputs, false, 1);
  }
  const [, height, width, channels] = shape;
  value = model.operator("AVERAGE_POOL_2D", [value], [1, 1, 1, channels], SIX, {
    union: options.pool2d.union,
    fields: [
      [0, "i8", PADDING.valid],
      [1, "i32", width],
      [2, "i32", height],
      [3, "i32", width],
      [4, "i32", height],
      [5, "i8", 0],
    ],
  });
  const flat = [1, channels];
  value = model.operator("RESHAPE", [value, model.int32(flat)], flat, SIX);
  const weights = int8([2, channels], scalar(0.0015, 0));
  const bias = model.writer.tensor({
    type: "int32",
    shape: [2],
    quantization: scalar(0.0015 * SIX.scales[0]!, 0),
    data: Int32Array.from([0, 0], () => whole(model.random, -1000, 1000)),
  });
  value = model.operator("FULLY_CONNECTED", [value, weights, bias], [1, 2], scalar(0.05, 3), {
    union: options.fullyConnected.union,
    fields: [[0, "i8", 0]],
  });
  const output = model.operator("SOFTMAX", [value], [1, 2], scalar(1 / 256, -128), {
    union: options.softmax.union,
    fields: [[options.softmax.beta, "f32", 1]],
  });
  return model.finish(output);
}

/**
 * Weights from a normal distribution, the largest of each channel 127: what quantization by channel
 * makes of trained weights, but for what they mean.
 *
 * @param dimension that of the channels, the first or the last
 */
function normalWeights(random: Random, shape: Shape, dimension: number): Int8Array {
  const channels = shape[dimension]!;
  const taps = elements(shape) / channels;
  const weights = new Int8Array(channels * taps);
  for (let c = 0; c < channels; c++) {
    // Twelve dice, in whole numbers, so that every machine draws the same.
    const drawn = Array.from(
      { length: taps },
      () => Array.from({ length: 12 }, () => whole(random, 0, 255)).reduce((a, b) => a + b) - 1530,
    );
    const largest = Math.max(1, ...drawn.map(Math.abs));
    drawn.forEach((value, t) =>
      weights[dimension === 0 ? c * taps + t : t * channels + c] = Math.round(127 * value / largest)
    );
  }
  return weights;
}
