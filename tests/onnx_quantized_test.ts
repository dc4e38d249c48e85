import assert from "node:assert/strict";
import { optimize } from "../lib/graph/passes/mod.ts";
import { readOnnxModel } from "../lib/import/onnx/import.ts";
import { elements } from "../lib/ops/op.ts";
import { quantize } from "../lib/quantize/quantize.ts";
import { quantizeValues } from "../lib/quantize/range.ts";
import { referenceRunner } from "../lib/run/reference.ts";
import {
  QUANTIZED_SHAPE,
  type QuantizedNetwork,
  quantizedNetwork,
  QuantizedWriter,
} from "./onnx_quantized.ts";
import { runOnnxRuntime } from "./onnx_runtime.ts";
import { toOnnx, toOurs } from "./onnx_suite.ts";
import { onnxModel, writeOnnx } from "./onnx_writer.ts";
import { seededRandom } from "./random_graph.ts";

type Build = (w: QuantizedWriter) => QuantizedNetwork;

const shape = QUANTIZED_SHAPE;

/** Two tensors of different scales. */
function two(w: QuantizedWriter) {
  const x = w.quantize("x", 2);
  return [x, w.convolve(x, [3, 3], { kernel: 1 })] as const;
}

/** One kind of layer each, so that differences do not add up. */
const single: Readonly<Record<string, Build>> = {
  "convolution": (w) => w.end(w.convolve(w.quantize("x", 2), [3, 8]), shape),
  "convolution and relu": (w) =>
    w.end(w.convolve(w.quantize("x", 2), [3, 8], { relu: true }), shape),
  "grouped convolution": (w) => w.end(w.convolve(w.quantize("x", 2), [3, 9], { groups: 3 }), shape),
  "dense layer": (w) => w.end(w.dense(w.move("Flatten", w.quantize("x", 2)), 216, 20), shape),
  "matrix product": (w) => w.end(w.matMul(w.quantize("x", 2), 8, 6), shape),
  "sum": (w) => w.end(w.combine("Add", ...two(w)), shape),
  "product": (w) => w.end(w.combine("Mul", ...two(w)), shape),
  "sigmoid": (w) => w.end(w.apply("Sigmoid", w.quantize("x", 2), 1), shape),
  "leaky relu": (w) => w.end(w.apply("LeakyRelu", w.quantize("x", 2), 2), shape),
  "average pool": (w) =>
    w.end(w.apply("AveragePool", w.quantize("x", 2), 2, { kernel_shape: [3, 2] }), shape),
  "global average pool": (w) => w.end(w.apply("GlobalAveragePool", w.quantize("x", 2), 1), shape),
  "concat": (w) => w.end(w.join(two(w), 1), shape),
};

/** How many codes are how far from those of ONNX Runtime: the distance → how many. */
async function distances({ spec, scale }: QuantizedNetwork) {
  const bytes = writeOnnx(spec);
  const random = seededRandom(5);
  const inputs = Array.from(
    { length: 8 },
    () => Float32Array.from({ length: elements(shape) }, () => 4 * random() - 2),
  );
  const expected = await runOnnxRuntime(bytes, inputs, shape);
  const imported = readOnnxModel(onnxModel(bytes));
  const quantized = quantize(optimize(imported.graph), []);
  const run = referenceRunner(quantized);
  const input = quantized.tensors.get(quantized.input)!;
  const output = quantized.tensors.get(quantized.output)!;
  assert.ok(Math.abs(output.scale - scale) < 1e-6 * scale);
  const counts = new Map<number, number>();
  inputs.forEach((data, i) => {
    const codes = run(quantizeValues(toOurs(imported.input, data), input));
    const actual = toOnnx(imported.output, Float32Array.from(codes));
    actual.forEach((code, at) => {
      const wanted = Math.round(expected[i]![at]! / scale) + output.zeroPoint;
      const distance = Math.abs(code - wanted);
      counts.set(distance, (counts.get(distance) ?? 0) + 1);
    });
  });
  return counts;
}

for (const form of ["operators", "qdq"] as const) {
  for (const codes of ["int8", "uint8"] as const) {
    Deno.test(`quantized ONNX (${form}, ${codes}): each layer within a step of ONNX Runtime`, async () => {
      const lines: string[] = [];
      for (const [name, build] of Object.entries(single)) {
        const counts = await distances(build(new QuantizedWriter(11, form, codes)));
        const total = [...counts.values()].reduce((a, b) => a + b);
        lines.push(`${name}: ${total - (counts.get(0) ?? 0)} of ${total} codes differ`);
        assert.ok(Math.max(...counts.keys()) <= 1, `${name}: ${JSON.stringify([...counts])}`);
      }
      console.log(lines.join("; "));
    });

    Deno.test(`quantized ONNX (${form}, ${codes}): a network of all layers`, async () => {
      const counts = await distances(quantizedNetwork(form, codes));
      console.log(JSON.stringify([...counts].sort((a, b) => a[0] - b[0])));
      assert.ok(Math.max(...counts.keys()) <= 3);
    });
  }
}
