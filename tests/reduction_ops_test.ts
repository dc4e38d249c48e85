import { verify } from "../lib/graph/verify.ts";
import type { Encoding, FloatTensor, Graph, Shape } from "../lib/types.ts";
import { pick, randomActivation, randomEncoding, randomInput, single, whole } from "./op_graphs.ts";
import { type Random, tryOp } from "./op_trials.ts";

/** Encodings for both ends, for neither, or for the input alone. */
function randomEncodings(random: Random): ReadonlyMap<string, Encoding> | undefined {
  if (random() < 0.3) {
    return new Map([["x", randomEncoding(random)], ["y", randomEncoding(random)]]);
  }
  return randomInput(random);
}

function reductionGraph(op: "mean" | "sum") {
  return (random: Random) => {
    const shape = Array.from({ length: whole(random, 1, 4) }, () => pick(random, [1, 2, 3, 5, 7]));
    let axes = shape.map((_, axis) => axis).filter(() => random() < 0.5);
    // Axes that lie apart in three places are refused.
    if (axes.length > 2 && axes[2]! - axes[0]! > 2) axes = axes.slice(0, 2);
    return single(random, op, shape, {
      attributes: { axes, keepDims: random() < 0.5 },
      activation: randomActivation(random),
    }, randomEncodings(random));
  };
}

Deno.test("mean means the same everywhere", () => tryOp(reductionGraph("mean")));
Deno.test("sum means the same everywhere", () => tryOp(reductionGraph("sum")));

function preluGraph(random: Random): Graph {
  const shape: Shape = Array.from({ length: whole(random, 1, 3) }, () => whole(random, 1, 6));
  const slopeShape = shape.slice(whole(random, 0, shape.length - 1))
    .map((size) => random() < 0.3 ? 1 : size);
  const size = slopeShape.reduce((product, d) => product * d, 1);
  const slope: FloatTensor = {
    shape: slopeShape,
    data: Float32Array.from({ length: size }, () => 2 * random() - 0.7),
  };
  const encodings = randomEncodings(random);
  return verify({
    name: "prelu",
    nodes: [{
      name: "prelu",
      op: "prelu",
      inputs: ["x", "slope"],
      output: "y",
      attributes: {},
      activation: randomActivation(random),
    }],
    constants: new Map([["slope", slope]]),
    input: "x",
    output: "y",
    notes: [],
    rounding: pick(random, ["single", "tflite"]),
    ...(encodings === undefined ? {} : { encodings }),
  }, shape);
}

Deno.test("prelu means the same everywhere", () => tryOp(preluGraph));

function quantizeGraph(random: Random): Graph {
  const shape = [whole(random, 1, 5), whole(random, 1, 9)];
  const rest = { activation: randomActivation(random) };
  return single(random, "quantize", shape, rest, randomEncodings(random));
}

Deno.test("quantize means the same everywhere", () => tryOp(quantizeGraph));
