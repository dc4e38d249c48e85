import { UserError } from "../../errors.ts";
import type { Shape } from "../../types.ts";
import { Attributes, type OnnxNode } from "./schema.ts";

/**
 * The nodes that an output needs, each after those it reads from.
 *
 * @param known tells of tensors that no node writes
 * @throws {UserError} if a tensor is missing, written twice, or needed for itself
 */
export function sorted(
  nodes: readonly OnnxNode[],
  output: string,
  { known, path }: { readonly known: (name: string) => boolean; readonly path: string },
): OnnxNode[] {
  const producers = new Map<string, OnnxNode>();
  for (const node of nodes) {
    for (const name of node.outputs.filter((name) => name !== "")) {
      if (producers.has(name) || known(name)) {
        throw new UserError(
          `Node ${node.name} of ${path} writes ${name}, which has a value already.`,
        );
      }
      producers.set(name, node);
    }
  }
  const done: OnnxNode[] = [];
  const state = new Map<OnnxNode, "open" | "done">();
  const stack: { readonly node: OnnxNode; next: number }[] = [];
  const visit = (name: string, reader: string) => {
    const node = producers.get(name);
    if (node === undefined) {
      if (known(name)) return;
      throw new UserError(`${reader} of ${path} reads ${name}, which nothing gives.`);
    }
    if (state.get(node) === "done") return;
    if (state.has(node)) {
      throw new UserError(
        `Node ${node.name} (${node.op}) of ${path} needs its own result; the graph has a cycle.`,
      );
    }
    state.set(node, "open");
    stack.push({ node, next: 0 });
  };
  visit(output, "The output");
  while (stack.length > 0) {
    const top = stack.at(-1)!;
    const name = top.node.inputs[top.next++];
    if (name === undefined) {
      state.set(top.node, "done");
      done.push(top.node);
      stack.pop();
    } else if (name !== "") visit(name, `Node ${top.node.name}`);
  }
  return done;
}

/** Operators that take images or signals with their channels in dimension 1. */
const onImages = new Set([
  "AveragePool",
  "BatchNormalization",
  "Conv",
  "ConvTranspose",
  "DepthToSpace",
  "GlobalAveragePool",
  "GlobalMaxPool",
  "MaxPool",
  "QLinearConv",
  "Resize",
  "SpaceToDepth",
  "Upsample",
  "com.microsoft.QLinearAveragePool",
  "com.microsoft.QLinearGlobalAveragePool",
]);

/** Operators behind which the dimensions are still the same ones. */
const keeping = new Set([
  "Add",
  "Cast",
  "Clip",
  "Concat",
  "DequantizeLinear",
  "Div",
  "Dropout",
  "Identity",
  "Mul",
  "Pad",
  "QuantizeLinear",
  "Relu",
  "Slice",
  "Split",
  "Sub",
]);

/** Steps looked at in search of an operator that wants an order. */
const MAX_STEPS = 64;

/**
 * The order in which the input's dimensions are to lie so that the first operator that cares finds
 * what it wants: channels last for images, as they are otherwise.
 */
export function inputOrder(nodes: readonly OnnxNode[], input: string, shape: Shape): number[] {
  const all = shape.map((_, axis) => axis);
  const last = (axes: readonly number[]) => [axes[0]!, ...axes.slice(2), axes[1]!];
  // Where an axis of a tensor comes from.
  const queue = [{ tensor: input, from: all }];
  for (let i = 0; i < queue.length && i < MAX_STEPS; i++) {
    const { tensor, from } = queue[i]!;
    for (const node of nodes.filter(({ inputs }) => inputs.includes(tensor))) {
      const attributes = new Attributes(node, new Map());
      if (onImages.has(node.op) && shape.length > 2) return last(from);
      if (["GRU", "LSTM", "RNN"].includes(node.op) && shape.length === 3) return from;
      const next = node.op === "Transpose"
        ? attributes.integers("perm")?.map((axis) => from[axis] ?? 0) ?? from.toReversed()
        : keeping.has(node.op)
        ? from
        : undefined;
      if (next !== undefined) queue.push({ tensor: node.outputs[0]!, from: next });
      // A matrix product asks for its last dimension to lie last.
      else if (node.op === "MatMul" || node.op === "Gemm") return from;
    }
  }
  return shape.length === 4 ? last(all) : all;
}
