import { UserError } from "../errors.ts";
import { opOf } from "../ops/mod.ts";
import { elements, formatShape } from "../ops/op.ts";
import type { FloatTensor, Graph, Node, Shape } from "../types.ts";

/** Largest tensor accepted; far beyond any microcontroller, and small enough to allocate. */
const MAX_ELEMENTS = 2 ** 28;

/**
 * Infers every tensor's shape and returns the checked graph. Importers and passes end with it, so
 * that no later stage meets a graph that is not well formed.
 *
 * @param inputShape shape of the tensor `graph.input`
 * @throws {UserError} naming the layer, if names repeat, a tensor is read before it is written, the
 * shapes do not fit, or a constant is not finite
 */
export function verify(graph: Omit<Graph, "tensors">, inputShape: Shape): Graph {
  const tensors = new Map<string, Shape>([[graph.input, checkShape(graph.input, inputShape)]]);
  for (const [name, constant] of graph.constants ?? []) {
    if (name === graph.input) {
      throw new UserError(`The network's input, ${name}, is also the name of a constant.`);
    }
    checkTensor(`values of the constant ${name}`, constant);
    tensors.set(name, checkShape(name, constant.shape));
  }
  const names = new Set<string>();
  for (const node of graph.nodes) {
    if (names.has(node.name)) {
      throw new UserError(`Two layers are named ${node.name}; every layer needs its own name.`);
    }
    names.add(node.name);
    if (tensors.has(node.output)) {
      throw new UserError(`Layer ${node.name} writes ${node.output}, which already has a value.`);
    }
    const inputs = node.inputs.map((input) => {
      const shape = tensors.get(input);
      if (shape === undefined) {
        throw new UserError(
          `Layer ${node.name} reads ${input}, which no earlier layer writes; the layers must be ` +
            `free of cycles.`,
        );
      }
      return shape;
    });
    checkConstants(node);
    tensors.set(node.output, checkShape(node.name, opOf(node.op).infer(node, inputs)));
  }
  if (!tensors.has(graph.output)) {
    throw new UserError(`The network's output, ${graph.output}, is written by no layer.`);
  }
  if (!graph.nodes.some((node) => opOf(node.op).emit !== undefined)) {
    throw new UserError(`The network ${graph.name} has no layer that computes anything.`);
  }
  return { ...graph, tensors };
}

function checkShape(name: string, shape: Shape): Shape {
  if (!shape.every((d) => Number.isSafeInteger(d) && d > 0) || elements(shape) > MAX_ELEMENTS) {
    throw new UserError(
      `The tensor of ${name} has shape ${formatShape(shape)}; dimensions must be positive whole ` +
        `numbers and their product at most ${MAX_ELEMENTS}.`,
    );
  }
  return shape;
}

function checkConstants(node: Node): void {
  if (node.weights !== undefined) checkTensor(`weights of layer ${node.name}`, node.weights);
  if (node.bias !== undefined) {
    checkTensor(`biases of layer ${node.name}`, { shape: [node.bias.length], data: node.bias });
  }
  for (const [name, tensor] of node.parameters ?? []) {
    checkTensor(`values of ${name} of layer ${node.name}`, tensor);
  }
}

function checkTensor(what: string, { shape, data }: FloatTensor): void {
  if (elements(shape) !== data.length) {
    throw new UserError(
      `The ${what} have shape ${formatShape(shape)}, which asks for ${elements(shape)} values ` +
        `instead of ${data.length}.`,
    );
  }
  // A loop, as `findIndex` takes twenty times as long on large arrays.
  let bad = 0;
  while (bad < data.length && Number.isFinite(data[bad]!)) bad++;
  if (bad < data.length) {
    throw new UserError(
      `The ${what} hold ${data[bad]} at position ${bad}; all must be finite. The training that ` +
        `made them probably diverged.`,
    );
  }
}
