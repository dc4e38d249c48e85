import assert from "node:assert/strict";
import { UserError } from "../lib/errors.ts";
import { importOnnx } from "../lib/import/onnx.ts";
import { elements } from "../lib/ops/op.ts";
import { calibratedTensors, quantize } from "../lib/quantize/quantize.ts";
import { constantBytes, mutate } from "./mutations.ts";
import { networks } from "./onnx_networks.ts";
import { quantizedNetwork } from "./onnx_quantized.ts";
import { onnxModel, writeOnnx } from "./onnx_writer.ts";
import { seededRandom } from "./random_graph.ts";

const MUTATIONS = 2000;
/** Of one file; an import of such sizes takes milliseconds. */
const MOST_SECONDS = 5;

/** Imports a damaged file; nothing but a full sentence may come out of it. */
function survive(bytes: Uint8Array, what: string): void {
  const start = performance.now();
  try {
    const graph = importOnnx(onnxModel(bytes));
    assert.ok(constantBytes(graph) <= 70 * bytes.length + (2 << 20), `${what} grew`);
    const size = [...graph.tensors.values()].reduce((sum, shape) => sum + elements(shape), 0);
    if (size < 1 << 18 && calibratedTensors(graph).length === 0) quantize(graph, []);
  } catch (error) {
    if (!(error instanceof UserError)) throw new Error(`${what} crashed`, { cause: error });
    assert.match(error.message, /^[A-Z0-9].*[.:!?)]$|^[a-z]\S* .*\.$/s, what);
  }
  assert.ok(performance.now() - start < 1000 * MOST_SECONDS, `${what} took too long`);
}

function survivors(name: string, original: Uint8Array): void {
  survive(original, name);
  const random = seededRandom(original.length);
  for (let i = 0; i < MUTATIONS; i++) survive(mutate(original, random), `${name}, mutation ${i}`);
}

// One of the recurrent ones stands for all.
const samples = networks.filter(({ name }) => !/GRU|RNN|reverse|forward/.test(name));

for (const { name, spec } of samples) {
  Deno.test(`ONNX: ${MUTATIONS} damaged files: ${name}`, () => survivors(name, writeOnnx(spec)));
}

for (const form of ["operators", "qdq"] as const) {
  Deno.test(`ONNX: ${MUTATIONS} damaged quantized files (${form})`, () => {
    survivors(form, writeOnnx(quantizedNetwork(form, "uint8").spec));
  });
}

Deno.test("ONNX: files of random bytes", () => {
  const random = seededRandom(1);
  for (let i = 0; i < MUTATIONS; i++) {
    const length = Math.floor(200 * random());
    survive(Uint8Array.from({ length }, () => 256 * random()), `random file ${i}`);
  }
});
