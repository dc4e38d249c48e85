import * as tf from "@tensorflow/tfjs";
import assert from "node:assert/strict";
import { quantizeForSize } from "../inspect/figures.ts";
import { importTfjs } from "./tfjs.ts";
import { agrees, init, type Json, refuses, saved } from "./tfjs/testing.ts";
import { UnsupportedError } from "./unsupported.ts";

Deno.test("a Sequential model with every layer intnic knows gives what tfjs gives", async () => {
  const layers = [
    tf.layers.conv2d({ ...init(), inputShape: [13, 11, 2], filters: 5, kernelSize: 3 }),
    tf.layers.reLU(),
    tf.layers.conv2d({
      ...init(),
      filters: 4,
      kernelSize: [3, 2],
      strides: [2, 1],
      padding: "same",
      activation: "relu",
    }),
    tf.layers.dropout({ rate: 0.5 }),
    tf.layers.conv2d({
      ...init(),
      filters: 6,
      kernelSize: 3,
      dilationRate: 2,
      padding: "same",
      useBias: false,
    }),
    tf.layers.maxPooling2d({ poolSize: 3, strides: 2, padding: "same" }),
    tf.layers.activation({ activation: "relu" }),
    tf.layers.maxPooling2d({ poolSize: [1, 2], strides: [1, 2] }),
    tf.layers.reshape({ targetShape: [6, 6] }),
    tf.layers.flatten(),
    tf.layers.dense({ ...init(), units: 7, activation: "relu" }),
    tf.layers.dense({ ...init(), units: 3 }),
  ];
  await agrees(tf.sequential({ layers }));
});

Deno.test("a functional model is imported, softmax and all", async () => {
  const input = tf.input({ shape: [6, 6, 1] });
  const conv = tf.layers.conv2d({ ...init(), filters: 3, kernelSize: 3 }).apply(input);
  const flat = tf.layers.flatten().apply(conv);
  const logits = tf.layers.dense({ ...init(), units: 4 }).apply(flat) as tf.SymbolicTensor;
  const output = tf.layers.softmax({ name: "probabilities" }).apply(logits) as tf.SymbolicTensor;
  const model = tf.model({ inputs: input, outputs: output });
  await agrees(model);
  assert.deepEqual(importTfjs(await saved(model)).notes, []);
});

const dense = (options: Partial<Parameters<typeof tf.layers.dense>[0]> = {}) =>
  tf.sequential({
    layers: [tf.layers.dense({ ...init(), name: "fc", inputShape: [4], units: 3, ...options })],
  });

Deno.test("layers intnic cannot deploy are refused by name", async () => {
  await refuses(saved(dense({ activation: "mish" })), /Layer fc has the activation "mish"/);
  const embedded = tf.sequential({
    layers: [tf.layers.embedding({ name: "words", inputLength: 3, inputDim: 9, outputDim: 2 })],
  });
  await refuses(saved(embedded), /Layer words is a Embedding, which intnic cannot deploy/);
  const input = tf.input({ shape: [4] });
  const shared = tf.layers.dense({ units: 4, name: "twice" });
  const output = shared.apply(shared.apply(input)) as tf.SymbolicTensor;
  await refuses(saved(tf.model({ inputs: input, outputs: output })), /twice .* is used 2 times/);
});

Deno.test("damaged models are refused with what is wrong", async () => {
  const damaged = (change: (json: Json) => void) => saved(dense(), change);
  await refuses(
    damaged((json) => json.weightsManifest[0].weights[0].shape = [4, 4]),
    /60 bytes long, but its manifest describes 76 bytes/,
  );
  await refuses(
    damaged((json) => json.weightsManifest[0].weights[0].name = "other"),
    /Layer fc \(Dense\) needs the weight fc\/kernel/,
  );
  await refuses(
    damaged((json) => json.weightsManifest[0].weights[0].shape = [-4, 3]),
    /weightsManifest .* is damaged/,
  );
  await refuses(
    damaged((json) => json.weightsManifest[0].weights[0].dtype = "int32"),
    /stored as int32; it must be float32/,
  );
  await refuses(
    damaged((json) => json.modelTopology.config.layers[0].config.batch_input_shape = [null, null]),
    /batch_input_shape \[null,null\]/,
  );
  await refuses(damaged((json) => json.modelTopology.config.layers = []), /no layers/);
  await refuses(damaged((json) => delete json.modelTopology), /modelTopology/);
  const nan = await saved(dense());
  nan.files.get("weights.bin")!.set([0, 0, 0xc0, 0x7f], 4);
  await refuses(Promise.resolve(nan), /hold NaN at position/);
});

Deno.test("settings that are absent have tfjs's defaults; made-up names keep clear of given ones", async () => {
  const model = tf.sequential({
    layers: [
      tf.layers.conv2d({
        ...init(),
        name: "input",
        inputShape: [7, 7, 1],
        filters: 2,
        kernelSize: 3,
      }),
      tf.layers.dense({ ...init(), name: "d", units: 3, activation: "relu" }),
    ],
  });
  const conv = tf.sequential({ layers: [model.layers[0]!] });
  const graph = importTfjs(
    await saved(conv, (json) => {
      const { config } = json.modelTopology.config.layers[0];
      delete config.strides;
      delete config.dilation_rate;
    }),
  );
  assert.deepEqual(graph.tensors.get(graph.output), [5, 5, 2]);
  const named = tf.sequential({
    layers: [
      tf.layers.dense({ ...init(), name: "d", inputShape: [4], units: 3, activation: "relu" }),
      tf.layers.dense({ ...init(), name: "d/relu", units: 2, activation: "relu" }),
    ],
  });
  await agrees(named);
});

Deno.test("layers that do not reach the output are left out", async () => {
  const input = tf.input({ shape: [4] });
  const output = tf.layers.dense({ ...init(), name: "used", units: 2 }).apply(input);
  tf.layers.dense({ ...init(), name: "unused", units: 9 }).apply(input);
  const model = tf.model({ inputs: input, outputs: output as tf.SymbolicTensor });
  const graph = importTfjs(
    await saved(model, (json) => {
      const layers = json.modelTopology.config.layers;
      const spare = structuredClone(layers.at(-1));
      spare.name = spare.config.name = "spare";
      layers.push(spare);
      const weights = json.weightsManifest[0].weights;
      for (const { name, ...rest } of [...weights]) {
        weights.push({ ...rest, name: name.replace("used", "spare") });
      }
      json.weightsManifest[0].paths.push("weights.bin");
    }),
  );
  assert.deepEqual(graph.nodes.map(({ name }) => name), ["used"]);
});

Deno.test("windows beyond reason, odd ReLUs and sizes that contradict the weights are refused", async () => {
  const conv = tf.sequential({
    layers: [
      tf.layers.conv2d({ ...init(), name: "c", inputShape: [7, 7, 1], filters: 2, kernelSize: 3 }),
      tf.layers.reLU({ name: "r" }),
    ],
  });
  const changed = (layer: number, key: string, value: unknown) =>
    saved(conv, (json) => json.modelTopology.config.layers[layer].config[key] = value);
  await refuses(changed(0, "strides", 2 ** 31), /Layer c has a stride of 2147483648×2147483648/);
  await refuses(changed(0, "strides", 0), /Layer c has strides 0/);
  await refuses(
    changed(0, "filters", -1),
    /Layer c \(Conv2D\) has filters -1; only 2 would be right/,
  );
  await refuses(changed(1, "threshold", 0.3), /Layer r \(ReLU\) has threshold 0.3/);
  await refuses(changed(1, "max_value", -1), /Layer r is a ReLU limited to -1/);
});

Deno.test("all layers that cannot be deployed are told at once", async () => {
  const layers = [
    tf.layers.conv2d({ name: "c", inputShape: [8, 8, 1], filters: 2, kernelSize: 3 }),
    tf.layers.activation({ name: "m", activation: "mish" }),
    tf.layers.dense({ name: "d", units: 3 }),
    tf.layers.layerNormalization({ name: "n" }),
    tf.layers.flatten(),
    tf.layers.thresholdedReLU({ name: "t" }),
  ];
  const model = await saved(tf.sequential({ layers }));
  assert.throws(() => importTfjs(model), (error: Error) => {
    assert.ok(error instanceof UnsupportedError);
    assert.deepEqual(error.layers.map(({ name, kind }) => `${kind} ${name}`), [
      "Activation m",
      "LayerNormalization n",
      "ThresholdedReLU t",
    ]);
    return true;
  });
});

Deno.test("absurd sizes are refused before anything is made as large", async () => {
  const flat = tf.sequential({
    layers: [
      tf.layers.activation({ name: "a", activation: "tanh", inputShape: [4] }),
      tf.layers.activation({ name: "b", activation: "relu" }),
    ],
  });
  const shaped = (shape: unknown[]) =>
    saved(flat, (json) => {
      json.modelTopology.config.layers[0].config.batch_input_shape = shape;
      json.weightsManifest = [{ paths: ["weights.bin"], weights: [] }];
    });
  await refuses(shaped([null, 2 ** 40]), /shape 1099511627776; dimensions must be positive/);
  await refuses(shaped([null, 2 ** 20, 2 ** 20]), /shape 1048576×1048576;/);
  await refuses(
    saved(dense(), (json) => json.weightsManifest[0].weights[0].shape = [2 ** 20, 2 ** 20]),
    /60 bytes long, but its manifest describes 4398046511116 bytes/,
  );
  const large = importTfjs(await shaped([null, 4096, 4096, 3]));
  assert.throws(() => quantizeForSize(large), /have 150994944 elements together; at most 33554432/);
  const pool = importTfjs(
    await saved(
      tf.sequential({
        layers: [tf.layers.maxPooling2d({ poolSize: 2, strides: 1, inputShape: [2048, 2048, 1] })],
      }),
      (json) => {
        json.modelTopology.config.layers[0].config.pool_size = [1024, 1024];
        json.weightsManifest = [{ paths: ["weights.bin"], weights: [] }];
      },
    ),
  );
  assert.throws(() => quantizeForSize(pool), /takes \d+ taps of windows/);
});

Deno.test("models nested beyond reason are refused", async () => {
  await refuses(
    saved(dense(), (json) => {
      const layer = (inner: Json, i: number) => ({
        class_name: "Sequential",
        config: { name: `s${i}`, layers: [inner] },
      });
      let inner = json.modelTopology.config.layers[0];
      for (let i = 0; i < 2000; i++) inner = layer(inner, i);
      json.modelTopology.config.layers = [json.modelTopology.config.layers[0], inner];
    }),
    /lies 17 models deep/,
  );
});
