import { verify } from "../lib/graph/verify.ts";
import type { Graph } from "../lib/types.ts";
import { type Random, tryOp } from "./op_trials.ts";
import { randomDense, whole } from "./op_graphs.ts";

/** A relu on an input whose zero point is anywhere, the ends of the range among them. */
function reluGraph(random: Random): Graph {
  const zeroPoint = random() < 0.3 ? (random() < 0.5 ? -128 : 127) : whole(random, -128, 127);
  const node = {
    name: "relu",
    op: "relu",
    inputs: ["x"],
    output: "y",
    attributes: {},
    activation: "none",
  } as const;
  const graph = { name: "relu", nodes: [node], input: "x", output: "y", notes: [] };
  const encodings = new Map([["x", { scale: 0.01 + random() / 10, zeroPoint }]]);
  return verify({ ...graph, encodings }, [whole(random, 1, 9), whole(random, 1, 7)]);
}

Deno.test("relu means the same everywhere", () => tryOp(reluGraph));
Deno.test("dense means the same everywhere", () => tryOp(randomDense));
