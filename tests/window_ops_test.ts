import { UserError } from "../lib/errors.ts";
import {
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

function averageGraph(random: Random): Graph {
  const { image, window } = randomWindow(random, whole(random, 1, 9));
  const attributes = { ...window, countPadding: random() < 0.5 };
  const rest = { attributes, activation: randomActivation(random) };
  try {
    return single(random, "average_pool", image, rest, randomInput(random));
  } catch (error) {
    // A window that sees nothing but padding has no average.
    if (error instanceof UserError) return averageGraph(random);
    throw error;
  }
}

Deno.test("average_pool means the same everywhere", () => tryOp(averageGraph));
