import assert from "node:assert/strict";
import { floatRunner } from "../lib/graph/float.ts";
import { optimize } from "../lib/graph/passes/mod.ts";
import { readOnnxModel } from "../lib/import/onnx/import.ts";
import { elements } from "../lib/ops/op.ts";
import { networks } from "./onnx_networks.ts";
import { runOnnxRuntime } from "./onnx_runtime.ts";
import { relativeError, toOnnx, toOurs } from "./onnx_suite.ts";
import { onnxModel, writeOnnx } from "./onnx_writer.ts";
import { seededRandom } from "./random_graph.ts";

for (const { name, spec, shape, transposes } of networks) {
  Deno.test(`ONNX: ${name}: what ONNX Runtime gives, and nothing moved that need not be`, async () => {
    const random = seededRandom(7);
    const inputs = Array.from(
      { length: 4 },
      () => Float32Array.from({ length: elements(shape) }, () => 4 * random() - 2),
    );
    const bytes = writeOnnx(spec);
    const expected = await runOnnxRuntime(bytes, inputs, shape);
    const { graph, input, output } = readOnnxModel(onnxModel(bytes));
    const optimized = optimize(graph);
    for (const run of [floatRunner(graph), floatRunner(optimized)]) {
      inputs.forEach((data, i) => {
        const actual = toOnnx(output, run(toOurs(input, data)));
        const error = relativeError(actual, expected[i]!);
        assert.ok(error < 1e-5, `off by ${error}`);
      });
    }
    const moves = optimized.nodes.filter(({ op }) => op === "transpose");
    assert.equal(moves.length, transposes, optimized.nodes.map(({ op }) => op).join(" "));
    assert.ok(optimized.nodes.every(({ op }) => op !== "batch_norm"));
  });
}
