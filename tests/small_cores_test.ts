import assert from "node:assert/strict";
import { fitsLane, laneBlock, TAPS } from "../lib/kernels/lanes.ts";
import { loadKernels } from "../lib/build/kernels.ts";
import { generateC } from "../lib/codegen/c.ts";
import { joinPools } from "../lib/codegen/pools.ts";
import { verify } from "../lib/graph/verify.ts";
import { noPadding } from "../lib/ops/window.ts";
import { quantize } from "../lib/quantize/quantize.ts";
import { loadTarget } from "../lib/targets.ts";
import type { CLayer, Graph, Node, Optimize, Shape } from "../lib/types.ts";
import { pick, randomActivation, randomInput, randomWindow, single, whole } from "./op_graphs.ts";
import { type Random, tryOp } from "./op_trials.ts";

/** Cores without SIMD, and one that has the plain C only. */
const targets = ["host", "cortex-m0plus", "cortex-m3", "rv32imc", "nic-dpa"];

/** Weights of channels that are all extreme, all small, or anything between. */
function edgeWeights(random: Random, shape: Shape) {
  const [outputs] = shape as [number];
  const taps = shape.slice(1).reduce((product, size) => product * size, 1);
  const data = new Float32Array(outputs * taps);
  for (let o = 0; o < outputs; o++) {
    const kind = pick(random, ["extreme", "positive", "uniform", "small", "sparse"] as const);
    const weight = {
      extreme: () => pick(random, [-1, 1]),
      positive: () => 1,
      uniform: () => 2 * random() - 1,
      small: () => 0.1 * random() - 0.05,
      sparse: () => random() < 0.15 ? pick(random, [-1, 1]) : 0,
    }[kind];
    for (let t = 0; t < taps; t++) data[o * taps + t] = weight();
    // One weight at the end of the range keeps the small ones small.
    data[o * taps + whole(random, 0, taps - 1)] = pick(random, [-1, 1]);
  }
  const bias = Float32Array.from({ length: outputs }, () => 4 * random() - 2);
  return { weights: { shape, data }, bias };
}

function convGraph(random: Random): Graph {
  const depth = pick(random, [1, 2, 3, 4, 8, 16, 40]);
  const { image, window } = random() < 0.3
    ? {
      image: [whole(random, 1, 5), whole(random, 1, 7), depth],
      window: {
        kernel: [1, 1] as const,
        stride: [1, 1] as const,
        dilation: [1, 1] as const,
        padding: { top: 0, bottom: 0, left: 0, right: 0 },
      },
    }
    : randomWindow(random, depth);
  return single(random, "conv2d", image, {
    attributes: window,
    ...edgeWeights(random, [whole(random, 1, 7), ...window.kernel, depth]),
    activation: randomActivation(random),
  }, randomInput(random));
}

Deno.test("conv2d means the same on cores without SIMD", () =>
  tryOp(convGraph, { targets, seed: 2, steps: 3 }));

/**
 * A convolution with a stride larger than the image and its padding, so that of all windows only columns
 * outside the image are seen, or rows.
 */
function farGraph(random: Random): Graph {
  const op = pick(random, ["conv2d", "depthwise_conv2d"] as const);
  const depth = pick(random, [1, 4, 16]);
  const turned = random() < 0.5;
  const turn = (along: number, across: number) =>
    turned ? [across, along] as const : [along, across] as const;
  const [far, near] = [pick(random, [12, 18]), pick(random, [0, 2])];
  const kernel = pick(random, [turn(9, 3), turn(15, 1), [3, 3] as const]);
  const outputs = op === "conv2d" ? whole(random, 1, 6) : depth;
  return single(random, op, [...turn(20, whole(random, 1, 6)), depth], {
    attributes: {
      kernel,
      stride: turn(1, 40),
      dilation: [1, 1],
      padding: turned
        ? { top: far, bottom: 0, left: near, right: near }
        : { top: near, bottom: near, left: far, right: 0 },
    },
    ...edgeWeights(random, [outputs, ...kernel, ...op === "conv2d" ? [depth] : []]),
  }, randomInput(random));
}

Deno.test("what all windows see may be outside the image", () =>
  tryOp(farGraph, { targets: [...targets, "cortex-m4"], seed: 7, steps: 3 }));

/** Averages of so many values that their sums fit 16 bits, or just not. */
function averageGraph(random: Random): Graph {
  const kernel = pick(random, [[1, 1], [2, 3], [16, 16], [1, 257], [257, 1], [2, 129]] as const);
  const padding = pick(random, [noPadding, { ...noPadding, top: kernel[0] > 1 ? 1 : 0 }]);
  const depth = pick(random, [15, 16, 17, 20, 36]);
  return single(random, "average_pool", [kernel[0], kernel[1] + whole(random, 0, 1), depth], {
    attributes: { kernel, stride: [1, 1], dilation: [1, 1], padding, countPadding: random() < 0.5 },
  }, randomInput(random));
}

Deno.test("average_pool means the same on cores without SIMD", () =>
  tryOp(averageGraph, { targets, seed: 8, count: 60 }));

/** Encodings by which a sum more is several codes more. */
function steepGraph(random: Random): Graph {
  const attributes = {
    kernel: [3, 3] as const,
    stride: [1, 1] as const,
    dilation: [1, 1] as const,
    padding: noPadding,
  };
  const { weights } = edgeWeights(random, [4, 3, 3, 4]);
  const scale = 1 / pick(random, [20, 60, 120, 240, 400]);
  // By the rule tflite, the only one that allows it.
  return single(
    () => 0.99,
    "conv2d",
    [6, 6, 4],
    {
      attributes,
      weights,
      bias: new Float32Array(4),
      activation: pick(random, ["none", "relu6"]),
    },
    new Map([["x", { scale: 4, zeroPoint: 0 }], ["y", {
      scale,
      zeroPoint: pick(random, [-128, 10]),
    }]]),
  );
}

Deno.test("a sum more may be several codes more", () =>
  tryOp(steepGraph, {
    targets: ["host", "cortex-m0plus", "rv32imc", "nic-dpa", "cortex-m4"],
    seed: 9,
    count: 60,
    steps: 300,
    value: (random) => 20 * (random() - 0.5) * random(),
  }));

function denseGraph(random: Random): Graph {
  const inputs = pick(random, [whole(random, 1, 20), whole(random, 1, 300)]);
  return single(random, "dense", [inputs], {
    ...edgeWeights(random, [whole(random, 1, 19), inputs]),
    activation: randomActivation(random),
  }, randomInput(random));
}

function planeGraph(random: Random): Graph {
  const window = {
    kernel: [3, 3] as const,
    stride: [whole(random, 1, 3), whole(random, 1, 3)] as const,
    dilation: [1, 1] as const,
    padding: { top: whole(random, 0, 2), bottom: 1, left: whole(random, 0, 2), right: 0 },
  };
  return single(random, "conv2d", [whole(random, 3, 9), whole(random, 3, 9), 1], {
    attributes: window,
    ...edgeWeights(random, [whole(random, 1, 6), 3, 3, 1]),
    activation: randomActivation(random),
  }, randomInput(random));
}

Deno.test("conv2d of one channel means the same on cores without SIMD", () =>
  tryOp(planeGraph, { targets, seed: 5, steps: 3 }));

/** A convolution and the max pool behind it. */
function pooledGraph(random: Random): Graph {
  const attributes = {
    kernel: [3, 3] as const,
    stride: [1, 1] as const,
    dilation: [1, 1] as const,
    padding: { top: whole(random, 0, 2), bottom: 1, left: whole(random, 0, 2), right: 0 },
  };
  const depth = pick(random, [1, 1, 3, 4, 16]);
  const conv = single(random, "conv2d", [whole(random, 4, 11), whole(random, 4, 11), depth], {
    attributes,
    ...edgeWeights(random, [whole(random, 1, 6), 3, 3, depth]),
    activation: randomActivation(random),
  }, randomInput(random));
  const pool: Node = {
    name: "pool",
    op: "max_pool",
    inputs: [conv.output],
    output: "pooled",
    attributes: { ...attributes, kernel: [2, 2], stride: [2, 2], padding: noPadding },
    activation: random() < 0.2 ? "relu" : "none",
  };
  const input = conv.tensors.get(conv.input)!;
  return verify({ ...conv, nodes: [...conv.nodes, pool], output: "pooled" }, input);
}

Deno.test("conv2d and its max pool mean the same on cores without SIMD", () =>
  tryOp(pooledGraph, { targets, seed: 6, steps: 3, levels: ["speed", "balanced"] }));

Deno.test("a convolution and its max pool are one layer where a kernel computes both", async () => {
  const target = await loadTarget("rv32imc");
  const kernels = await loadKernels(target);
  const graph = quantize(pooledGraph(() => 0.2), [new Float32Array(25).fill(1)], {});
  const join = (optimize: Optimize) => joinPools(graph, { kernels, optimize }).nodes;
  assert.deepEqual(join("balanced").map(({ op, output }) => [op, output]), [["conv2d", "pooled"]]);
  assert.equal(join("ram").length, 2);
  const [{ kernel, why }] = generateC(graph, kernels).layers as [CLayer];
  assert.equal(kernel, "plane-pool");
  assert.match(why, /; pool of the sums$/);
  assert.equal(generateC(graph, kernels, { trace: true }).layers.length, 2);
});

Deno.test("dense means the same on cores without SIMD", () =>
  tryOp(denseGraph, { targets, seed: 4, steps: 3 }));

function depthwiseGraph(random: Random): Graph {
  const depth = whole(random, 1, 5);
  const { image, window } = randomWindow(random, depth);
  const kernel = [3, 3] as const;
  const dilation = [1, 1] as const;
  const large = [image[0]! + 3, image[1]! + 3, depth];
  return single(random, "depthwise_conv2d", large, {
    attributes: { ...window, kernel, dilation },
    ...edgeWeights(random, [depth, 3, 3]),
    activation: randomActivation(random),
  }, randomInput(random));
}

Deno.test("depthwise_conv2d means the same on cores without SIMD", () =>
  tryOp(depthwiseGraph, { targets, seed: 3, steps: 3 }));

Deno.test("no run of a lane leaves 16 bits, and every weight is in it once", () => {
  const weights = Int8Array.from({ length: 157 }, (_, i) => Math.imul(i + 1, 0x9e3779b1) >> 24);
  const other = weights.map((weight) => weight >> 3);
  const block = laneBlock([weights, other]);
  const found = [new Int32Array(weights.length), new Int32Array(weights.length)];
  block.rests.forEach((rests, c) => {
    let tap = 0;
    for (const { skip, weight } of rests) found[c]![tap += skip]! += weight;
  });
  let [start, runs] = [0, 0];
  const taps = block.weights.length / 2;
  for (let end = TAPS; end <= taps; end += TAPS) {
    const four = end / TAPS - 1;
    const bit = block.ends[four >> 4]! >> (15 - four % 16) & 1;
    assert.ok(bit === 1 || (end < taps && four % 16 !== 15));
    if (bit === 0) continue;
    for (const c of [0, 1]) {
      const run = Int8Array.from(
        { length: end - start },
        (_, i) => block.weights[2 * (start + i) + c]!,
      );
      assert.ok(fitsLane(run));
      run.forEach((weight, i) => {
        if (start + i < weights.length) found[c]![start + i]! += weight;
        else assert.equal(weight, 0);
      });
    }
    runs++;
    start = end;
  }
  assert.equal(runs, block.runs);
  assert.deepEqual([...found[0]!], [...weights]);
  assert.deepEqual([...found[1]!], [...other]);
});

Deno.test("a lane holds what 16 bits hold", () => {
  assert.ok(fitsLane(Int8Array.of(127, 127)));
  assert.ok(fitsLane(Int8Array.of(-127, -127, -1)));
  assert.ok(!fitsLane(Int8Array.of(-128, -128)));
  assert.ok(!fitsLane(Int8Array.of(127, 127, 3)));
});
