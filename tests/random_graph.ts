import { verify } from "../lib/graph/verify.ts";
import { opOf } from "../lib/ops/mod.ts";
import { elements } from "../lib/ops/op.ts";
import { noPadding, samePadding, type Window } from "../lib/ops/window.ts";
import { fuseActivations } from "../lib/graph/passes/fuse_activations.ts";
import type { FloatTensor, Graph, Node, Shape } from "../lib/types.ts";

/** Numbers in [0, 1) from a seed (G. Marsaglia, "Xorshift RNGs", 2003). */
export function seededRandom(seed: number): () => number {
  // Neighbouring seeds must not start alike; zero would stay zero.
  let state = Math.imul(seed + 1, 0x9e3779b1) || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/**
 * A small network of random shape and weights: convolutions of any stride, padding and dilation,
 * max pools, relus and reshapes, then dense layers. The same seed gives the same network.
 */
export function randomGraph(seed: number): Graph {
  const random = seededRandom(seed);
  const whole = (least: number, most: number) => least + Math.floor(random() * (most - least + 1));
  const nodes: Node[] = [];
  const inputShape: Shape = [whole(1, 11), whole(1, 11), whole(1, 7)];
  let tensor = "input";
  let shape = inputShape;

  const add = (op: string, rest: Partial<Node>) => {
    const name = `${op} ${nodes.length}`;
    const node: Node = {
      name,
      op,
      inputs: [tensor],
      output: name,
      attributes: {},
      activation: "none",
      ...rest,
    };
    shape = opOf(op).infer(node, [shape]);
    nodes.push(node);
    tensor = name;
  };
  const constants = (weightShape: Shape): Pick<Node, "weights" | "bias"> => {
    // Channels of very different size, one of zeros now and then.
    const spread = () => random() < 0.1 ? 0 : 10 ** (2 * random() - 1);
    const perOutput = elements(weightShape) / weightShape[0]!;
    const weights: FloatTensor = {
      shape: weightShape,
      data: new Float32Array(elements(weightShape)),
    };
    for (let o = 0; o < weightShape[0]!; o++) {
      const size = spread();
      for (let i = 0; i < perOutput; i++) weights.data[o * perOutput + i] = size * (random() - 0.5);
    }
    const bias = Float32Array.from({ length: weightShape[0]! }, () => spread() * (random() - 0.5));
    return { weights, bias };
  };
  const window = (kernel: readonly [number, number], most: number): Window => {
    const stride = [whole(1, most), whole(1, most)] as const;
    const dilation = most > 1 && random() < 0.2 ? [2, whole(1, 2)] as const : [1, 1] as const;
    const geometry = { kernel, stride, dilation };
    const reach = (axis: 0 | 1) => (kernel[axis] - 1) * dilation[axis] + 1;
    const fits = reach(0) <= shape[0]! && reach(1) <= shape[1]!;
    const same = !fits || random() < 0.5;
    return { ...geometry, padding: same ? samePadding(shape, geometry) : noPadding };
  };

  for (let layers = whole(0, 3); layers > 0; layers--) {
    const kernel = [whole(1, 4), whole(1, 4)] as const;
    if (random() < 0.7) {
      const attributes = window(kernel, 2);
      add("conv2d", { attributes, ...constants([whole(1, 9), ...kernel, shape[2]!]) });
    } else {
      const attributes = { ...window(kernel, 2), dilation: [1, 1] };
      const geometry = attributes as unknown as Window;
      const padding = geometry.padding === noPadding ? noPadding : samePadding(shape, geometry);
      add("max_pool", { attributes: { ...geometry, padding } });
    }
    if (random() < 0.6) add("relu", {});
  }
  if (random() < 0.5) add("reshape", { attributes: { shape: [elements(shape)] } });
  for (
    let layers = whole(nodes.some(({ op }) => op === "conv2d") ? 0 : 1, 2);
    layers > 0;
    layers--
  ) {
    add("dense", constants([whole(1, 13), elements(shape)]));
    if (random() < 0.5) add("relu", {});
  }
  if (!nodes.some(({ op }) => op === "conv2d" || op === "dense")) {
    add("dense", constants([3, elements(shape)]));
  }
  return fuseActivations(
    verify(
      {
        name: `random ${seed}`,
        nodes,
        input: "input",
        output: tensor,
        notes: [],
        rounding: seed % 3 === 0 ? "tflite" : "single",
      },
      inputShape,
    ),
  );
}

/** Random real inputs for a graph, some of them at the ends of the range. */
export function randomInputs(graph: Graph, count: number, seed: number): Float32Array[] {
  const random = seededRandom(seed);
  const size = elements(graph.tensors.get(graph.input)!);
  const value = () => random() < 0.1 ? (random() < 0.5 ? -1 : 2) : 3 * random() - 1;
  return Array.from({ length: count }, () => Float32Array.from({ length: size }, value));
}
