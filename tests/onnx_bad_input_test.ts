import assert from "node:assert/strict";
import { join } from "node:path";
import { UserError } from "../lib/errors.ts";
import { floatRunner } from "../lib/graph/float.ts";
import { loadModel } from "../lib/import/load.ts";
import { importOnnx } from "../lib/import/onnx.ts";
import {
  FLOAT16,
  INT64,
  type ModelSpec,
  type NodeSpec,
  onnxModel,
  rawBytes,
  type TensorSpec,
  writeOnnx,
} from "./onnx_writer.ts";

const conv: NodeSpec = { op: "Conv", inputs: ["x", "w"], outputs: ["y"], name: "c1" };
const good: ModelSpec = {
  nodes: [conv],
  inputs: [{ name: "x", shape: [1, 2, 5, 5] }],
  outputs: [{ name: "y", shape: [] }],
  constants: { w: { shape: [3, 2, 3, 3], data: new Float32Array(54).fill(0.5) } },
};
const withNodes = (...nodes: NodeSpec[]): ModelSpec => ({ ...good, nodes });
const withConstants = (constants: Record<string, TensorSpec>, ...nodes: NodeSpec[]): ModelSpec => ({
  ...good,
  constants: { ...good.constants, ...constants },
  nodes: [conv, ...nodes],
  outputs: [{ name: nodes.at(-1)?.outputs[0] ?? "y", shape: [] }],
});
const wholes = (...data: number[]): TensorSpec => ({ shape: [data.length], data, type: INT64 });
const node = (op: string, inputs: string[], attributes: NodeSpec["attributes"] = {}): NodeSpec => ({
  op,
  inputs,
  outputs: ["z"],
  name: "n1",
  attributes,
});

const refused: Readonly<Record<string, readonly [ModelSpec, RegExp]>> = {
  "a cycle": [
    withNodes(
      { ...conv, outputs: ["y"], inputs: ["b", "w"] },
      { op: "Relu", inputs: ["y"], outputs: ["b"] },
    ),
    /Node (c1|b) .* has a cycle/,
  ],
  "a tensor that nothing gives": [
    withNodes({ ...conv, inputs: ["x", "gone"] }),
    /Node c1 of net\.onnx reads gone, which nothing gives/,
  ],
  "a tensor written twice": [
    withNodes(conv, { op: "Relu", inputs: ["x"], outputs: ["y"], name: "r" }),
    /Node r .* writes y, which has a value already/,
  ],
  "weights that are not a number": [
    { ...good, constants: { w: { shape: [3, 2, 3, 3], data: new Float32Array(54).fill(NaN) } } },
    /weights of layer c1 hold NaN at position 0/,
  ],
  "fewer weights than the shape says": [
    { ...good, constants: { w: { shape: [3, 2, 3, 3], data: new Float32Array(53) } } },
    /tensor w of shape 3×2×3×3 \(float\) asks for 54 values; the file holds 53/,
  ],
  "a tensor of 2^40 elements": [
    withConstants(
      { s: wholes(2 ** 20, 2 ** 20) },
      node("ConstantOfShape", ["s"]),
      { op: "Add", inputs: ["y", "z"], outputs: ["q"] },
    ),
    /Node n1 \(ConstantOfShape\) makes a constant of 1099511627776 elements, far more/,
  ],
  "an input of 2^40 elements": [
    { ...good, inputs: [{ name: "x", shape: [1, 2, 2 ** 20, 2 ** 20] }] },
    /input x of net\.onnx has the impossible shape/,
  ],
  "a padding of 2^31": [
    withNodes({ ...conv, attributes: { pads: [2 ** 31, 0, 0, 0] } }),
    /Node c1 \(Conv\) has a window with the sizes 2147483648/,
  ],
  "a scale of zero": [
    withConstants(
      { s: { shape: [], data: [0] }, zero: { shape: [], data: Int8Array.of(0) } },
      node("QuantizeLinear", ["y", "s", "zero"]),
    ),
    /Node n1 \(QuantizeLinear\) has a scale of 0; scales must be positive/,
  ],
  "text": [
    withConstants({ s: { shape: [1], data: [1], type: 8 } }, node("Add", ["y", "s"])),
    /tensor s is of ONNX data type 8, which intnic does not read/,
  ],
  "operators that intnic has not": [
    withConstants({}, node("NonMaxSuppression", ["y"])),
    /Node n1 is the operator NonMaxSuppression, which intnic cannot deploy/,
  ],
  "an operator that intnic has not, behind another one": [
    withConstants({}, { op: "Sin", inputs: ["y"], outputs: ["s"] }, node("Selu", ["s"])),
    /2 layers .* cannot be deployed:\n- Node s .* Sin, .*\n- Node n1 .* Selu, /,
  ],
  "an operator that is a property of every object": [
    withConstants(
      {},
      node("constructor", ["w"]),
      { op: "Add", inputs: ["y", "z"], outputs: ["q"] },
    ),
    /Node n1 is the operator constructor, which intnic cannot deploy/,
  ],
  "weights of another size than the kernel": [
    withNodes({ ...conv, attributes: { kernel_shape: [5, 5] } }),
    /Node c1 \(Conv\) has the kernel_shape \[5,5\], but weights of 3×2×3×3/,
  ],
  "a batch of eight": [
    { ...good, inputs: [{ name: "x", shape: [8, 2, 5, 5] }] },
    /input x of net\.onnx is a batch of 8 .* export the model with a batch of 1 or an open one/,
  ],
  "an image of no fixed size": [
    { ...good, inputs: [{ name: "x", shape: ["batch", 2, "height", 5] }] },
    /input x of net\.onnx has no fixed size for dimension 2 \(height\)/,
  ],
  "two inputs": [
    {
      ...withConstants({}, node("Add", ["y", "x2"])),
      inputs: [{ name: "x", shape: [1, 2, 5, 5] }, { name: "x2", shape: [1] }],
    },
    /has 2 inputs \(x, x2\); intnic deploys networks with one/,
  ],
  "attention": [
    withConstants({}, node("MatMul", ["y", "y"])),
    /Node n1 \(MatMul\) multiplies two computed tensors/,
  ],
  "weights that are not symmetric": [
    withConstants(
      {
        s: { shape: [], data: [0.1] },
        zero: { shape: [], data: Uint8Array.of(3) },
        codes: { shape: [1, 3, 1, 1], data: Uint8Array.of(0, 255, 9) },
      },
      { op: "QuantizeLinear", inputs: ["y", "s", "zero"], outputs: ["q"] },
      { op: "DequantizeLinear", inputs: ["q", "s", "zero"], outputs: ["d"] },
      { op: "DequantizeLinear", inputs: ["codes", "s", "zero"], outputs: ["v"] },
      node("Conv", ["d", "v"]),
    ),
    /Node n1 \(Conv\) has weights with the zero point 3, .* symmetric weights/,
  ],
};

for (const [what, [spec, message]] of Object.entries(refused)) {
  Deno.test(`ONNX: ${what}: refused in a full sentence`, () => {
    const bytes = writeOnnx(spec);
    assert.throws(() => importOnnx(onnxModel(bytes)), (error: Error) => {
      assert.ok(error instanceof UserError, `${error.stack}`);
      assert.match(error.message, message);
      return true;
    });
  });
}

Deno.test("ONNX: everything that cannot be deployed is told at once", () => {
  const spec = withConstants(
    {},
    { op: "Selu", inputs: ["y"], outputs: ["a"] },
    { op: "Sin", inputs: ["y"], outputs: ["b"] },
    node("Add", ["a", "b"]),
  );
  assert.throws(
    () => importOnnx(onnxModel(writeOnnx(spec))),
    /^UnsupportedError: 2 layers .*\n- .*Selu.*\n- .*Sin|2 layers of net\.onnx cannot be deployed:\n- Node a .*\n- Node b/,
  );
});

Deno.test("ONNX: half precision and other number types are expanded", () => {
  // 1.5 as float16, bfloat16 and double.
  const kinds: [number, number][] = [[FLOAT16, 0x3e00], [16, 0x3fc0], [11, 1.5]];
  for (const [type, value] of kinds) {
    const w = { shape: [1, 2, 1, 1], data: [value, value], type };
    const graph = importOnnx(onnxModel(writeOnnx({ ...good, constants: { w } })));
    assert.equal(floatRunner(graph)(new Float32Array(50).fill(1))[0], 3);
  }
});

Deno.test("ONNX: weights beside the model are read from its folder and nowhere else", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const data = Float32Array.from({ length: 54 }, (_, i) => i / 54);
    const raw = rawBytes({ shape: [], data });
    const write = async (location: string, more: object = {}) => {
      const constants = {
        w: { shape: [3, 2, 3, 3], data: [], type: 1, external: { location, offset: 8, ...more } },
      };
      await Deno.writeFile(join(folder, "net.onnx"), writeOnnx({ ...good, constants }));
      return importOnnx(await loadModel(join(folder, "net.onnx")));
    };
    await Deno.writeFile(join(folder, "w.bin"), Uint8Array.of(...new Uint8Array(8), ...raw));
    const plain = importOnnx(
      onnxModel(writeOnnx({ ...good, constants: { w: { shape: [3, 2, 3, 3], data } } })),
    );
    const x = Float32Array.from({ length: 50 }, (_, i) => i);
    const graph = await write("w.bin");
    assert.deepEqual(floatRunner(graph)(x), floatRunner(plain)(x));
    await assert.rejects(
      write("../w.bin"),
      /"\.\.\/w\.bin", which lies outside the model's folder/,
    );
    await assert.rejects(write("/etc/hosts"), /outside the model's folder/);
    await assert.rejects(write("none.bin"), /none\.bin cannot be read: it does not exist/);
    await assert.rejects(write("w.bin", { length: 2 ** 40 }), /1099511627776 bytes long; the file/);
    await assert.rejects(write("w.bin", { offset: -8 }), /at byte -8 of the file/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
