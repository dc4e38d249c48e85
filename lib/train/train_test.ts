import assert from "node:assert/strict";
import type { Dataset } from "../data/mod.ts";
import { createRandom } from "./random.ts";
import { defaultRecipe } from "./recipe.ts";
import { type EpochResult, measureAccuracy, trainNetwork } from "./train.ts";

/** Easy images of 12×12 pixels: a bright bar in one of three places, and noise. */
function bars(count: number, seed: number): Dataset {
  const random = createRandom(seed, "bars");
  const images = Uint8Array.from({ length: count * 144 }, () => 60 * random.uniform());
  const labels = Uint8Array.from({ length: count }, () => 3 * random.uniform());
  for (let i = 0; i < count; i++) {
    images.fill(250, i * 144 + 48 * labels[i]!, i * 144 + 48 * labels[i]! + 36);
  }
  return { name: "bars", split: "train", shape: [12, 12, 1], images, labels, count };
}

const recipe = {
  ...defaultRecipe,
  epochs: 3,
  batch: 16,
  holdOut: 1 / 13,
  averaging: 0.9,
  distortion: { rotation: 5, scale: 0.05, shear: 0.05, shift: 0.5 },
};

for (const network of ["mlp", "convnet"]) {
  Deno.test(`${network} learns, and a seed gives the same weights twice`, async () => {
    const dataset = bars(520, 1);
    const before = { images: dataset.images.slice(), labels: dataset.labels.slice() };
    const results: EpochResult[] = [];
    const steps: number[] = [];
    const model = await trainNetwork(network, dataset, recipe, {
      onEpoch: (result) => results.push(result),
      onStep: (step, all) => steps.push(step / all),
    });
    assert.deepEqual(results.map(({ epoch }) => epoch), [1, 2, 3]);
    assert.equal(steps.length, 90);
    assert.equal(steps.at(-1), 1);
    assert.ok(results[2]!.loss < results[0]!.loss);
    assert.ok(results[2]!.accuracy > 0.95, `accuracy ${results[2]!.accuracy}`);
    assert.ok(measureAccuracy(model, bars(700, 2)) > 0.95);
    assert.deepEqual({ images: dataset.images, labels: dataset.labels }, before);

    const weights = model.getWeights().map((w) => w.dataSync());
    const again = await trainNetwork(network, dataset, recipe);
    assert.deepEqual(again.getWeights().map((w) => w.dataSync()), weights);
    const other = await trainNetwork(network, dataset, { ...recipe, epochs: 1, seed: 2 });
    assert.notDeepEqual(other.getWeights().map((w) => w.dataSync()), weights);
  });
}

Deno.test("a dataset too small for its batch is refused", async () => {
  await assert.rejects(trainNetwork("mlp", bars(16, 1), recipe), {
    name: "UserError",
    message: /16 samples of bars: 1 are held out .* batch takes 16/,
  });
});

Deno.test("images too small for the convolutions are refused", async () => {
  const tiny = { ...bars(50, 1), shape: [9, 16, 1] };
  await assert.rejects(trainNetwork("convnet", tiny, recipe), {
    name: "UserError",
    message: /9×16 pixels: .* at least 10×10/,
  });
});
