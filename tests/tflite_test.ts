import assert from "node:assert/strict";
import { build } from "../lib/build/build.ts";
import { loadKernels } from "../lib/build/kernels.ts";
import { generateC } from "../lib/codegen/c.ts";
import { importTflite } from "../lib/import/tflite.ts";
import { quantize } from "../lib/quantize/quantize.ts";
import { referenceRunner } from "../lib/run/reference.ts";
import { loadTarget } from "../lib/targets.ts";
import { seededRandom } from "./random_graph.ts";
import { digest, goldenCase, modelOf } from "./tflite_golden.ts";
import { mobilenet } from "./tflite_mobilenet.ts";
import { makers, randomInput, randomTflite } from "./tflite_models.ts";

/**
 * For each kind of model, `seed:model:outputs`: digests of the file that the seed makes, and of what
 * the reference kernels of TensorFlow Lite Micro (snapshot 90b983c2b, on x86-64) gave for its inputs.
 */
const golden: Record<string, string[]> = JSON.parse(
  await Deno.readTextFile(new URL("golden/tflm.json", import.meta.url)),
);

for (const kind of Object.keys(makers)) {
  Deno.test(`${kind}: the bytes of TensorFlow Lite Micro`, () => {
    assert.ok(golden[kind]!.length >= 20, "too few cases");
    for (const entry of golden[kind]!) {
      const [seed, model, outputs] = entry.split(":");
      const made = randomTflite(kind, seededRandom(Number(seed)));
      assert.equal(digest(made), model, `seed ${seed} makes another model than was run`);
      assert.equal(digest(...goldenCase(kind, Number(seed)).outputs), outputs, `seed ${seed}`);
    }
  });
}

Deno.test("MobileNet for visual wake words: the bytes of TensorFlow Lite Micro, and room on an M4", async () => {
  const graph = quantize(importTflite(modelOf(mobilenet(1))), []);
  assert.equal(graph.nodes.reduce((sum, { macs }) => sum + macs, 0), 7_489_664);
  const random = seededRandom(5);
  const run = referenceRunner(graph);
  const outputs = [0, 1, 2].map(() =>
    new Uint8Array(run(new Int8Array(randomInput(random, "int8", 96 * 96 * 3, false).buffer)))
  );
  assert.equal(digest(...outputs), "7502fb64");
  const target = await loadTarget("cortex-m4");
  const program = generateC(graph, await loadKernels(target));
  assert.ok(program.arena.bytes <= 60_000, `${program.arena.bytes} bytes of arena`);
  const directory = await Deno.makeTempDir();
  try {
    const { flash } = await build(program, target, { directory });
    assert.ok(flash.total <= 290_000, `${flash.total} bytes of flash`);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
