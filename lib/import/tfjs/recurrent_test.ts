import * as tf from "@tensorflow/tfjs";
import assert from "node:assert/strict";
import { floatRunner } from "../../graph/float.ts";
import { importTfjs } from "../tfjs.ts";
import { agrees, compare, init, type Json, refuses, saved } from "./testing.ts";

const kinds = { lstm: tf.layers.lstm, gru: tf.layers.gru, simpleRNN: tf.layers.simpleRNN };
const seeded = () => ({
  ...init(),
  recurrentInitializer: tf.initializers.glorotUniform({ seed: 11 }),
});

/** A model of one layer over 6 steps of 3 features. */
const model = (layer: tf.layers.Layer, first: Json = { inputShape: [6, 3] }) =>
  tf.sequential({ layers: [tf.layers.inputLayer(first), layer] });

for (const [name, make] of Object.entries(kinds)) {
  for (const returnSequences of [true, false]) {
    for (const goBackwards of [true, false]) {
      const what = `${name}${returnSequences ? ", sequences" : ""}${
        goBackwards ? ", backwards" : ""
      }`;
      Deno.test(`tfjs: ${what}`, async () => {
        const options = { ...seeded(), units: 4, returnSequences, goBackwards } as Json;
        await agrees(model(make(options) as tf.layers.Layer));
        const gates = { recurrentActivation: "sigmoid", useBias: false };
        await agrees(model(make({ ...options, ...gates }) as tf.layers.Layer));
      });
    }
  }
}

for (const mergeMode of ["concat", "sum", "mul", "ave"] as const) {
  Deno.test(`tfjs: bidirectional ${mergeMode}`, async () => {
    for (const returnSequences of [true, false]) {
      const layer = tf.layers.gru({ ...seeded(), units: 3, returnSequences }) as tf.RNN;
      await agrees(model(tf.layers.bidirectional({ layer, mergeMode })));
    }
  });
}

Deno.test("tfjs: a stateful layer goes on where it was", async () => {
  for (const make of Object.values(kinds)) {
    const layer = make({ ...seeded(), units: 4, stateful: true } as Json) as tf.layers.Layer;
    const whole = model(layer, { batchInputShape: [1, 6, 3] });
    const run = floatRunner(importTfjs(await saved(whole)));
    for (let call = 0; call < 3; call++) {
      const x = Float32Array.from({ length: 18 }, (_, i) => Math.sin(i * (call + 1)));
      const expected = (whole.predict(tf.tensor(x, [1, 6, 3])) as tf.Tensor).dataSync();
      run(x).forEach((value, i) => assert.ok(Math.abs(value - expected[i]!) < 1e-5));
    }
  }
});

// tfjs itself has no reset_after. With zero biases of the state, and reset gates at one, it means the
// same as without.
Deno.test("tfjs: a GRU with reset_after, as Keras writes it", async () => {
  const plain = model(tf.layers.gru({ ...seeded(), name: "g", units: 2 }) as tf.layers.Layer);
  const weights = plain.getWeights();
  const open = tf.tidy(() => weights[2]!.add(tf.tensor([0, 0, 100, 100, 0, 0])));
  plain.setWeights([weights[0]!, weights[1]!, open]);
  const given = await saved(plain, (json) => {
    json.modelTopology.config.layers[1].config.reset_after = true;
    json.weightsManifest[0].weights[2].shape = [2, 6];
  });
  const bytes = given.files.get("weights.bin")!;
  const files = new Map([...given.files, [
    "weights.bin",
    new Uint8Array([...bytes, ...Array(24).fill(0)]),
  ]]);
  compare({ ...given, files }, (x) => plain.predict(x) as tf.Tensor);
  await refuses(
    saved(plain, (json) => json.modelTopology.config.layers[1].config.reset_after = true),
    /needs the weight g\/bias with 2 dimensions/,
  );
});

Deno.test("recurrent layers with settings that cannot be deployed are refused", async () => {
  const make = (options: Json) =>
    saved(model(tf.layers.lstm({ name: "m", units: 2, ...options }) as tf.layers.Layer));
  await refuses(make({ activation: "relu" }), /Layer m \(LSTM\) has activation "relu"/);
  const inner = tf.layers.lstm({ units: 2, goBackwards: true }) as tf.RNN;
  const both = tf.layers.bidirectional({ name: "b", layer: inner, mergeMode: "concat" });
  await refuses(
    saved(model(both), (json) => {
      json.modelTopology.config.layers[1].config.layer.config.go_backwards = true;
    }),
    /Layer b .*go_backwards true/,
  );
});
