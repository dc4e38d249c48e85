import assert from "node:assert/strict";
import { UserError } from "../lib/errors.ts";
import { floatRunner } from "../lib/graph/float.ts";
import { importTflite } from "../lib/import/tflite.ts";
import { options, type TensorType } from "../lib/import/tflite/schema.ts";
import { UnsupportedError } from "../lib/import/unsupported.ts";
import { calibratedTensors, quantize } from "../lib/quantize/quantize.ts";
import { referenceRunner } from "../lib/run/reference.ts";
import type { Graph } from "../lib/types.ts";
import { modelOf } from "./tflite_golden.ts";
import {
  type OperatorParts,
  type Quantization,
  type TensorParts,
  TfliteWriter,
} from "./tflite_writer.ts";

type Options = NonNullable<OperatorParts["options"]>;

const noActivation: Options = {
  union: options.fullyConnected.union,
  fields: [[0, "i8", 0]],
};

function scalar(scale: number, zeroPoint = 0): Quantization {
  return { scales: [scale], zeroPoints: [zeroPoint] };
}

/** A file whose only operator reads the network's input, and constants. */
function single(
  kind: string,
  x: TensorParts,
  constants: readonly TensorParts[],
  y: TensorParts,
  given?: Options,
): Uint8Array {
  const writer = new TfliteWriter();
  const input = writer.tensor(x);
  const inputs = [input, ...constants.map((parts) => writer.tensor(parts))];
  const output = writer.tensor(y);
  writer.operator({
    kind,
    inputs,
    outputs: [output],
    ...(given === undefined ? {} : { options: given }),
  });
  return writer.finish([input], [output]);
}

function refuses(bytes: Uint8Array, message: RegExp): void {
  assert.throws(() => importTflite(modelOf(bytes)), (error: Error) => {
    assert.ok(error instanceof UserError, String(error));
    assert.match(error.message, message);
    return true;
  });
}

/** A fully connected layer of float32 values. */
function dense(weights: TensorParts): Graph {
  const float: TensorParts = { type: "float32", shape: [1, 2] };
  return importTflite(
    modelOf(single("FULLY_CONNECTED", float, [weights], { ...float, shape: [1, 3] }, noActivation)),
  );
}

Deno.test("float32, float16 and int8 weights of a float32 layer are the same real values", () => {
  const values = [0.5, -1, 2, 0, -0.25, 1];
  const shape = [3, 2];
  const halves = Uint16Array.from([0x3800, 0xbc00, 0x4000, 0, 0xb400, 0x3c00]);
  const graphs = [
    dense({ type: "float32", shape, data: Float32Array.from(values) }),
    dense({ type: "float16", shape, data: halves }),
    dense({
      type: "int8",
      shape,
      quantization: scalar(0.25),
      data: Int8Array.from(values, (value) => value * 4),
    }),
    dense({
      type: "int8",
      shape,
      quantization: { scales: [0.5, 1, 0.25], zeroPoints: [0, 0, 0], dimension: 0 },
      data: Int8Array.from([1, -2, 2, 0, -1, 4]),
    }),
  ];
  for (const graph of graphs) {
    assert.deepEqual([...graph.nodes[0]!.weights!.data], values);
    assert.equal(graph.rounding, undefined);
    assert.deepEqual(calibratedTensors(graph), [graph.input, graph.output]);
    assert.deepEqual([...floatRunner(graph)(Float32Array.from([2, 4]))], [-3, 4, 3.5]);
  }
});

Deno.test("float16 weights that a DEQUANTIZE expands are constants", () => {
  const writer = new TfliteWriter();
  const x = writer.tensor({ type: "float32", shape: [1, 1] });
  const half = writer.tensor({ type: "float16", shape: [1, 1], data: Uint16Array.from([0xc000]) });
  const weights = writer.tensor({ type: "float32", shape: [1, 1] });
  const y = writer.tensor({ type: "float32", shape: [1, 1] });
  writer.operator({ kind: "DEQUANTIZE", inputs: [half], outputs: [weights] });
  const inputs = [x, weights, -1];
  writer.operator({ kind: "FULLY_CONNECTED", inputs, outputs: [y], options: noActivation });
  const graph = importTflite(modelOf(writer.finish([x], [y])));
  assert.deepEqual(graph.nodes.map(({ op }) => op), ["dense"]);
  assert.deepEqual([...graph.nodes[0]!.weights!.data], [-2]);
});

Deno.test("relus of float32 models are fused; those of int8 models keep their encodings", () => {
  const writer = new TfliteWriter();
  const x = writer.tensor({ type: "float32", shape: [1, 1] });
  const weights = writer.tensor({ type: "float32", shape: [1, 1], data: Float32Array.of(2) });
  const middle = writer.tensor({ type: "float32", shape: [1, 1] });
  const y = writer.tensor({ type: "float32", shape: [1, 1] });
  const inputs = [x, weights, -1];
  writer.operator({ kind: "FULLY_CONNECTED", inputs, outputs: [middle], options: noActivation });
  writer.operator({ kind: "RELU", inputs: [middle], outputs: [y] });
  const graph = importTflite(modelOf(writer.finish([x], [y])));
  assert.deepEqual(graph.nodes.map(({ op, activation }) => [op, activation]), [["dense", "relu"]]);
});

/** An int8 layer whose weights have a zero point. */
function asymmetric(zeroPoint: number, codes: readonly number[]): Uint8Array {
  const x: TensorParts = { type: "int8", shape: [1, 2], quantization: scalar(0.5, 3) };
  const weights: TensorParts = {
    type: "int8",
    shape: [1, 2],
    quantization: scalar(0.5, zeroPoint),
    data: Int8Array.from(codes),
  };
  const y: TensorParts = { type: "int8", shape: [1, 1], quantization: scalar(1) };
  return single("FULLY_CONNECTED", x, [weights], y, noActivation);
}

Deno.test("weights with a zero point: folded where int8 holds them, else refused", () => {
  const run = (bytes: Uint8Array) =>
    referenceRunner(quantize(importTflite(modelOf(bytes)), []))(Int8Array.from([13, -7]))[0];
  assert.equal(run(asymmetric(5, [15, 7])), run(asymmetric(0, [10, 2])));
  refuses(asymmetric(-100, [100, 0]), /zero point -100: the code 100 stands for 200 steps/);
});

Deno.test("one layer for every row becomes a convolution", () => {
  const x: TensorParts = { type: "float32", shape: [1, 4, 2] };
  const weights: TensorParts = {
    type: "float32",
    shape: [3, 2],
    data: Float32Array.from([1, 0, 0, 1, 1, 1]),
  };
  const y: TensorParts = { type: "float32", shape: [1, 4, 3] };
  const graph = importTflite(modelOf(single("FULLY_CONNECTED", x, [weights], y, {
    union: options.fullyConnected.union,
    fields: [[0, "i8", 0], [2, "i8", 1]],
  })));
  assert.deepEqual(graph.tensors.get(graph.output), [4, 3]);
  const result = floatRunner(graph)(Float32Array.from([1, 2, 3, 4, 5, 6, 7, 8]));
  assert.deepEqual([...result], [1, 2, 3, 3, 4, 7, 5, 6, 11, 7, 8, 15]);
});

Deno.test("division by a constant multiplies by its inverse; LOG and others are float32 layers", () => {
  const float: TensorParts = { type: "float32", shape: [1, 2] };
  const divisor: TensorParts = { type: "float32", shape: [], data: Float32Array.of(4) };
  const graph = importTflite(modelOf(single("DIV", float, [divisor], float, {
    union: options.div.union,
    fields: [[0, "i8", 1]],
  })));
  assert.deepEqual([...floatRunner(graph)(Float32Array.from([2, -8]))], [0.5, 0]);
  for (const kind of ["ABS", "EXP", "LOG", "NEG", "RSQRT", "SQRT", "SQUARE"]) {
    const { nodes } = importTflite(modelOf(single(kind, float, [], float)));
    assert.equal(nodes[0]!.op, kind.toLowerCase());
  }
});

/** An LSTM of two units over three steps of one feature, as Keras models come out of the converter. */
function lstm(extra?: TensorParts): Uint8Array {
  const writer = new TfliteWriter();
  const x = writer.tensor({ type: "float32", shape: [1, 3, 1] });
  const constant = (shape: readonly number[], values: readonly number[]) =>
    writer.tensor({ type: "float32", shape, data: Float32Array.from(values) });
  const gates = [0, 1, 2, 3];
  const kernel = gates.map((gate) => constant([2, 1], [0.5 - gate, 0.25 * gate]));
  const recurrent = gates.map((gate) => constant([2, 2], [0.1, gate, -0.3, 0.2 * gate]));
  const bias = gates.map((gate) => constant([2], [gate, -0.5]));
  const state = gates.slice(0, 2).map(() => {
    const tensor = writer.tensor({ type: "float32", shape: [1, 2] });
    writer.markVariable(tensor);
    return tensor;
  });
  const y = writer.tensor({ type: "float32", shape: [1, 3, 2] });
  const peepholes = extra === undefined ? [-1, -1, -1] : [writer.tensor(extra), -1, -1];
  writer.operator({
    kind: "UNIDIRECTIONAL_SEQUENCE_LSTM",
    inputs: [x, ...kernel, ...recurrent, ...peepholes, ...bias, -1, -1, ...state, -1, -1, -1, -1],
    outputs: [y],
    options: { union: options.sequenceLstm.union, fields: [[0, "i8", 4]] },
  });
  return writer.finish([x], [y]);
}

Deno.test("an LSTM gives what TensorFlow Lite Micro's float kernel gave", () => {
  const graph = importTflite(modelOf(lstm()));
  const wanted = [0.1742697, 0, 0.5723953, -0.0675766, 0.6738793, -0.0945474];
  const result = floatRunner(graph)(Float32Array.from([1, -0.5, 0.25]));
  result.forEach((value, i) => assert.ok(Math.abs(value - wanted[i]!) < 1e-6, `${result}`));
  refuses(
    lstm({ type: "float32", shape: [2], data: new Float32Array(2) }),
    /has peepholes, which intnic's LSTM has not/,
  );
});

Deno.test("all that cannot be deployed is told at once", () => {
  const writer = new TfliteWriter();
  const float: TensorParts = { type: "float32", shape: [1, 2] };
  const [x, a, b, y] = ["x", "a", "b", "y"].map((name) => writer.tensor({ ...float, name }));
  writer.operator({ kind: "MyOwnOperator", inputs: [x!], outputs: [a!] });
  writer.operator({ kind: "RELU", inputs: [a!], outputs: [b!] });
  writer.operator({ kind: "WHILE", inputs: [x!], outputs: [y!] });
  const bytes = writer.finish([x!], [y!]);
  assert.throws(() => importTflite(modelOf(bytes)), (error: Error) => {
    assert.ok(error instanceof UnsupportedError);
    assert.deepEqual(error.layers.map(({ kind }) => kind), ["CUSTOM MyOwnOperator", "WHILE"]);
    assert.match(
      error.message,
      /computes a, is a CUSTOM MyOwnOperator, which intnic cannot deploy/,
    );
    return true;
  });
});

Deno.test("types, shapes and options that do not fit are refused in full sentences", () => {
  const int8: TensorParts = { type: "int8", shape: [1, 2], quantization: scalar(1) };
  const of = (type: TensorType): TensorParts => ({ ...int8, type });
  const relu = (x: TensorParts, y: TensorParts = x) => single("RELU", x, [], y);
  refuses(relu(of("int16")), /at the edge of the network, holds int16/);
  refuses(relu(int8, of("int16")), /relu_0 works on int16 values/);
  refuses(relu(int8, of("float32")), /mixes int8 and float32/);
  refuses(relu(of("uint8")), /works on uint8 values/);
  refuses(relu({ type: "int8", shape: [1, 2] }), /is int8 and has 0 scales/);
  refuses(relu({ ...int8, quantization: scalar(0) }), /has the scale 0; scales must be positive/);
  refuses(relu({ ...int8, quantization: scalar(NaN) }), /has the scale NaN/);
  refuses(relu({ ...int8, quantization: scalar(1, 200) }), /has the zero point 200/);
  refuses(relu({ ...int8, shape: [1, 0] }), /has shape 1×0; all dimensions must be known/);
  refuses(relu({ ...int8, shape: [2 ** 20, 2 ** 20] }), /product at most/);
  refuses(relu(int8, { ...int8, shape: [1, 3] }), /gives 2, but the file says .* is 1×3/);
  refuses(relu(int8).with(0, 255), /damaged/);
  const weights: TensorParts = {
    type: "int8",
    shape: [1, 2],
    quantization: scalar(1),
    data: new Int8Array(2),
  };
  const layer = (w: TensorParts, given = noActivation) =>
    single("FULLY_CONNECTED", int8, [w], { ...int8, shape: [1, 1] }, given);
  refuses(layer(weights, { union: 9, fields: [] }), /options of kind 9 instead of 8/);
  refuses(
    layer(weights, { union: 8, fields: [[0, "i8", 4]] }),
    /fused activation tanh; intnic fuses relu/,
  );
  refuses(layer({ ...weights, data: new Int8Array(3) }), /takes 2 bytes; its buffer has 3/);
  refuses(
    layer({ ...weights, quantization: { scales: [1, 1], zeroPoints: [0, 0], dimension: 1 } }),
    /has 2 weight scales along dimension 1/,
  );
  refuses(
    layer({ type: "float32", shape: [1, 2], data: new Float32Array(2) }),
    /its weights t1 are float32 without scales/,
  );
});

Deno.test("files that are not TensorFlow Lite's, or of another version, are refused", () => {
  refuses(new Uint8Array(4), /is not a TensorFlow Lite model/);
  refuses(new TextEncoder().encode("hello, world"), /is not a TensorFlow Lite model/);
  const writer = new TfliteWriter();
  const x = writer.tensor({ type: "float32", shape: [1] });
  const y = writer.tensor({ type: "float32", shape: [1] });
  writer.operator({ kind: "RELU", inputs: [x], outputs: [y] });
  refuses(writer.finish([x], [y], 2), /has version 2 of the file format/);
  refuses(writer.finish([x, x], [y]), /has 2 inputs; intnic deploys one/);
  refuses(writer.finish([x], []), /has 0 outputs/);
  refuses(writer.finish([x], [9]), /names tensor 9 as input or output/);
  writer.markVariable(y);
  refuses(writer.finish([x], [y]), /a variable that lives on/);
});
