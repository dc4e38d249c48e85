/**
 * The networks of this repository and of MLPerf Tiny as quantized ONNX with random weights, for
 * measuring beside ONNX Runtime.
 *
 * @module
 */
import { type Codes, type QuantizedNetwork, QuantizedWriter } from "../tests/onnx_quantized.ts";
import { onnxModel, writeOnnx } from "../tests/onnx_writer.ts";
import type { Model } from "../lib/types.ts";

/** Operators on codes, or on reals between `QuantizeLinear` and `DequantizeLinear`. */
export type Form = "operators" | "qdq";

/** One network in either form. */
export interface HostNetwork {
  readonly name: string;
  /** Of the input, the batch first. */
  readonly shape: readonly number[];
  write(form: Form, codes: Codes): Uint8Array<ArrayBuffer>;
  /** What intnic reads. */
  model(): Model;
}

/** Writes the layers between the input's codes and the output's. */
type Body = (w: QuantizedWriter, x: Tensor) => Tensor;
type Tensor = ReturnType<QuantizedWriter["quantize"]>;

export const hostNetworks: readonly HostNetwork[] = [
  network("mlp", [1, 784], dense(784, 128, 64, 10)),
  network("convnet", [1, 1, 28, 28], convnet),
  network(
    "anomaly-detection",
    [1, 640],
    dense(640, 128, 128, 128, 128, 8, 128, 128, 128, 128, 640),
  ),
  network("keyword-spotting", [1, 1, 49, 10], keywordSpotting),
  network("image-classification", [1, 3, 32, 32], resnet),
  network("visual-wake-words", [1, 3, 96, 96], mobilenet),
];

function network(name: string, shape: number[], body: Body): HostNetwork {
  const write = (form: Form, codes: Codes) => {
    const w = new QuantizedWriter(1, form, codes);
    const written: QuantizedNetwork = w.end(body(w, w.quantize("x", 2)), shape);
    return writeOnnx(written.spec);
  };
  return { name, shape, write, model: () => onnxModel(write("operators", "int8")) };
}

function dense(...sizes: number[]): Body {
  return (w, x) => {
    sizes.slice(1).forEach((to, i) => x = w.dense(x, sizes[i]!, to));
    return x;
  };
}

function convnet(w: QuantizedWriter, x: Tensor): Tensor {
  const pads = [0, 0, 0, 0] as const;
  const pool = { kernel_shape: [2, 2], strides: [2, 2] };
  x = w.move("MaxPool", w.convolve(x, [1, 16], { pads, relu: true }), pool);
  x = w.move("MaxPool", w.convolve(x, [16, 16], { pads, relu: true }), pool);
  return w.dense(w.move("Flatten", x), 400, 10);
}

/** Depthwise and pointwise convolutions in turn. */
function keywordSpotting(w: QuantizedWriter, x: Tensor): Tensor {
  x = w.convolve(x, [1, 64], { kernel: [10, 4], pads: [4, 1, 5, 1], stride: 2, relu: true });
  for (let block = 0; block < 4; block++) {
    x = w.convolve(x, [64, 64], { groups: 64, relu: true });
    x = w.convolve(x, [64, 64], { kernel: 1, relu: true });
  }
  x = w.apply("AveragePool", x, 3, { kernel_shape: [25, 5] });
  return w.dense(w.move("Flatten", x), 64, 12);
}

/** Residual blocks of two 3×3 convolutions each, then an average and a dense layer. */
function resnet(w: QuantizedWriter, x: Tensor): Tensor {
  x = w.convolve(x, [3, 16], { relu: true });
  for (const [from, to] of [[16, 16], [16, 32], [32, 64]] as const) {
    const stride = to / from;
    const y = w.convolve(x, [from, to], { stride, relu: true });
    const skip = stride === 1 ? x : w.convolve(x, [from, to], { stride, kernel: 1 });
    x = w.combine("Add", skip, w.convolve(y, [to, to]));
  }
  x = w.apply("AveragePool", x, 3, { kernel_shape: [8, 8] });
  return w.dense(w.move("Flatten", x), 64, 10);
}

/** MobileNetV1 with a width of 0.25; strides and outputs of its blocks as in the benchmark. */
function mobilenet(w: QuantizedWriter, x: Tensor): Tensor {
  const outputs = [16, 32, 32, 64, 64, 128, 128, 128, 128, 128, 128, 256, 256];
  const pads = [0, 0, 1, 1] as const;
  let from = 8;
  x = w.convolve(x, [3, from], { stride: 2, pads, relu: true });
  outputs.forEach((to, block) => {
    const strided = [1, 3, 5, 11].includes(block);
    x = w.convolve(x, [from, from], {
      groups: from,
      relu: true,
      ...(strided ? { stride: 2, pads } : {}),
    });
    x = w.convolve(x, [from, to], { kernel: 1, relu: true });
    from = to;
  });
  x = w.apply("AveragePool", x, 3, { kernel_shape: [3, 3] });
  return w.dense(w.move("Flatten", x), 256, 2);
}
