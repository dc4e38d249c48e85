import { opOf } from "../ops/mod.ts";
import { elements } from "../ops/op.ts";
import type { Graph } from "../types.ts";
import { makeRunner, type Runner } from "./runner.ts";

/** Called with each tensor after the layer that wrote it ran; the array is reused. */
export type FloatObserver = (tensor: string, values: Float32Array) => void;

/**
 * The float meaning of a graph, ready to run one sample at a time. Sums are taken in double
 * precision and rounded to single when stored.
 *
 * @returns a function from the input (row-major, `elements(input shape)` long) to the output; its
 * result is overwritten by the next call
 */
export function floatRunner(
  graph: Graph,
  observe?: FloatObserver,
): Runner<Float32Array> {
  const { tensors, constants } = graph;
  return makeRunner(graph, {
    buffers: new Map<string, Float32Array>(
      [...tensors].map(([name, s]) => [
        name,
        constants?.get(name)?.data ?? new Float32Array(elements(s)),
      ]),
    ),
    prepare: (node) =>
      opOf(node.op).float(node, {
        inputs: node.inputs.map((name) => tensors.get(name)!),
        output: tensors.get(node.output)!,
      }),
    observe,
  });
}
