import {
  randomActivation,
  randomInput,
  randomWeights,
  randomWindow,
  single,
  whole,
} from "./op_graphs.ts";
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
