import { type Random, tryOp } from "./op_trials.ts";
import {
  pick,
  randomActivation,
  randomInput,
  randomWeights,
  randomWindow,
  single,
  whole,
} from "./op_graphs.ts";
import type { Graph, Node } from "../lib/types.ts";

/** What the host's C is compiled for: this machine, and less than what it has. */
const machines: Readonly<Record<string, readonly string[]>> = {
  "this machine's vectors": ["-O3", "-march=native"],
  "those every machine has": ["-O2"],
  "no instructions for pairs": ["-O2", "-U__SSE2__"],
  "no optimization": ["-O0", "-march=native"],
  ...(await hasAvx2() ? { "AVX2": ["-O3", "-march=x86-64-v3"] } : {}),
};

async function hasAvx2(): Promise<boolean> {
  if (Deno.build.arch !== "x86_64" || Deno.build.os !== "linux") return false;
  return / avx2 /.test(await Deno.readTextFile("/proc/cpuinfo"));
}

/** Weights of which every other layer has only the largest. */
function weightsOf(random: Random, shape: readonly number[]): Pick<Node, "weights" | "bias"> {
  const { weights, bias } = randomWeights(random, shape);
  const data = random() < 0.5
    ? weights!.data
    : weights!.data.map(() => Math.sign(random() - 0.5) || 1);
  return { weights: { ...weights!, data }, bias: bias! };
}

function convGraph(random: Random): Graph {
  const depth = pick(random, [1, 2, 3, 4, 5, 8, 16, 19, 64]);
  const outputs = pick(random, [1, 3, 8, 15, 16, 17, 32, 40]);
  const { image, window } = randomWindow(random, depth);
  const wide = random() < 0.5 ? image : [image[0]!, image[1]! + whole(random, 0, 20), depth];
  return single(random, "conv2d", wide, {
    attributes: window,
    ...weightsOf(random, [outputs, ...window.kernel, depth]),
    activation: randomActivation(random),
  }, randomInput(random));
}

function depthwiseGraph(random: Random): Graph {
  const depth = pick(random, [1, 2, 3, 5, 7, 8, 15, 16, 17, 33, 64]);
  const multiplier = pick(random, [1, 1, 1, 1, 1, 2]);
  const { image, window } = randomWindow(random, depth);
  return single(random, "depthwise_conv2d", image, {
    attributes: window,
    ...weightsOf(random, [multiplier * depth, ...window.kernel]),
    activation: randomActivation(random),
  }, randomInput(random));
}

function denseGraph(random: Random): Graph {
  const inputs = pick(random, [1, 2, 3, 4, 7, 64, 129, 640]);
  return single(random, "dense", [inputs], {
    ...weightsOf(random, [pick(random, [1, 10, 15, 16, 17, 48, 64, 72, 128]), inputs]),
    activation: randomActivation(random),
  }, randomInput(random));
}

for (const [name, flags] of Object.entries(machines)) {
  Deno.test(`layers in vectors mean the same: ${name}`, async () => {
    const path = new URL("../targets/host.json", import.meta.url);
    const target = JSON.parse(await Deno.readTextFile(path));
    const file = await Deno.makeTempFile({ suffix: ".json" });
    target.compiler.flags = [...flags, "-Wshadow", "-Wpedantic"];
    await Deno.writeTextFile(file, JSON.stringify(target));
    for (const make of [convGraph, depthwiseGraph, denseGraph]) {
      await tryOp(make, { targets: [file], count: 50 });
    }
    await Deno.remove(file);
  });
}
