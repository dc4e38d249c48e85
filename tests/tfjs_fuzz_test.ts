import * as tf from "@tensorflow/tfjs";
import assert from "node:assert/strict";
import { loadKernels } from "../lib/build/kernels.ts";
import { generateC } from "../lib/codegen/c.ts";
import { UserError } from "../lib/errors.ts";
import { parseModelJson, weightPaths } from "../lib/import/tfjs/files.ts";
import {
  float,
  floats,
  graphJson,
  int,
  ints,
  text,
  wholes,
} from "../lib/import/tfjs/graph_for_tests.ts";
import { init, type Json, modelOf, saved } from "../lib/import/tfjs/testing.ts";
import { importTfjs } from "../lib/import/tfjs.ts";
import { quantizeForSize } from "../lib/inspect/figures.ts";
import { elements } from "../lib/ops/op.ts";
import type { Model } from "../lib/types.ts";
import { seededRandom } from "./random_graph.ts";

const MUTATIONS = 2000;
/** Milliseconds for all mutations of one model. */
const LIMIT = 60_000;

const kernels = await loadKernels({ name: "generic", kernels: [] });

/** What a stranger may put where something else stood. */
const strange: readonly unknown[] = [
  ...[null, true, -1, 0, 1, 2, 3.5, 7, 255, 2 ** 20, 2 ** 31, 2 ** 40, 2 ** 53, 1e308, -1e308],
  ...["", "x", "relu", "same", "NaN", "1099511627776", "__proto__", "constructor"],
  ...[[], [0], [-1], [2 ** 40, 2 ** 40], [[]], [null, 1, 2 ** 31], {}, { s: "" }, { i: "-3" }],
  ...[{ list: {} }, { list: { i: ["99999999", "1"] } }, {
    shape: { dim: [{ size: "1099511627776" }] },
  }],
];

/** Every object and list within, the outermost included. */
function containers(value: unknown, found: Json[] = []): Json[] {
  if (typeof value !== "object" || value === null) return found;
  found.push(value);
  for (const inner of Object.values(value)) containers(inner, found);
  return found;
}

/** Damages a model in one to three ways: its JSON's values, its JSON's bytes, or its weights. */
function mutate(model: Model, random: () => number): Model {
  const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)]!;
  const json = JSON.parse(new TextDecoder().decode(model.files.get("model.json")));
  let weights = model.files.get("weights.bin")!.slice();
  let bytes: Uint8Array | undefined;
  for (let left = 1 + Math.floor(3 * random()); left > 0; left--) {
    const kind = random();
    if (kind < 0.75) {
      const all = containers(json);
      const container = pick(all);
      const key = pick(Object.keys(container));
      if (key === undefined) continue;
      const change = random();
      if (change < 0.2) delete container[key];
      else if (change < 0.35) container[key] = structuredClone(pick(all));
      else if (change < 0.45 && Array.isArray(container)) {
        container.push(structuredClone(container[+key]));
      } else if (change < 0.55 && typeof container[key] === "number") {
        container[key] *= pick([-1, 2, 3, 1000]);
      } else container[key] = structuredClone(pick(strange));
    } else if (kind < 0.85) {
      bytes = new TextEncoder().encode(JSON.stringify(json));
      if (random() < 0.3) bytes = bytes.slice(0, random() * bytes.length);
      else bytes[Math.floor(random() * bytes.length)] = Math.floor(256 * random());
    } else if (kind < 0.9) {
      weights = weights.slice(0, random() * weights.length);
    } else if (weights.length >= 4) {
      const special = [NaN, Infinity, -Infinity, 3e38, -3e38, 1e-45, 0];
      const at = Math.floor(random() * Math.floor(weights.length / 4)) * 4;
      new DataView(weights.buffer).setFloat32(at, pick(special), true);
    }
  }
  const files = new Map([
    ["model.json", bytes ?? new TextEncoder().encode(JSON.stringify(json))],
    ["weights.bin", weights],
  ]);
  return { ...model, files };
}

/** Everything up to the C, for models that are small enough to try. */
function attempt(model: Model): void {
  const path = "model.json";
  weightPaths(parseModelJson(model.files.get(path)!, path), path);
  const graph = importTfjs(model);
  const total = [...graph.tensors.values()].reduce((sum, shape) => sum + elements(shape), 0);
  if (total < 1e5) generateC(quantizeForSize(graph), kernels);
}

function fuzz(what: string, make: () => Model | Promise<Model>): void {
  Deno.test(`${MUTATIONS} damaged ${what} give sentences, never a crash`, async () => {
    const model = await make();
    attempt(model);
    const start = performance.now();
    let refused = 0;
    for (let seed = 0; seed < MUTATIONS; seed++) {
      const damaged = mutate(model, seededRandom(seed));
      const before = performance.now();
      try {
        attempt(damaged);
      } catch (error) {
        const json = new TextDecoder().decode(damaged.files.get("model.json"));
        assert.ok(error instanceof UserError, `seed ${seed}: ${(error as Error).stack}\n${json}`);
        assert.match(error.message, /^[^]+[.:)?]$/, `seed ${seed}`);
        refused++;
      }
      const elapsed = performance.now() - before;
      assert.ok(elapsed < 5000, `seed ${seed} took ${elapsed} ms`);
    }
    assert.ok(refused > MUTATIONS / 4, `only ${refused} were refused`);
    assert.ok(performance.now() - start < LIMIT, "over the time limit");
  });
}

fuzz("tfjs LayersModels", async () => {
  const input = tf.input({ shape: [9, 8, 2] });
  const a = tf.layers.conv2d({ ...init(), filters: 4, kernelSize: 3, activation: "relu" }).apply(
    input,
  );
  const b = tf.layers.separableConv2d({ filters: 4, kernelSize: 3, padding: "same" }).apply(a);
  const c = tf.layers.add().apply([a, b] as tf.SymbolicTensor[]);
  const d = tf.layers.maxPooling2d({ poolSize: 2 }).apply(c);
  const e = tf.layers.conv2dTranspose({ filters: 3, kernelSize: 2, strides: 2 }).apply(d);
  const f = tf.layers.zeroPadding2d({ padding: [[1, 0], [0, 1]] }).apply(e);
  const g = tf.layers.leakyReLU().apply(f);
  const h = tf.layers.reshape({ targetShape: [7, 21] }).apply(g);
  const i = tf.layers.conv1d({ filters: 3, kernelSize: 2, strides: 2 }).apply(h);
  const j = tf.layers.permute({ dims: [2, 1] }).apply(i);
  const k = tf.layers.flatten().apply(j);
  const l = tf.layers.dense({ ...init(), units: 5, activation: "softmax" }).apply(k);
  return await saved(tf.model({ inputs: input, outputs: l as tf.SymbolicTensor }));
});

fuzz("tfjs GraphModels", () => {
  const window = {
    padding: text("SAME"),
    strides: wholes(1, 2, 2, 1),
    dilations: wholes(1, 1, 1, 1),
  };
  const { json, bytes } = graphJson([8, 8, 2], {
    w: floats(3, 3, 2, 4),
    b: floats(4),
    c: {
      op: "_FusedConv2D",
      input: ["x", "w", "b"],
      attr: { ...window, fused_ops: { list: { s: [btoa("BiasAdd"), btoa("Relu")] } } },
    },
    pads: ints(0, 0, 1, 0, 0, 1, 0, 0),
    shape: ints(4, 2),
    margins: { op: "Reshape", input: ["pads", "shape"] },
    p: { op: "Pad", input: ["c", "margins"] },
    m: { op: "MaxPool", input: ["p"], attr: { ...window, ksize: wholes(1, 2, 2, 1) } },
    axis: int(3),
    s: { op: "Split", input: ["axis", "m"], attr: { num_split: { i: "2" } } },
    j: { op: "ConcatV2", input: ["s:1", "s", "axis"] },
    from: ints(0, 0, 1, 0),
    to: ints(0, 3, 3, 4),
    by: ints(1, 1, 1, 2),
    t: {
      op: "StridedSlice",
      input: ["j", "from", "to", "by"],
      attr: { begin_mask: { i: "1" }, end_mask: { i: "1" } },
    },
    dims: { op: "Shape", input: ["t"] },
    zero: ints(0),
    one: ints(1),
    batch: {
      op: "StridedSlice",
      input: ["dims", "zero", "one", "one"],
      attr: { shrink_axis_mask: { i: "1" } },
    },
    rest: int(-1),
    target: { op: "Pack", input: ["batch", "rest"] },
    flat: { op: "Reshape", input: ["t", "target"] },
    v: floats(12, 5),
    d: { op: "MatMul", input: ["flat", "v"], attr: { transpose_b: { b: false } } },
    y: { op: "Softmax", input: ["d"], attr: { T: float } },
  });
  return modelOf(json, bytes);
});
