import { opOf } from "../ops/mod.ts";
import { elements } from "../ops/op.ts";
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
): (input: Int8Array) => Int8Array {
  const buffers = new Map(
    [...graph.tensors].map(([name, { shape }]) => [name, new Int8Array(elements(shape))]),
  );
  const steps = graph.nodes.map((node) => {
    const run = opOf(node.op).reference(node, {
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
  return (codes) => {
    input.set(codes);
    observe?.(graph.input, input);
    for (const step of steps) step();
    return buffers.get(graph.output)!;
  };
}
