import { opOf } from "../../ops/mod.ts";
import { elements } from "../../ops/op.ts";
import { quantize } from "../../quantize/quantize.ts";
import { quantizeValues } from "../../quantize/range.ts";
import { referenceRunner } from "../../run/reference.ts";
import type { Encoding, FloatTensor, Graph, Node } from "../../types.ts";
import { verify } from "../verify.ts";

/** Larger constants than any microcontroller's flash are left to be made at run time. */
const MAX_ELEMENTS = 2 ** 22;

/**
 * Replaces every node that reads only constants by its result. Where the model brings scales and
 * zero points for all that the node reads and writes, the result is what the integers give, so that
 * the codes are those that the node would have computed; else it is the op's float meaning.
 *
 * The node that writes the network's output stays, as do ops that keep state.
 */
export function foldConstants(graph: Graph): Graph {
  const constants = new Map(graph.constants);
  const encodings = new Map(graph.encodings);
  const nodes = graph.nodes.filter((node) => {
    const inputs = node.inputs.map((name) => constants.get(name));
    if (inputs.length === 0 || !inputs.every((tensor) => tensor !== undefined)) return true;
    const shape = graph.tensors.get(node.output)!;
    if (node.output === graph.output || elements(shape) > MAX_ELEMENTS) return true;
    const run = opOf(node.op).float(node, {
      inputs: inputs.map((tensor) => tensor.shape),
      output: shape,
    });
    if (run.reset !== undefined) return true;
    const exact = evaluateCodes(graph, node, { constants, encodings });
    if (exact === undefined) {
      const data = new Float32Array(elements(shape));
      run(inputs.map((tensor) => tensor.data), data);
      constants.set(node.output, { shape, data });
    } else {
      constants.set(node.output, exact.tensor);
      encodings.set(node.output, exact.encoding);
    }
    return false;
  });
  return verify({ ...graph, nodes, constants, encodings }, graph.tensors.get(graph.input)!);
}

/** What the node gives in integers, if every scale and zero point it needs is known. */
function evaluateCodes(
  graph: Graph,
  node: Node,
  { constants, encodings }: {
    readonly constants: ReadonlyMap<string, FloatTensor>;
    readonly encodings: ReadonlyMap<string, Encoding>;
  },
): { readonly tensor: FloatTensor; readonly encoding: Encoding } | undefined {
  const { quantization } = opOf(node.op);
  const calibrated = quantization === "linear" || quantization === "range";
  const needed = calibrated ? [...node.inputs, node.output] : node.inputs;
  if (!needed.every((name) => encodings.has(name))) return undefined;
  // As a network of its own, which reads its first input.
  const [first, ...rest] = [...new Set(node.inputs)] as [string, ...string[]];
  const quantized = quantize({
    ...graph,
    nodes: [node],
    tensors: new Map([...node.inputs, node.output].map((name) => [name, graph.tensors.get(name)!])),
    constants: new Map(rest.map((name) => [name, constants.get(name)!])),
    encodings,
    input: first,
    output: node.output,
  }, []);
  const tensor = (name: string) => quantized.tensors.get(name)!;
  const codes = quantizeValues(constants.get(first)!.data, tensor(first));
  const { shape, scale, zeroPoint } = tensor(node.output);
  const data = Float32Array.from(
    referenceRunner(quantized)(codes),
    (code) => scale * (code - zeroPoint),
  );
  return { tensor: { shape, data }, encoding: { scale, zeroPoint } };
}
