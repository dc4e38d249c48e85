import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findNetwork } from "./networks.ts";
import { checkOutput, saveModel } from "./save.ts";
import { useWasm } from "./wasm_kernels.ts";

async function withFolder(body: (folder: string) => Promise<void>): Promise<void> {
  await useWasm();
  const folder = await mkdtemp(join(tmpdir(), "intnic-save-"));
  try {
    await body(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const make = (seed: number) => findNetwork("convnet")([28, 28, 1], 10, seed);

Deno.test("a saved model loads, gives the same outputs, and the same bytes again", async () => {
  await withFolder(async (folder) => {
    const out = join(folder, "deep", "model");
    const model = make(1);
    await saveModel(model, out);
    assert.deepEqual((await readdir(out)).sort(), ["model.json", "weights.bin"]);
    const text = await readFile(join(out, "model.json"), "utf8");
    const weights = new Uint8Array(await readFile(join(out, "weights.bin")));
    const json = JSON.parse(text);
    assert.equal(json.format, "layers-model");
    assert.deepEqual(json.weightsManifest[0].paths, ["weights.bin"]);
    assert.equal(weights.length, 4 * model.countParams());

    const loaded = await tf.loadLayersModel(tf.io.fromMemory({
      modelTopology: json.modelTopology,
      weightSpecs: json.weightsManifest[0].weights,
      weightData: weights.buffer,
    }));
    const x = tf.linspace(0, 1, 784).reshape([1, 28, 28, 1]);
    const run = (m: tf.LayersModel) => (m.apply(x) as tf.Tensor).dataSync();
    assert.deepEqual(run(loaded), run(model));

    await saveModel(make(1), out);
    assert.equal(await readFile(join(out, "model.json"), "utf8"), text);
    assert.deepEqual(new Uint8Array(await readFile(join(out, "weights.bin"))), weights);
    await saveModel(make(2), out);
    assert.notDeepEqual(new Uint8Array(await readFile(join(out, "weights.bin"))), weights);
    assert.deepEqual(await readdir(join(folder, "deep")), ["model"]);
  });
});

Deno.test("a folder with other files is not replaced", async () => {
  await withFolder(async (folder) => {
    await writeFile(join(folder, "notes.txt"), "precious");
    for (const attempt of [() => checkOutput(folder), () => saveModel(make(1), folder)]) {
      await assert.rejects(attempt, { name: "UserError", message: /other files \(notes\.txt\)/ });
    }
    assert.deepEqual(await readdir(folder), ["notes.txt"]);
  });
});

Deno.test("an empty folder will do, a file will not", async () => {
  await withFolder(async (folder) => {
    await mkdir(join(folder, "empty"));
    await saveModel(make(1), join(folder, "empty"));
    const file = join(folder, "file");
    await writeFile(file, "");
    await assert.rejects(checkOutput(file), { name: "UserError", message: /Cannot save a model/ });
    await assert.rejects(checkOutput(join(file, "model")), { name: "UserError" });
  });
});
