/**
 * tfjs models in tests: saved as tfjs saves them, and compared with what tfjs computes.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import assert from "node:assert/strict";
import { randomInputs } from "../../../tests/random_graph.ts";
import { UserError } from "../../errors.ts";
import { floatRunner } from "../../graph/float.ts";
import type { Model } from "../../types.ts";
import { importTfjs } from "../tfjs.ts";

await tf.setBackend("cpu");

// deno-lint-ignore no-explicit-any
export type Json = any;

/** A tfjs model as its own saver writes it, `change`d. */
export async function saved(
  model: tf.LayersModel,
  change: (json: Json) => void = () => {},
): Promise<Model> {
  let artifacts: tf.io.ModelArtifacts | undefined;
  await model.save(tf.io.withSaveHandler((given) => {
    artifacts = given;
    return Promise.resolve({
      modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: "JSON" },
    });
  }));
  const { modelTopology, weightSpecs, weightData } = artifacts!;
  const json = {
    format: "layers-model",
    modelTopology: structuredClone(modelTopology),
    weightsManifest: [{ paths: ["weights.bin"], weights: weightSpecs }],
  };
  change(json as unknown as Json);
  return modelOf(json, new Uint8Array(weightData as ArrayBuffer));
}

/** A model in memory. */
export function modelOf(json: unknown, weights: Uint8Array): Model {
  const files = new Map([
    ["model.json", new TextEncoder().encode(JSON.stringify(json))],
    ["weights.bin", weights],
  ]);
  return { name: "test", format: "tfjs", path: "model.json", sha256: "", files };
}

/** The import gives what tfjs gives, to 1e-4. */
export async function agrees(model: tf.LayersModel, given?: Model): Promise<void> {
  compare(given ?? await saved(model), (x) => model.predict(x) as tf.Tensor);
}

/** The import gives what `predict` gives for a batch of one, to 1e-4. */
export function compare(given: Model, predict: (x: tf.Tensor) => tf.Tensor): void {
  const graph = importTfjs(given);
  const run = floatRunner(graph);
  const shape = graph.tensors.get(graph.input)!;
  for (const input of randomInputs(graph, 4, 3)) {
    const expected = tf.tidy(() => predict(tf.tensor(input, [1, ...shape])).dataSync());
    run.reset();
    const actual = run(input);
    assert.equal(actual.length, expected.length);
    actual.forEach((value, i) => {
      const tolerance = 1e-4 * Math.max(1, Math.abs(expected[i]!));
      assert.ok(Math.abs(value - expected[i]!) < tolerance, `${value} is not ${expected[i]}`);
    });
  }
}

/** The import fails with a `UserError` that matches. */
export async function refuses(model: Model | Promise<Model>, message: RegExp): Promise<void> {
  const given = await model;
  assert.throws(() => importTfjs(given), (error: Error) => {
    assert.ok(error instanceof UserError, String(error.stack));
    assert.match(error.message, message);
    return true;
  });
}

/** Seeded weights and biases. */
export const init = () => ({
  kernelInitializer: tf.initializers.glorotUniform({ seed: 5 }),
  biasInitializer: tf.initializers.randomUniform({ minval: -1, maxval: 1, seed: 6 }),
});
