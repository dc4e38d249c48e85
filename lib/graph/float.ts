import { opOf } from "../ops/mod.ts";
import { elements } from "../ops/op.ts";
import type { Graph } from "../types.ts";

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
): (input: Float32Array) => Float32Array {
  const buffers = new Map(
    [...graph.tensors].map(([name, shape]) => [name, new Float32Array(elements(shape))]),
  );
  const steps = graph.nodes.map((node) => {
    const run = opOf(node.op).float(node, {
      inputs: node.inputs.map((name) => graph.tensors.get(name)!),
      output: graph.tensors.get(node.output)!,
    });
    const inputs = node.inputs.map((name) => buffers.get(name)!);
    const output = buffers.get(node.output)!;
    return () => {
      run(inputs, output);
      observe?.(node.output, output);
    };
  });
  const input = buffers.get(graph.input)!;
  return (values) => {
    input.set(values);
    observe?.(graph.input, input);
    for (const step of steps) step();
    return buffers.get(graph.output)!;
  };
}
