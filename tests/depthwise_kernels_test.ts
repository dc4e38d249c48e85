import assert from "node:assert/strict";
import { build } from "../lib/build/build.ts";
import { loadKernels } from "../lib/build/kernels.ts";
import { generateC } from "../lib/codegen/c.ts";
import { verify } from "../lib/graph/verify.ts";
import { type Window, windowOutput } from "../lib/ops/window.ts";
import { quantize } from "../lib/quantize/quantize.ts";
import { runEmulated } from "../lib/run/emulated.ts";
import { referenceRunner } from "../lib/run/reference.ts";
import { loadTarget } from "../lib/targets.ts";
import type { Graph, Node, Shape } from "../lib/types.ts";
import {
  pick,
  randomActivation,
  randomInput,
  randomWeights,
  single,
  weightsToTheEdge,
  whole,
} from "./op_graphs.ts";
import { type Random, tryOp } from "./op_trials.ts";
import { randomInputs, seededRandom } from "./random_graph.ts";

/** Steps of 1 or 2 and any padding, more rows than columns or fewer. */
function randomDepthwise(random: Random): { image: [number, number]; window: Window } {
  const pad = () => pick(random, [0, 0, 1, 1, 2, 5]);
  const padding = { top: pad(), bottom: pad(), left: pad(), right: pad() };
  const along = (added: number) =>
    Math.max(1, 3 - added) + pick(random, [whole(random, 0, 9), whole(random, 0, 40)]);
  return {
    image: [along(padding.top + padding.bottom), along(padding.left + padding.right)],
    window: {
      kernel: [3, 3],
      stride: pick(random, [[1, 1], [2, 2]]),
      dilation: [1, 1],
      padding,
    },
  };
}

/** A depthwise 3×3 convolution; every other one has only the largest weights. */
function depthwiseGraph(random: Random): Graph {
  const depth = pick(random, [4, 4, 4, 5, 7, 8, 10, 12, 20]);
  const { image, window } = randomDepthwise(random);
  const weights = weightsToTheEdge(random, [depth, 3, 3]);
  return single(random, "depthwise_conv2d", [...image, depth], {
    attributes: window,
    ...weights,
    activation: randomActivation(random),
  }, randomInput(random));
}

Deno.test("depthwise 3×3 convolutions mean the same on cores with DSP instructions", () =>
  tryOp(depthwiseGraph, {
    count: 150,
    steps: 3,
    targets: ["cortex-m4", "cortex-m7", "cortex-m33"],
  }));

for (const level of ["-O0", "-O1", "-Os", "-O3"]) {
  Deno.test(`… and compiled with ${level}`, async () => {
    const path = new URL("../targets/cortex-m4.json", import.meta.url);
    const target = JSON.parse(await Deno.readTextFile(path));
    const file = await Deno.makeTempFile({ suffix: ".json" });
    target.compiler.flags.push(level, "-Wshadow");
    await Deno.writeTextFile(file, JSON.stringify(target));
    await tryOp(depthwiseGraph, { count: 20, steps: 3, targets: [file] });
    await Deno.remove(file);
  });
}

/** Depthwise layers one after the other, which take over each other's bytes. */
function stackedGraph(seed: number): Graph {
  const random = seededRandom(seed);
  const depth = pick(random, [4, 6, 8, 11, 12, 16]);
  const input: Shape = [whole(random, 3, 20), whole(random, 3, 20), depth];
  const nodes: Node[] = [];
  let shape = input;
  let tensor = "x";
  for (let left = whole(random, 1, 5); left > 0; left--) {
    const { window } = randomDepthwise(random);
    const { top, bottom, left: before, right } = window.padding;
    if (shape[0]! + top + bottom < 3 || shape[1]! + before + right < 3) break;
    const name = `layer ${left}`;
    nodes.push({
      name,
      op: "depthwise_conv2d",
      inputs: [tensor],
      output: name,
      attributes: window,
      activation: randomActivation(random),
      ...randomWeights(random, [depth, 3, 3]),
    });
    shape = [...windowOutput(name, shape, window), depth];
    tensor = name;
  }
  const rounding = pick(random, ["single", "tflite"] as const);
  return verify({ name: "stack", nodes, input: "x", output: tensor, notes: [], rounding }, input);
}

for (const core of ["cortex-m4", "cortex-m0plus"]) {
  Deno.test(`depthwise layers that take over their inputs' bytes mean the same on ${core}`, async () => {
    const target = await loadTarget(core);
    const kernels = await loadKernels(target);
    for (let seed = 1; seed <= 16; seed++) {
      const graph = stackedGraph(seed);
      const quantized = quantize(graph, randomInputs(graph, 2, 1), { calibrator: "max" });
      const program = generateC(quantized, kernels, {
        optimize: seed % 2 === 0 ? "speed" : "balanced",
      });
      const run = referenceRunner(quantized);
      const input = new Int8Array(program.inputBytes).map((_, i) => (i * i * 7 + i * 31) % 256);
      const directory = await Deno.makeTempDir();
      const binary = await build(program, target, { directory });
      const { outputs } = await runEmulated(binary, program, input, { jobs: 1 });
      await Deno.remove(directory, { recursive: true });
      assert.deepEqual(outputs, run(input), `seed ${seed}`);
    }
  });
}
