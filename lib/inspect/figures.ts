import { UserError } from "../errors.ts";
import { opOf } from "../ops/mod.ts";
import { elements } from "../ops/op.ts";
import { calibratedTensors, quantize } from "../quantize/quantize.ts";
import type { Activation, Graph, QuantizedGraph, Shape } from "../types.ts";

/** What one layer of a float graph is. */
export interface LayerFigures {
  readonly name: string;
  readonly op: string;
  readonly activation: Activation;
  readonly inputs: readonly Shape[];
  readonly output: Shape;
  /** Multiply-accumulates of one inference. */
  readonly macs: number;
  /** Trained values: weights, biases and other constants. */
  readonly parameters: number;
}

/** The layers of a graph, in the order in which they run. */
export function layerFigures(graph: Graph): LayerFigures[] {
  const counted = new Set<string>();
  return graph.nodes.map((node) => {
    const inputs = node.inputs.map((name) => graph.tensors.get(name)!);
    const output = graph.tensors.get(node.output)!;
    // A constant that several layers read counts for the first.
    const constants = node.inputs.filter((name) =>
      graph.constants?.has(name) && !counted.has(name)
    );
    for (const name of constants) counted.add(name);
    const parameters = (node.weights?.data.length ?? 0) + (node.bias?.length ?? 0) +
      [...node.parameters?.values() ?? []].reduce((sum, { data }) => sum + data.length, 0) +
      [...new Set(constants)].reduce(
        (sum, name) => sum + graph.constants!.get(name)!.data.length,
        0,
      );
    return {
      name: node.name,
      op: node.op,
      activation: node.activation,
      inputs,
      output,
      macs: opOf(node.op).macs(node, { inputs, output }),
      parameters,
    };
  });
}

/** Elements of all tensors together that are worth running: more than any target's RAM. */
const MAX_ELEMENTS = 2 ** 25;
/** Window taps and multiply-accumulates that are worth running: some seconds' work here. */
const MAX_WORK = 2 ** 31;
/** Window taps of one layer, each of which the float graph keeps an index of. */
const MAX_TAPS = 2 ** 27;

/** Made-up inputs; where one gives infinities or no numbers, the next is tried. */
const inputs: readonly ((i: number) => number)[] = [
  (i) => Math.sin(7 * i + 1),
  (i) => (i * 37 % 101 + 1) / 101,
  () => 1,
  () => 0,
];

/**
 * The graph quantized without data: by the ranges it brings along, or else by those of one made-up
 * input. Its shapes, memory and cycles are those of a real quantization; its outputs mean nothing.
 *
 * @throws {UserError} if it is too large to run here, or cannot be quantized
 */
export function quantizeForSize(graph: Graph): QuantizedGraph {
  requireReasonable(graph);
  if (calibratedTensors(graph).length === 0) return quantize(graph, []);
  const size = elements(graph.tensors.get(graph.input)!);
  let failure: unknown;
  for (const value of inputs) {
    const sample = Float32Array.from({ length: size }, (_, i) => value(i));
    try {
      return quantize(graph, [sample], { calibrator: "max" });
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      failure ??= error;
    }
  }
  throw failure;
}

/** @throws {UserError} if running the graph once would take too much memory or time here */
function requireReasonable(graph: Graph): void {
  const total = [...graph.tensors.values()].reduce((sum, shape) => sum + elements(shape), 0);
  if (total > MAX_ELEMENTS) {
    throw new UserError(
      `The tensors of ${graph.name} have ${total} elements together; at most ${MAX_ELEMENTS} are ` +
        `worth trying.`,
    );
  }
  let work = 0;
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((name) => graph.tensors.get(name)!);
    const output = graph.tensors.get(node.output)!;
    const { kernel = [1] } = node.attributes as { readonly kernel?: Shape };
    const channels = Math.max(inputs[0]?.at(-1) ?? 1, output.at(-1) ?? 1);
    const taps = elements(output) / (output.at(-1) ?? 1) * elements(kernel) * channels;
    work += Math.max(taps, opOf(node.op).macs(node, { inputs, output }));
    if (taps > MAX_TAPS || work > MAX_WORK) {
      throw new UserError(
        `Layer ${node.name} of ${graph.name} takes ${taps} taps of windows, and all up to it ${work} ` +
          `steps; at most ${MAX_TAPS} and ${MAX_WORK} are worth trying.`,
      );
    }
  }
}
