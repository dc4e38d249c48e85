import assert from "node:assert/strict";
import { loadKernels } from "../lib/build/kernels.ts";
import { generateC } from "../lib/codegen/c.ts";
import { verify } from "../lib/graph/verify.ts";
import { loadModel } from "../lib/import/load.ts";
import { importModel } from "../lib/import/mod.ts";
import { samePadding, type Window, windowOutput } from "../lib/ops/window.ts";
import { quantize } from "../lib/quantize/quantize.ts";
import { loadTarget } from "../lib/targets.ts";
import type { Graph, Node, Shape } from "../lib/types.ts";
import { pick, randomActivation, randomWeights, whole } from "./op_graphs.ts";
import { randomInputs, seededRandom } from "./random_graph.ts";
import { sameAsReference } from "./same_as_reference.ts";

/** Ops with windows one after the other, over images of many rows, some with a sum at the end. */
function imageGraph(seed: number): Graph {
  const random = seededRandom(seed);
  const nodes: Node[] = [];
  const input: Shape = [whole(random, 12, 21), whole(random, 3, 9), pick(random, [1, 3, 4, 8])];
  let shape = input;
  let tensor = "x";
  const add = (op: string, rest: Partial<Node>, output: Shape) => {
    const name = `${op} ${nodes.length}`;
    const inputs = [tensor];
    nodes.push({ name, op, inputs, output: name, attributes: {}, activation: "none", ...rest });
    [tensor, shape] = [name, output];
  };
  for (let left = whole(random, 2, 5); left > 0 && shape[0]! > 4; left--) {
    const [height, width, depth] = shape as [number, number, number];
    const kernel = [pick(random, [1, 2, 3, 3]), Math.min(width, pick(random, [1, 3]))] as const;
    const stride = [pick(random, [1, 1, 2]), pick(random, [1, 1, 2])] as const;
    const geometry = { kernel, stride, dilation: [pick(random, [1, 1, 2]), 1] as const };
    const none = { top: 0, bottom: 0, left: 0, right: 0 };
    const some = { top: whole(random, 0, 2), bottom: whole(random, 0, 3), left: 1, right: 0 };
    const window: Window = {
      ...geometry,
      padding: pick(random, [none, samePadding(shape, geometry), some]),
    };
    const op = pick(random, ["conv2d", "conv2d", "depthwise_conv2d", "max_pool", "average_pool"]);
    const outputs = op === "conv2d" ? pick(random, [1, 4, 8]) : depth;
    const activation = op.endsWith("pool") ? "none" : randomActivation(random);
    if (op.endsWith("pool")) {
      const attributes = { kernel: [2, 1], stride: [2, 1], dilation: [1, 1], padding: none };
      add(op, { attributes: { ...attributes, countPadding: false } }, [height >> 1, width, depth]);
      continue;
    }
    const weights = op === "conv2d" ? [outputs, ...kernel, depth] : [depth, ...kernel];
    const before = tensor;
    add(
      op,
      { attributes: window, activation, ...randomWeights(random, weights) },
      [...windowOutput(op, shape, window), outputs],
    );
    if (`${shape}` === `${[height, width, depth]}` && before !== "x") {
      add("add", { inputs: [tensor, before] }, shape);
    }
  }
  const rounding = pick(random, ["single", "tflite"] as const);
  return verify({ name: "images", nodes, input: "x", output: tensor, notes: [], rounding }, input);
}

const SAMPLES = 3;

for (const name of ["host", "cortex-m4", "rv32imc"]) {
  Deno.test(`layers in strips of rows mean the same on ${name}`, async () => {
    const target = await loadTarget(name);
    const kernels = await loadKernels(target);
    let chains = 0;
    for (let seed = 1; seed <= 60 && chains < 12; seed++) {
      const graph = imageGraph(seed);
      const quantized = quantize(graph, randomInputs(graph, SAMPLES, 1), { calibrator: "max" });
      const program = generateC(quantized, kernels, { optimize: "ram" });
      if (!program.files.get("model.c")!.includes("strip++")) continue;
      chains++;
      await sameAsReference(quantized, program, target, { samples: SAMPLES, what: `seed ${seed}` });
    }
    assert.equal(chains, 12);
  });
}

Deno.test("the ConvNet's first convolution is never in memory as a whole", async () => {
  const graph = importModel(await loadModel("convnet"));
  const quantized = quantize(graph, randomInputs(graph, 1, 1), { calibrator: "max" });
  const kernels = await loadKernels(await loadTarget("cortex-m4"));
  assert.ok(generateC(quantized, kernels).arena.bytes < 5000);
  const traced = generateC(quantized, kernels, { trace: true });
  assert.ok(traced.arena.bytes > 10_000);
  assert.equal(traced.layers.length, 5);
});
