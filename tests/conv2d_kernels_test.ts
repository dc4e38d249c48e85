import assert from "node:assert/strict";
import { loadKernels } from "../lib/build/kernels.ts";
import { chooseKernel } from "../lib/codegen/choose.ts";
import { contextOf } from "../lib/ops/op.ts";
import { verify } from "../lib/graph/verify.ts";
import { noPadding, windowOutput } from "../lib/ops/window.ts";
import { quantize } from "../lib/quantize/quantize.ts";
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

/** A 3×3 convolution of which every other one has only the largest weights. */
function convGraph(random: Random): Graph {
  const depth = pick(random, [1, 1, 1, 2, 3, 4, 4, 7, 8, 12, 16, 20, 32, 64]);
  const outputs = random() < 0.5 ? 4 * whole(random, 1, 3) : whole(random, 1, 9);
  const pad = () => pick(random, [0, 1, 1, 2, 5]);
  const padding = { top: pad(), bottom: pad(), left: pad(), right: pad() };
  const along = (added: number) => Math.max(1, 3 - added) + whole(random, 0, 9);
  const image = [along(padding.top + padding.bottom), along(padding.left + padding.right), depth];
  const weights = weightsToTheEdge(random, [outputs, 3, 3, depth]);
  return single(random, "conv2d", image, {
    attributes: {
      kernel: [3, 3],
      stride: pick(random, [[1, 1], [1, 1], [1, 2], [2, 1]]),
      dilation: [1, 1],
      padding,
    },
    ...weights,
    activation: randomActivation(random),
  }, randomInput(random));
}

Deno.test("3×3 convolutions at the level speed mean the same", () =>
  tryOp(convGraph, {
    count: 90,
    levels: ["speed"],
    targets: ["cortex-m4", "cortex-m7", "cortex-m33"],
  }));

Deno.test("… and on cores without SIMD", () =>
  tryOp(convGraph, {
    count: 90,
    levels: ["speed"],
    targets: ["cortex-m0plus", "cortex-m3", "rv32imc"],
  }));

/** A convolution of any window, so that lines go along rows or columns, and end in any way. */
function windowGraph(random: Random): Graph {
  const depth = pick(random, [1, 1, 2, 3, 3, 4, 5, 8, 16, 48]);
  const kernel = [whole(random, 1, 5), whole(random, 1, depth > 8 ? 3 : 10)] as const;
  const dilation = pick(random, [[1, 1], [1, 1], [2, 1], [1, 2]]);
  const pads = [0, 1].map((i) => [whole(random, 0, 2), whole(random, 0, kernel[i]!)]);
  const [[top, bottom], [left, right]] = pads as [[number, number], [number, number]];
  const along = (i: number) =>
    Math.max(1, (kernel[i]! - 1) * dilation[i]! + 1 - pads[i]![0]! - pads[i]![1]!) +
    whole(random, 0, depth > 8 ? 5 : 12);
  const outputs = 2 * whole(random, 1, 5);
  const weights = weightsToTheEdge(random, [outputs, ...kernel, depth]);
  return single(random, "conv2d", [along(0), along(1), depth], {
    attributes: {
      kernel,
      stride: pick(random, [[1, 1], [2, 2], [1, 2], [3, 1]]),
      dilation,
      padding: { top, bottom, left, right },
    },
    ...weights,
    activation: randomActivation(random),
  }, randomInput(random));
}

Deno.test("convolutions of any window mean the same on cores with DSP instructions", () =>
  tryOp(windowGraph, { count: 200, targets: ["cortex-m4", "cortex-m7", "cortex-m33"] }));

/** A convolution with a max pool behind it; now and then twice, so that the first has pixels to spare. */
function pooledGraph(random: Random): Graph {
  const nodes: Node[] = [];
  const input = [whole(random, 8, 20), whole(random, 8, 20), pick(random, [1, 1, 2, 4, 6, 16])];
  let shape: Shape = input;
  for (let left = pick(random, [1, 2]); left > 0 && Math.min(shape[0]!, shape[1]!) > 6; left--) {
    const depth = shape[2]!;
    const size = () => depth === 1 ? 3 : whole(random, 1, 4);
    const step = () => depth === 1 ? 1 : whole(random, 1, 2);
    const pad = () => pick(random, [0, 0, 1, 2]);
    const window = {
      kernel: [size(), size()] as const,
      stride: [step(), step()] as const,
      dilation: [1, 1] as const,
      padding: { top: pad(), bottom: pad(), left: pad(), right: pad() },
    };
    const outputs = pick(random, [2, 4, 8, 12]);
    const pool = { kernel: [2, 2], stride: [2, 2], dilation: [1, 1], padding: noPadding };
    nodes.push({
      name: `conv ${left}`,
      op: "conv2d",
      inputs: [nodes.at(-1)?.output ?? "x"],
      output: `sums ${left}`,
      attributes: window,
      activation: randomActivation(random),
      ...randomWeights(random, [outputs, ...window.kernel, depth]),
    }, {
      name: `pool ${left}`,
      op: "max_pool",
      inputs: [`sums ${left}`],
      output: `y ${left}`,
      attributes: pool,
      activation: randomActivation(random),
    });
    const [height, width] = windowOutput("conv", shape, window);
    shape = [height >> 1, width >> 1, outputs];
  }
  const encodings = randomInput(random);
  return verify({
    name: "pooled",
    nodes,
    input: "x",
    output: nodes.at(-1)!.output,
    notes: [],
    rounding: pick(random, ["single", "tflite"]),
    ...(encodings === undefined ? {} : { encodings }),
  }, input);
}

Deno.test("convolutions that include a max pool mean the same", () =>
  tryOp(pooledGraph, {
    count: 150,
    levels: ["speed", "balanced"],
    steps: 3,
    targets: ["cortex-m4", "cortex-m7", "cortex-m33", "cortex-m0plus", "rv32imc", "host"],
  }));

Deno.test("… and where the compiler does not optimize", async () => {
  for (const name of ["cortex-m4", "cortex-m0plus", "rv32imc"]) {
    const path = new URL(`../targets/${name}.json`, import.meta.url);
    const target = JSON.parse(await Deno.readTextFile(path));
    const file = await Deno.makeTempFile({ suffix: ".json" });
    target.compiler.flags.push("-O0", "-Wshadow");
    await Deno.writeTextFile(file, JSON.stringify(target));
    await tryOp(convGraph, { count: 20, levels: ["speed"], targets: [file] });
    await tryOp(windowGraph, { count: 20, targets: [file] });
    await tryOp(pooledGraph, { count: 20, steps: 3, targets: [file] });
    await Deno.remove(file);
  }
});

Deno.test("Winograd is chosen for speed alone, and says what it costs", async () => {
  const kernels = await loadKernels({ name: "any", kernels: ["dsp", "generic"] });
  const random = () => 0.4;
  const graph = single(random, "conv2d", [8, 8, 16], {
    attributes: {
      kernel: [3, 3],
      stride: [1, 1],
      dilation: [1, 1],
      padding: { top: 1, bottom: 1, left: 1, right: 1 },
    },
    ...randomWeights(random, [16, 3, 3, 16]),
  });
  const sample = Float32Array.from({ length: 1024 }, (_, i) => i % 7 - 3);
  const quantized = quantize(graph, [sample], { calibrator: "max" });
  const node = quantized.nodes[0]!;
  const choose = (optimize: "speed" | "balanced") =>
    chooseKernel(node, contextOf(quantized, node), "layer", { kernels, optimize });
  assert.equal(choose("speed").kernel, "winograd");
  assert.match(choose("speed").why, /\+16 KB flash; .* sums stay within \d+$/);
  assert.equal(choose("balanced").kernel, "band");
});
