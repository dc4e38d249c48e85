import { verify } from "../lib/graph/verify.ts";
import { elements } from "../lib/ops/op.ts";
import type { Window } from "../lib/ops/window.ts";
import type { Activation, Encoding, Graph, Node, Shape } from "../lib/types.ts";
import type { Random } from "./op_trials.ts";

/** A whole number from `least` to `most`. */
export function whole(random: Random, least: number, most: number): number {
  return least + Math.floor(random() * (most - least + 1));
}

/** One of the values. */
export function pick<T>(random: Random, values: readonly T[]): T {
  return values[Math.floor(random() * values.length)]!;
}

/** A scale over three decades; a zero point that lies at an end of the range now and then. */
export function randomEncoding(random: Random): Encoding {
  const zeroPoint = random() < 0.2 ? pick(random, [-128, 127, 0]) : whole(random, -128, 127);
  return { scale: 10 ** (3 * random() - 3), zeroPoint };
}

/** Weights and biases of channels whose sizes differ, one of zeros now and then. */
export function randomWeights(random: Random, shape: Shape): Pick<Node, "weights" | "bias"> {
  const [outputs] = shape as [number];
  const spread = () => random() < 0.1 ? 0 : 10 ** (2 * random() - 1);
  const sizes = Array.from({ length: outputs }, spread);
  const taps = elements(shape) / outputs;
  const data = Float32Array.from(
    { length: elements(shape) },
    (_, i) => sizes[Math.floor(i / taps)]! * (2 * random() - 1),
  );
  const bias = Float32Array.from({ length: outputs }, () => spread() * (2 * random() - 1));
  return { weights: { shape, data }, bias };
}

/** The same, or weights that are all the largest of either sign. */
export function weightsToTheEdge(random: Random, shape: Shape): Pick<Node, "weights" | "bias"> {
  const { weights, bias } = randomWeights(random, shape) as Required<
    ReturnType<typeof randomWeights>
  >;
  if (random() < 0.5) return { weights, bias };
  return { weights: { shape, data: weights.data.map(() => random() < 0.5 ? -1 : 1) }, bias };
}

/** A verified graph of one node that reads `x` and writes `y`, by either rounding rule. */
export function single(
  random: Random,
  op: string,
  inputShape: Shape,
  rest: Partial<Node> & { readonly attributes?: object } = {},
  encodings?: ReadonlyMap<string, Encoding>,
): Graph {
  const activation: Activation = "none";
  const node = { name: op, op, inputs: ["x"], output: "y", attributes: {}, activation, ...rest };
  return verify({
    name: op,
    nodes: [node],
    input: "x",
    output: "y",
    notes: [],
    rounding: pick(random, ["single", "tflite"]),
    ...(encodings === undefined ? {} : { encodings }),
  }, inputShape);
}

/** A dense layer of random size, with or without an activation. */
export function randomDense(random: Random): Graph {
  const inputs = whole(random, 1, 40);
  return single(random, "dense", [inputs], {
    ...randomWeights(random, [whole(random, 1, 11), inputs]),
    activation: pick(random, ["none", "relu", "relu6", "relu_n1_to_1"]),
  });
}

/** Any of the fused activations, or none. */
export function randomActivation(random: Random): Activation {
  return pick(random, ["none", "relu", "relu6", "relu_n1_to_1"]);
}

/** A window and an image that is large enough for it at least once. */
export function randomWindow(random: Random, depth: number): { image: Shape; window: Window } {
  const size = () => pick(random, [1, 1, 2, 3, 3, 5]);
  const step = () => pick(random, [1, 1, 1, 2, 3]);
  const pad = () => pick(random, [0, 0, 1, 2, 4]);
  const kernel = [size(), size()] as const;
  const dilation = [step(), step()] as const;
  const padding = random() < 0.3
    ? { top: 0, bottom: 0, left: 0, right: 0 }
    : { top: pad(), bottom: pad(), left: pad(), right: pad() };
  const along = (axis: 0 | 1, added: number) =>
    Math.max(1, (kernel[axis] - 1) * dilation[axis] + 1 - added) + whole(random, 0, 6);
  const image = [along(0, padding.top + padding.bottom), along(1, padding.left + padding.right)];
  return {
    image: [...image, depth],
    window: { kernel, dilation, padding, stride: [step(), step()] },
  };
}

/** An encoding for the input, most of the time with a zero point at an end of the range. */
export function randomInput(random: Random): ReadonlyMap<string, Encoding> | undefined {
  if (random() < 0.5) return undefined;
  return new Map([["x", {
    scale: 0.01 + random() / 10,
    zeroPoint: pick(random, [-128, 127, -1]),
  }]]);
}
