import assert from "node:assert/strict";
import { loadKernels } from "../lib/build/kernels.ts";
import { generateC } from "../lib/codegen/c.ts";
import { fuseActivations } from "../lib/graph/passes/fuse_activations.ts";
import { verify } from "../lib/graph/verify.ts";
import { noPadding } from "../lib/ops/window.ts";
import { quantize } from "../lib/quantize/quantize.ts";
import type { Graph, Node } from "../lib/types.ts";

const folder = new URL("golden/", import.meta.url);

/**
 * A network small enough to check by eye, with weights chosen by hand: 4×4 image, one 3×3 filter
 * that sums and one that takes the centre, relu, 2×2 max pool, two classes.
 */
function tiny(): Graph {
  const layer = { activation: "none", attributes: {} } as const;
  const window = { kernel: [3, 3], stride: [1, 1], dilation: [1, 1], padding: noPadding };
  const pool = { ...window, kernel: [2, 2], stride: [2, 2] };
  const filters = [...Array(9).fill(1), 0, 0, 0, 0, 1, 0, 0, 0, 0];
  const nodes: Node[] = [
    {
      ...layer,
      name: "filters",
      op: "conv2d",
      inputs: ["image"],
      output: "filters",
      attributes: window,
      weights: { shape: [2, 3, 3, 1], data: Float32Array.from(filters) },
      bias: Float32Array.of(-4, 0.5),
    },
    { ...layer, name: "rectify", op: "relu", inputs: ["filters"], output: "rectify" },
    {
      ...layer,
      name: "pool",
      op: "max_pool",
      inputs: ["rectify"],
      output: "pool",
      attributes: pool,
    },
    {
      ...layer,
      name: "classes",
      op: "dense",
      inputs: ["pool"],
      output: "classes",
      weights: { shape: [2, 2], data: Float32Array.of(1, -1, -1, 1) },
      bias: Float32Array.of(0, 0.25),
    },
  ];
  const graph = { name: "tiny", nodes, input: "image", output: "classes", notes: [] };
  return fuseActivations(verify(graph, [4, 4, 1]));
}

Deno.test("the C of a tiny network is what it was; INTNIC_UPDATE_GOLDEN=1 rewrites it", async () => {
  const samples = [0, 1, 2, 3].map((i) =>
    Float32Array.from({ length: 16 }, (_, k) => (k * 5 + i * 3) % 16 / 15)
  );
  const quantized = quantize(tiny(), samples, { calibrator: "max" });
  const kernels = await loadKernels({ name: "any", kernels: ["generic"] });
  for (const [name, text] of generateC(quantized, kernels).files) {
    const golden = new URL(name, folder);
    if (Deno.env.get("INTNIC_UPDATE_GOLDEN") === "1") await Deno.writeTextFile(golden, text);
    assert.equal(text, await Deno.readTextFile(golden), name);
  }
});
