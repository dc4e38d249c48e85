import assert from "node:assert/strict";
import { findNetwork, networkNames } from "./networks.ts";
import { useWasm } from "./wasm_kernels.ts";

const layers = {
  mlp: "flatten dense1 relu1 dense2 relu2 dense3",
  convnet: "conv1 pool1 relu1 conv2 pool2 relu2 flatten dense1",
};

for (const [name, names] of Object.entries(layers)) {
  Deno.test(`${name} has its layers, and a seed decides its weights`, async () => {
    await useWasm();
    const weights = (seed: number) =>
      findNetwork(name)([28, 28, 1], 10, seed).getWeights().map((w) => w.dataSync());
    const model = findNetwork(name)([28, 28, 1], 10, 1);
    assert.equal(model.layers.map((layer) => layer.name).join(" "), names);
    assert.deepEqual(model.outputShape, [null, 10]);
    assert.deepEqual(weights(1), weights(1));
    assert.notDeepEqual(weights(1), weights(2));
  });
}

Deno.test("sizes of the networks", async () => {
  await useWasm();
  const count = (name: string) => findNetwork(name)([28, 28, 1], 10, 1).countParams();
  assert.equal(count("mlp"), 784 * 128 + 128 + 128 * 64 + 64 + 64 * 10 + 10);
  assert.equal(count("convnet"), 9 * 16 + 16 + 9 * 16 * 16 + 16 + 400 * 10 + 10);
});

Deno.test("an unknown network is refused with the nearest name", () => {
  assert.deepEqual(networkNames, ["mlp", "convnet"]);
  assert.throws(() => findNetwork("covnet"), {
    name: "UserError",
    message: /no network called "covnet". Did you mean convnet\?/,
    exitCode: 1,
  });
});
