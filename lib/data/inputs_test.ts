import assert from "node:assert/strict";
import { join } from "node:path";
import { UserError } from "../errors.ts";
import { verify } from "../graph/verify.ts";
import type { EdgeType, Encoding, Graph } from "../types.ts";
import { loadInputs } from "./inputs.ts";
import { npy } from "./npy_for_tests.ts";

/** A network of four inputs. */
function graphOf(input: EdgeType, encoding?: Encoding): Graph {
  const node = {
    name: "relu",
    op: "relu",
    inputs: ["x"],
    output: "y",
    attributes: {},
    activation: "none",
  } as const;
  return verify({
    name: "g",
    nodes: [node],
    input: "x",
    output: "y",
    notes: [],
    edges: { input, output: "int8" },
    rounding: "tflite",
    ...(encoding === undefined ? {} : { encodings: new Map([["x", encoding]]) }),
  }, [2, 2]);
}

async function inFolder(
  files: Record<string, Uint8Array>,
  work: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, bytes] of Object.entries(files)) {
      await Deno.writeFile(join(folder, name), bytes);
    }
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const encoding = { scale: 0.5, zeroPoint: -3 };

Deno.test("raw bytes in the type of the input, in the order of their numbers", async () => {
  const files = {
    "input_0.bin": Uint8Array.from([0, 1, 255, 128]),
    "input_2.bin": Uint8Array.from([2, 2, 2, 2]),
    "input_10.bin": Uint8Array.from([10, 10, 10, 10]),
    "output_0.bin": new Uint8Array(1),
    "output_2.bin": new Uint8Array(2),
    "output_10.bin": new Uint8Array(3),
    "labels.bin": Uint8Array.from([4, 5, 6]),
  };
  await inFolder(files, async (folder) => {
    const signed = await loadInputs(folder, graphOf("int8", encoding));
    assert.equal(signed.count, 3);
    assert.deepEqual([...signed.codes!(0)], [0, 1, -1, -128]);
    assert.deepEqual([...signed.input(0)], [1.5, 2, 1, -62.5]);
    assert.deepEqual(signed.codes!(2)[0], 10);
    assert.deepEqual(signed.labels, Uint8Array.from([4, 5, 6]));
    assert.deepEqual(signed.expected.map(({ length }) => length), [1, 2, 3]);
    const unsigned = await loadInputs(folder, graphOf("uint8", encoding), 1);
    assert.deepEqual([...unsigned.codes!(0)], [-128, -127, 127, 0]);
    assert.equal(unsigned.expected.length, 1);
    await assert.rejects(loadInputs(folder, graphOf("float32")), /has 4 bytes; .* which is 16/);
    await assert.rejects(loadInputs(folder, graphOf("int8", encoding), 4), /Cannot load 4 samples/);
  });
});

Deno.test("floats are real values, quantized half away from zero", async () => {
  const data = new Uint8Array(Float32Array.from([0.25, -0.25, 1000, 0]).buffer);
  await inFolder({ "input_0.bin": data }, async (folder) => {
    const { codes, input, labels } = await loadInputs(folder, graphOf("float32", encoding));
    assert.deepEqual([...codes!(0)], [-2, -4, 127, -3]);
    assert.deepEqual([...input(0)], [0.25, -0.25, 1000, 0]);
    assert.equal(labels, null);
    assert.equal((await loadInputs(folder, graphOf("float32"))).codes, undefined);
  });
});

Deno.test("arrays: a batch, single samples, whole numbers as codes, labels", async () => {
  const batch = npy("|i1", [2, 2, 2], Uint8Array.from([0, 1, 2, 3, 4, 5, 6, 7]));
  const one = npy("<f4", [4], new Uint8Array(Float32Array.from([1, 2, 3, 4]).buffer));
  const labels = npy("<i8", [3], new Uint8Array(BigInt64Array.from([1n, 0n, 1n]).buffer));
  await inFolder({ "a.npy": batch, "b.npy": one, "labels.npy": labels }, async (folder) => {
    const samples = await loadInputs(folder, graphOf("int8", encoding));
    assert.equal(samples.count, 3);
    assert.deepEqual([...samples.codes!(1)], [4, 5, 6, 7]);
    assert.deepEqual([...samples.codes!(2)], [-1, 1, 3, 5]);
    assert.deepEqual([...samples.labels!], [1, 0, 1]);
    assert.equal((await loadInputs(join(folder, "a.npy"), graphOf("float32"))).count, 2);
    const real = await loadInputs(folder, graphOf("float32"));
    assert.deepEqual([...real.input(0)], [0, 1, 2, 3]);
  });
});

Deno.test("what does not fit is told", async () => {
  const three = npy("|u1", [3], Uint8Array.from([1, 2, 3]));
  const large = npy("<i2", [4], new Uint8Array(Int16Array.from([0, 0, 300, 0]).buffer));
  const missing = { "input_0.bin": new Uint8Array(4), "input_1.bin": new Uint8Array(4) };
  const nan = npy("<f4", [4], new Uint8Array(Float32Array.from([0, NaN, 0, 0]).buffer));
  const cases: [Record<string, Uint8Array>, RegExp][] = [
    [{}, /holds no samples/],
    [{ "a.npy": three }, /array of 3; the model takes 2×2/],
    [{ "a.npy": large }, /holds 300, but the model's input is uint8: 0 to 255/],
    [{ "a.npy": nan }, /holds NaN at position 1/],
    [{ ...missing, "output_1.bin": new Uint8Array(1) }, /but not output_0\.bin/],
    [{ ...missing, "labels.bin": new Uint8Array(3) }, /2 samples but 3 labels/],
  ];
  for (const [files, message] of cases) {
    await inFolder(files, async (folder) => {
      await assert.rejects(loadInputs(folder, graphOf("uint8", encoding)), (error: Error) => {
        assert.ok(error instanceof UserError);
        assert.match(error.message, message);
        return true;
      });
    });
  }
  await assert.rejects(loadInputs("/nowhere", graphOf("uint8", encoding)), /no samples at/);
});

Deno.test("samples are in the model's own order, unless an array's shape is ours", async () => {
  const order = { shape: [2, 1, 3], axes: [1, 2, 0] };
  const graph = {
    ...graphOf("float32"),
    tensors: new Map([["x", [1, 3, 2]]]),
    inputOrder: order,
  };
  const theirs = Float32Array.of(0, 1, 2, 10, 11, 12);
  const ours = Float32Array.of(0, 10, 1, 11, 2, 12);
  const bytes = (values: Float32Array<ArrayBuffer>) => new Uint8Array(values.buffer);
  const cases: Record<string, Uint8Array>[] = [
    { "input_0.bin": bytes(theirs) },
    { "a.npy": npy("<f4", [1, 2, 1, 3], bytes(theirs)) },
    { "a.npy": npy("<f4", [6], bytes(theirs)) },
    { "a.npy": npy("<f4", [1, 3, 2], bytes(ours)) },
  ];
  for (const files of cases) {
    await inFolder(files, async (folder) => {
      assert.deepEqual((await loadInputs(folder, graph)).input(0), ours);
    });
  }
});
