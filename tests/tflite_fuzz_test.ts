import assert from "node:assert/strict";
import { UserError } from "../lib/errors.ts";
import { importTflite } from "../lib/import/tflite.ts";
import { elements } from "../lib/ops/op.ts";
import { calibratedTensors, quantize } from "../lib/quantize/quantize.ts";
import { haveMlperfTiny, mlperfTiny } from "./mlperf_tiny.ts";
import { constantBytes, mutate } from "./mutations.ts";
import { seededRandom } from "./random_graph.ts";
import { modelOf } from "./tflite_golden.ts";
import { makers, randomTflite } from "./tflite_models.ts";

const MUTATIONS = 2000;
/** Of one file; an import of such sizes takes milliseconds. */
const MOST_SECONDS = 5;

/** Imports a damaged file; nothing but a full sentence may come out of it. */
function survive(bytes: Uint8Array, what: string): void {
  const start = performance.now();
  try {
    const graph = importTflite(modelOf(bytes));
    assert.ok(constantBytes(graph) <= 70 * bytes.length + (2 << 20), `${what} grew`);
    const size = [...graph.tensors.values()].reduce((sum, shape) => sum + elements(shape), 0);
    if (bytes.length < 1 << 14 && size < 1 << 20 && calibratedTensors(graph).length === 0) {
      quantize(graph, []);
    }
  } catch (error) {
    if (!(error instanceof UserError)) throw new Error(`${what} crashed`, { cause: error });
    assert.match(error.message, /^[A-Z0-9].*[.:!?)]$|^[a-z]\S* .*\.$/s, what);
  }
  assert.ok(performance.now() - start < 1000 * MOST_SECONDS, `${what} took too long`);
}

function survivors(name: string, original: Uint8Array): void {
  const random = seededRandom(original.length);
  for (let i = 0; i < MUTATIONS; i++) survive(mutate(original, random), `${name}, mutation ${i}`);
}

for (const kind of Object.keys(makers)) {
  Deno.test(`${kind}: ${MUTATIONS} damaged files`, () => {
    survivors(kind, randomTflite(kind, seededRandom(1)));
  });
}

for (const name of mlperfTiny) {
  Deno.test(
    { name: `${name}: ${MUTATIONS} damaged files`, ignore: !haveMlperfTiny() },
    async () => {
      const url = new URL(`../../shared/data/mlperf-tiny/${name}/model.tflite`, import.meta.url);
      survivors(name, await Deno.readFile(url));
    },
  );
}
