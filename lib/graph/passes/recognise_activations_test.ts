import assert from "node:assert/strict";
import { randomInputs } from "../../../tests/random_graph.ts";
import type { Node } from "../../types.ts";
import { floatRunner } from "../float.ts";
import { verify } from "../verify.ts";
import { recogniseActivations } from "./recognise_activations.ts";

function gate(op: string, attributes: object, swapped = false): Node[] {
  const plain = { attributes: {}, activation: "none" } as const;
  const inputs = swapped ? ["g", "x"] : ["x", "g"];
  return [
    { ...plain, name: "g", op, inputs: ["x"], output: "g", attributes },
    { ...plain, name: "y", op: "mul", inputs, output: "y" },
  ];
}

Deno.test("a product with a gate of itself is one activation", () => {
  const cases = [
    [gate("sigmoid", {}), ["silu"]],
    [gate("sigmoid", {}, true), ["silu"]],
    [gate("hard_sigmoid", { alpha: 1 / 6, beta: 0.5 }), ["hard_swish"]],
    [gate("hard_sigmoid", { alpha: 0.2, beta: 0.5 }), ["hard_sigmoid", "mul"]],
    [gate("tanh", {}), ["tanh", "mul"]],
  ] as const;
  for (const [nodes, ops] of cases) {
    const graph = verify({ name: "g", nodes, input: "x", output: "y", notes: [] }, [9]);
    const after = recogniseActivations(graph);
    assert.deepEqual(after.nodes.map(({ op }) => op), ops);
    const [before, run] = [floatRunner(graph), floatRunner(after)];
    for (const input of randomInputs(graph, 5, 1)) {
      const expected = before(input).slice();
      run(input).forEach((value, i) => assert.ok(Math.abs(value - expected[i]!) < 1e-6));
    }
  }
});
