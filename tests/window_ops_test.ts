import { UserError } from "../lib/errors.ts";
import {
  pick,
  randomActivation,
  randomInput,
  randomWeights,
  randomWindow,
  single,
  whole,
} from "./op_graphs.ts";
import type { Graph } from "../lib/types.ts";
import { type Random, tryOp } from "./op_trials.ts";

function depthwiseGraph(random: Random) {
  const depth = whole(random, 1, 9);
  const { image, window } = randomWindow(random, depth);
  const outputs = depth * (random() < 0.6 ? 1 : whole(random, 2, 4));
  return single(random, "depthwise_conv2d", image, {
    attributes: window,
    ...randomWeights(random, [outputs, ...window.kernel]),
    activation: randomActivation(random),
  }, randomInput(random));
}

Deno.test("depthwise_conv2d means the same everywhere", () => tryOp(depthwiseGraph));

/** The first graph, or the other one if a window of the first sees nothing but padding. */
function orAnother(first: () => Graph, other: () => Graph): Graph {
  try {
    return first();
  } catch (error) {
    if (error instanceof UserError) return other();
    throw error;
  }
}

function averageGraph(random: Random): Graph {
  let { image, window } = randomWindow(random, whole(random, 1, 17));
  if (random() < 0.1) {
    // As many taps as sums of 16 bits hold, and one more.
    const kernel = pick(random, [[15, 17], [16, 16]] as const);
    const padding = { top: 0, bottom: 0, left: 0, right: 0 };
    window = { kernel, stride: [1, 1], dilation: [1, 1], padding };
    image = [kernel[0] + 1, kernel[1], whole(random, 7, 9)];
  }
  const attributes = { ...window, countPadding: random() < 0.5 };
  const rest = { attributes, activation: randomActivation(random) };
  return orAnother(
    () => single(random, "average_pool", image, rest, randomInput(random)),
    () => averageGraph(random),
  );
}

Deno.test("average_pool means the same everywhere", () => tryOp(averageGraph));

function convGraph(random: Random): Graph {
  const groups = pick(random, [1, 1, 2, 3, 5]);
  const depth = groups * whole(random, 1, 4);
  const { image, window } = randomWindow(random, depth);
  const outputs = groups * whole(random, 1, 7);
  return single(random, "conv2d", image, {
    attributes: groups === 1 ? window : { ...window, groups },
    ...randomWeights(random, [outputs, ...window.kernel, depth / groups]),
    activation: randomActivation(random),
  }, randomInput(random));
}

Deno.test("conv2d means the same everywhere, groups or not", () => tryOp(convGraph));

function maxGraph(random: Random): Graph {
  const { image, window } = randomWindow(random, whole(random, 1, 9));
  const rest = { attributes: window, activation: randomActivation(random) };
  return orAnother(
    () => single(random, "max_pool", image, rest, randomInput(random)),
    () => maxGraph(random),
  );
}

Deno.test("max_pool means the same everywhere", () => tryOp(maxGraph));

function transposedGraph(random: Random): Graph {
  const kernel = [whole(random, 1, 5), whole(random, 1, 5)] as const;
  const step = () => pick(random, [1, 2, 2, 3, 4]);
  const pad = () => pick(random, [0, 0, 1, 2]);
  const stride = [step(), step()] as const;
  const dilation = [pick(random, [1, 1, 2, 3]), pick(random, [1, 1, 2, 3])] as const;
  const padding = { top: pad(), bottom: pad(), left: pad(), right: pad() };
  const image = [whole(random, 1, 5), whole(random, 1, 5), whole(random, 1, 6)];
  const size = (axis: 0 | 1) => {
    const reach = (image[axis]! - 1) * stride[axis] + (kernel[axis] - 1) * dilation[axis] + 1;
    // Outputs that nothing reaches are biases.
    return Math.max(1, reach + whole(random, -2, 2));
  };
  const attributes = { kernel, stride, dilation, padding, output: [size(0), size(1)] };
  return single(random, "conv2d_transpose", image, {
    attributes,
    ...randomWeights(random, [whole(random, 1, 7), ...kernel, image[2]!]),
    activation: randomActivation(random),
  }, randomInput(random));
}

Deno.test("conv2d_transpose means the same everywhere", () => tryOp(transposedGraph));
