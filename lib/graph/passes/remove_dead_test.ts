import assert from "node:assert/strict";
import type { Node } from "../../types.ts";
import { removeDead } from "./remove_dead.ts";

Deno.test("what does not reach the output is left out, constants too", () => {
  const node = (output: string, ...inputs: string[]): Node => ({
    name: output,
    op: "add",
    inputs,
    output,
    attributes: {},
    activation: "none",
  });
  const one = { shape: [1], data: Float32Array.of(1) };
  const { nodes, constants } = removeDead({
    nodes: [node("a", "x", "k"), node("b", "a", "l"), node("c", "a", "a")],
    output: "c",
    constants: new Map([["k", one], ["l", one]]),
  });
  assert.deepEqual(nodes.map(({ name }) => name), ["a", "c"]);
  assert.deepEqual([...constants.keys()], ["k"]);
});
