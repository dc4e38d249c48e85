import { makeRunner, type Runner } from "../graph/runner.ts";
import { opOf } from "../ops/mod.ts";
import { contextOf, elements } from "../ops/op.ts";
import type { QuantizedGraph } from "../types.ts";

/** Called with each tensor after the layer that wrote it ran; the array is reused. */
export type ReferenceObserver = (tensor: string, codes: Int8Array) => void;

/**
 * The meaning of a quantized graph: the bytes that the generated C must give on every target.
 *
 * @returns a function from int8 input to int8 output, row-major; its result is overwritten by the
 * next call
 */
export function referenceRunner(
  graph: QuantizedGraph,
  observe?: ReferenceObserver,
): Runner<Int8Array> {
  const { tensors, constants } = graph;
  return makeRunner(graph, {
    buffers: new Map<string, Int8Array>(
      [...tensors].map(([name, t]) => [
        name,
        constants.get(name) ?? new Int8Array(elements(t.shape)),
      ]),
    ),
    prepare: (node) => opOf(node.op).reference(node, contextOf(graph, node)),
    observe,
  });
}
