import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { train, trainDefaults } from "./train.ts";

const out = join(tmpdir(), "intnic-train-test", "model");

Deno.test("mistakes are found before training starts", async () => {
  const wrong = [
    ["mpl", {}, /no network called "mpl". Did you mean mlp\?/],
    ["mlp", { epochs: 0 }, /--epochs 0: it must be a whole number from 1/],
    ["mlp", { epochs: NaN }, /--epochs NaN/],
    ["mlp", { seed: 1.5 }, /--seed 1.5/],
    ["mlp", { batch: -1 }, /--batch -1/],
    ["mlp", { data: "mnistt" }, /Did you mean mnist\?/],
    ["mlp", { out: "/dev/null/model" }, /Cannot save a model to/],
  ] as const;
  for (const [network, options, message] of wrong) {
    await assert.rejects(
      train(network, { ...trainDefaults, out, ...options }),
      { name: "UserError", message },
    );
  }
});
