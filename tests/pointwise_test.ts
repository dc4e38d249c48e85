import assert from "node:assert/strict";
import { build } from "../lib/build/build.ts";
import { loadKernels } from "../lib/build/kernels.ts";
import { generateC } from "../lib/codegen/c.ts";
import { verify } from "../lib/graph/verify.ts";
import { conv2dPointwise } from "../lib/kernels/conv2d_pointwise.ts";
import type { Conv2d } from "../lib/ops/conv2d.ts";
import { contextOf } from "../lib/ops/op.ts";
import { quantize } from "../lib/quantize/quantize.ts";
import { runEmulated } from "../lib/run/emulated.ts";
import { referenceRunner } from "../lib/run/reference.ts";
import { loadTarget } from "../lib/targets.ts";
import type { Graph, Node, QuantizedNode } from "../lib/types.ts";
import { pick, randomActivation, randomInput, randomWeights, single, whole } from "./op_graphs.ts";
import { type Random, tryOp } from "./op_trials.ts";
import { randomInputs, seededRandom } from "./random_graph.ts";

const nothing = { top: 0, bottom: 0, left: 0, right: 0 };

/** A 1×1 convolution of which every other one has only the largest weights, or some tiny channels. */
function pointwiseGraph(random: Random): Graph {
  const depth = random() < 0.7
    ? pick(random, [4, 8, 12, 16, 20, 24, 32, 40, 64, 64, 68, 96, 128])
    : whole(random, 1, 24);
  const outputs = random() < 0.8 ? 4 * whole(random, 1, 5) : whole(random, 1, 9);
  const image = [whole(random, 1, 5), whole(random, 1, 6), depth];
  const { weights, bias } = randomWeights(random, [outputs, 1, 1, depth]);
  const alike = random() < 0.5;
  const sizes = Array.from({ length: outputs }, () => pick(random, [1, 1, 1e-2, 1e-3]));
  return single(random, "conv2d", image, {
    attributes: {
      kernel: [1, 1],
      stride: pick(random, [[1, 1], [1, 1], [2, 2], [1, 2], [3, 1]]),
      dilation: [1, 1],
      padding: random() < 0.9 ? nothing : { ...nothing, left: 1 },
    },
    weights: {
      ...weights!,
      data: alike
        ? weights!.data.map(() => Math.sign(random() - 0.5))
        : weights!.data.map((weight, i) => weight * sizes[Math.floor(i / depth)]!),
    },
    bias: bias!,
    activation: randomActivation(random),
  }, randomInput(random));
}

Deno.test("1×1 convolutions at all levels mean the same", () =>
  tryOp(pointwiseGraph, { targets: ["cortex-m4", "cortex-m7", "cortex-m33"] }));

Deno.test("… and where the compiler does not optimize", async () => {
  const path = new URL("../targets/cortex-m4.json", import.meta.url);
  const target = JSON.parse(await Deno.readTextFile(path));
  const file = await Deno.makeTempFile({ suffix: ".json" });
  target.compiler.flags.push("-O0", "-Wshadow");
  await Deno.writeTextFile(file, JSON.stringify(target));
  await tryOp(pointwiseGraph, { count: 40, levels: ["speed"], targets: [file] });
  await Deno.remove(file);
});

/** 1×1 convolutions one after the other, whose outputs take over their inputs' bytes. */
function chainGraph(seed: number): Graph {
  const random = seededRandom(seed);
  const input = [whole(random, 5, 11), whole(random, 5, 11), 4 * whole(random, 1, 6)];
  const nodes: Node[] = [];
  let [, , depth] = input as [number, number, number];
  for (let i = 0; i < 4; i++) {
    const outputs = 4 * whole(random, 1, 6);
    nodes.push({
      name: `layer ${i}`,
      op: "conv2d",
      inputs: [i === 0 ? "x" : `layer ${i - 1}`],
      output: `layer ${i}`,
      attributes: {
        kernel: [1, 1],
        stride: pick(random, [[1, 1], [1, 1], [2, 1], [1, 2]]),
        dilation: [1, 1],
        padding: nothing,
      },
      activation: randomActivation(random),
      ...randomWeights(random, [outputs, 1, 1, depth]),
    });
    depth = outputs;
  }
  const rounding = pick(random, ["single", "tflite"] as const);
  return verify(
    { name: "chain", nodes, input: "x", output: "layer 3", notes: [], rounding },
    input,
  );
}

for (const name of ["cortex-m4", "cortex-m7"]) {
  Deno.test(`… and over their inputs on ${name}`, async () => {
    const target = await loadTarget(name);
    const kernels = await loadKernels(target);
    let layers = 0;
    for (let seed = 1; seed <= 12; seed++) {
      const graph = chainGraph(seed);
      const quantized = quantize(graph, randomInputs(graph, 2, 1), { calibrator: "max" });
      const program = generateC(quantized, kernels, { optimize: "balanced" });
      layers += program.layers.filter(({ kernel }) => kernel === "pointwise").length;
      const codes = Int8Array.from({ length: program.inputBytes }, (_, i) => i * i * 7 - 128);
      const directory = await Deno.makeTempDir();
      const binary = await build(program, target, { directory });
      const { outputs } = await runEmulated(binary, program, codes, { jobs: 1 });
      assert.deepEqual(outputs, referenceRunner(quantized)(codes), `seed ${seed}`);
      await Deno.remove(directory, { recursive: true });
    }
    assert.ok(layers >= 24, `${layers} of 48`);
  });
}

Deno.test("pairs of weights that leave 16 bits go another way", () => {
  const graph = chainGraph(1);
  const quantized = quantize(graph, randomInputs(graph, 2, 1), { calibrator: "max" });
  const node = quantized.nodes[0] as QuantizedNode<Conv2d>;
  const linear = node.linear!;
  const taps = linear.weights.length / linear.bias.length;
  const plan = () => conv2dPointwise[0]!.plan(node, contextOf(quantized, node));
  assert.notEqual(typeof plan(), "string");
  linear.weights[0] = -1;
  linear.weights[taps] = -128;
  assert.match(plan() as string, /leaves 16 bits/);
});
