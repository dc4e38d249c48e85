import assert from "node:assert/strict";
import { build } from "../lib/build/build.ts";
import { loadKernels } from "../lib/build/kernels.ts";
import { generateC } from "../lib/codegen/c.ts";
import { loadModel } from "../lib/import/load.ts";
import { importModel } from "../lib/import/mod.ts";
import { quantize } from "../lib/quantize/quantize.ts";
import { loadTarget } from "../lib/targets.ts";
import { randomInputs } from "./random_graph.ts";

const graph = importModel(await loadModel("convnet"));
const quantized = quantize(graph, randomInputs(graph, 1, 1), { calibrator: "max" });

Deno.test("at the level size the ConvNet takes as little flash as at balanced, and far less than at speed", async () => {
  for (const name of ["cortex-m4", "cortex-m0plus", "rv32imc"]) {
    const target = await loadTarget(name);
    const kernels = await loadKernels(target);
    const [size, balanced, speed] = await Promise.all(
      (["size", "balanced", "speed"] as const).map(async (optimize) => {
        const directory = await Deno.makeTempDir();
        try {
          const program = generateC(quantized, kernels, { optimize });
          return (await build(program, target, { directory })).flash.total;
        } finally {
          await Deno.remove(directory, { recursive: true });
        }
      }),
    );
    // What code takes is known only roughly before it is compiled.
    const sizes = `${name}: ${size} ${balanced} ${speed}`;
    assert.ok(size! <= 1.01 * balanced! && size! < speed! / 2, sizes);
  }
});

Deno.test("code for one small layer is left out at the level size, and the layer says why", async () => {
  const kernels = await loadKernels(await loadTarget("cortex-m4"));
  const { layers } = generateC(quantized, kernels, { optimize: "size" });
  const dense = layers.at(-1)!;
  assert.equal(dense.kernel, "generic");
  assert.match(dense.why, /; instead of wide: more code than it is worth at this level/);
  assert.equal(layers[0]!.kernel, "plane-pool");
});
