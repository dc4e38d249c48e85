import assert from "node:assert/strict";
import { loadKernels } from "../lib/build/kernels.ts";
import { chooseKernel } from "../lib/codegen/choose.ts";
import { contextOf, elements } from "../lib/ops/op.ts";
import { quantize } from "../lib/quantize/quantize.ts";
import type { Graph } from "../lib/types.ts";
import { pick, randomActivation, randomInput, randomWeights, single, whole } from "./op_graphs.ts";
import { type Random, tryOp } from "./op_trials.ts";
import { seededRandom } from "./random_graph.ts";

/** Cores with SMLAD. */
const targets = ["cortex-m4", "cortex-m7", "cortex-m33"];

/** A dense layer; of every other one all outputs have one scale, and many only the largest weights. */
function denseGraph(random: Random): Graph {
  const inputs = pick(random, [
    whole(random, 1, 20),
    4 * whole(random, 1, 70),
    whole(random, 100, 300),
  ]);
  const outputs = pick(random, [whole(random, 1, 4), whole(random, 5, 27)]);
  const { weights, bias } = randomWeights(random, [outputs, inputs]);
  const alike = pick(random, ["no", "no", "uniform", "extreme"] as const);
  const data = weights!.data.map((weight, i) => {
    if (alike === "no") return weight;
    const extreme = alike === "extreme" || i % inputs === 0;
    return extreme ? Math.sign(random() - 0.5) : 2 * random() - 1;
  });
  return single(random, "dense", [inputs], {
    weights: { ...weights!, data },
    bias: bias!,
    activation: randomActivation(random),
  }, randomInput(random));
}

Deno.test("dense layers mean the same on cores with SMLAD", () =>
  tryOp(denseGraph, { levels: ["speed", "ram"], targets, steps: 3 }));

Deno.test("… and where the compiler does not optimize", async () => {
  for (const name of ["cortex-m4", "cortex-m33"]) {
    const path = new URL(`../targets/${name}.json`, import.meta.url);
    const target = JSON.parse(await Deno.readTextFile(path));
    target.compiler.flags.push("-O0", "-Wshadow");
    const file = await Deno.makeTempFile({ suffix: ".json" });
    await Deno.writeTextFile(file, JSON.stringify(target));
    await tryOp(denseGraph, { count: 60, levels: ["speed"], targets: [file], steps: 3 });
    await Deno.remove(file);
  }
});

Deno.test("dense layers are tried in every form that there is", async () => {
  const kernels = await loadKernels({ name: "any", kernels: ["dsp", "generic"] });
  const random = seededRandom(3);
  const forms = new Set<string>();
  for (let i = 0; i < 300; i++) {
    const float = denseGraph(random);
    const sample = new Float32Array(elements(float.tensors.get("x")!)).map(() => random() - 0.5);
    const graph = quantize(float, [sample], { calibrator: "max" });
    const node = graph.nodes[0]!;
    for (const only of ["wide", "direct", "pair"]) {
      const choosing = { kernels, optimize: "speed", only } as const;
      const { emission } = chooseKernel(node, contextOf(graph, node), "y", choosing);
      const form = emission.kernels.find((kernel) => kernel.startsWith("dense_wide@"));
      if (form !== undefined) forms.add(form);
    }
  }
  assert.equal(forms.size, 15);
});
