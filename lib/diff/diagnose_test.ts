import assert from "node:assert/strict";
import { seededRandom } from "../../tests/random_graph.ts";
import { verify } from "../graph/verify.ts";
import { quantize } from "../quantize/quantize.ts";
import { quantizeValues } from "../quantize/range.ts";
import type { Encoding, Node } from "../types.ts";
import { diagnose } from "./diagnose.ts";

const random = seededRandom(3);

function dense(name: string, input: string, channel: (o: number) => number = () => 1): Node {
  const data = Float32Array.from(
    { length: 16 * 16 },
    (_, i) => channel(Math.floor(i / 16)) * (2 * random() - 1),
  );
  return {
    name,
    op: "dense",
    inputs: [input],
    output: name,
    attributes: {},
    weights: { shape: [16, 16], data },
    bias: new Float32Array(16),
    activation: "none",
  };
}

/** Diagnoses layers in a row on uniform inputs, with encodings forced on some. */
function diagnosed(nodes: Node[], encodings: Record<string, Encoding> = {}) {
  const graph = verify({
    name: "g",
    nodes,
    input: "x",
    output: nodes.at(-1)!.output,
    encodings: new Map(Object.entries(encodings)),
    rounding: "tflite",
    notes: [],
  }, [16]);
  const inputs = Array.from(
    { length: 50 },
    () => Float32Array.from({ length: 16 }, () => 2 * random() - 1),
  );
  const quantized = quantize(graph, inputs, { calibrator: "max" });
  const tensor = quantized.tensors.get("x")!;
  const samples = inputs.map((real) => ({ real, codes: quantizeValues(real, tensor) }));
  return diagnose(graph, quantized, samples);
}

Deno.test("a layer whose range is fine has the noise of rounding", () => {
  const [layer] = diagnosed([dense("a", "x")]);
  assert.equal(layer!.cause, "rounding");
  assert.ok(layer!.snr > 35 && layer!.snr < 55, `${layer!.snr}`);
  assert.ok(layer!.ownSnr >= layer!.snr);
});

Deno.test("a range too small is saturation, one too large is narrow", () => {
  const [small] = diagnosed([dense("a", "x")], { a: { scale: 0.01, zeroPoint: 0 } });
  assert.equal(small!.cause, "saturation");
  assert.ok(small!.saturation > 0.2 && small!.snr < 15);
  const [large] = diagnosed([dense("a", "x")], { a: { scale: 0.5, zeroPoint: 0 } });
  assert.equal(large!.cause, "narrow range");
  assert.ok(large!.codes < 40 && large!.saturation === 0);
});

Deno.test("one channel far above the others is an outlier", () => {
  const [layer] = diagnosed([dense("a", "x", (o) => o === 5 ? 40 : 1)]);
  assert.equal(layer!.cause, "outlier channel");
  assert.match(layer!.detail, /channel 5 reaches \d+\.\d times/);
});

Deno.test("weights of one scale with one large channel are an outlier too", () => {
  const plain = dense("a", "x", (o) => o === 5 ? 1 : 0.02);
  const step = 1 / 127;
  const codes = {
    weights: Int8Array.from(plain.weights!.data, (w) => Math.round(w / step)),
    scales: new Float64Array(16).fill(step),
    bias: new Int32Array(16),
  };
  // The outputs are brought back to one size, so that only the weights show it.
  const [layer] = diagnosed([{ ...plain, codes }]);
  assert.equal(layer!.cause, "outlier channel");
});

Deno.test("what a coarse layer spoils is accumulated in the next", () => {
  const coarse = { a: { scale: 0.5, zeroPoint: 0 } };
  const layers = diagnosed([dense("a", "x"), dense("b", "a")], coarse);
  assert.deepEqual(layers.map(({ cause }) => cause), ["narrow range", "accumulated"]);
  assert.ok(layers[1]!.ownSnr > layers[1]!.snr + 3);
});
