import { UserError } from "../../errors.ts";
import { formatShape } from "../../ops/op.ts";
import { GraphBuilder } from "../builder.ts";
import type { Unsupported } from "../unsupported.ts";
import { constantOps } from "./constant_ops.ts";
import { isRecord, type StoredTensor, type TfjsJson } from "./files.ts";
import { dimensionsOf, type NodeDef, outputName, readNodeDefs } from "./node_def.ts";
import { shapeNodes } from "./shape_nodes.ts";
import { elementNodes } from "./element_nodes.ts";
import type { NodeConverter, Value } from "./values.ts";
import { weightedNodes } from "./weighted_nodes.ts";

const converters: Readonly<Record<string, NodeConverter>> = {
  ...elementNodes,
  ...shapeNodes,
  ...weightedNodes,
};

/** A converted model, before any pass. */
export interface Converted {
  readonly builder: GraphBuilder;
  readonly input: string;
  /** Undefined if a node on the way failed, which the collector then knows. */
  readonly output: string | undefined;
}

/**
 * Converts a tfjs GraphModel: the TensorFlow graph of a SavedModel, with constants apart. Nodes that
 * do not reach the output are left out.
 *
 * @param path names the model in messages
 * @throws {UserError} if the graph is damaged, has cycles, or has not one input and one output
 */
export function convertGraphModel(
  json: TfjsJson,
  weights: ReadonlyMap<string, StoredTensor>,
  unsupported: Unsupported,
  path: string,
): Converted {
  const nodes = readNodeDefs(json.modelTopology.node, path);
  const output = findOutput(json, nodes, path);
  const order = inOrder(nodes, output.node, path);
  const placeholders = order.filter(({ op }) => op === "Placeholder");
  const [placeholder] = placeholders;
  if (placeholder === undefined || placeholders.length > 1) {
    throw new UserError(`Model ${path} has ${placeholders.length} inputs; intnic deploys one.`);
  }
  const builder = new GraphBuilder(order.map(({ name }) => name));
  const shape = inputShape(placeholder, json);
  const input = builder.input(placeholder.name, shape);
  const readers = countReaders(order);
  const values = new Map<string, readonly (Value | undefined)[]>();
  values.set(placeholder.name, [{ kind: "activation", tensor: input, shape: [1, ...shape] }]);
  for (const node of order) {
    if (node === placeholder) continue;
    const result = unsupported.attempt(node.name, node.op, () => {
      if (node.op === "Const") return [constant(node, weights)];
      const inputs = node.inputs.map((from) => readValue(node, from, values));
      const convert = converterOf(node, inputs);
      if (!inputs.every((value) => value !== undefined)) return undefined;
      const soleReader = (i: number) =>
        readers.get(`${node.inputs[i]!.node}:${node.inputs[i]!.index}`) === 1 &&
        node.inputs[i]!.node !== output.node;
      return convert({ node, builder, inputs, soleReader });
    });
    values.set(node.name, result ?? []);
  }
  const value = values.get(output.node)![output.index];
  if (value?.kind === "constant") {
    throw new UserError(`The output of model ${path} is constant; there is nothing to deploy.`);
  }
  return { builder, input, output: value?.tensor };
}

function readValue(
  node: NodeDef,
  from: { readonly node: string; readonly index: number },
  values: ReadonlyMap<string, readonly (Value | undefined)[]>,
): Value | undefined {
  const outputs = values.get(from.node)!;
  // None at all: the node failed, and has been told of.
  if (outputs.length === 0 || from.index < outputs.length) return outputs[from.index];
  throw new UserError(
    `Node ${node.name} (${node.op}) reads output ${from.index} of ${from.node}, which intnic does ` +
      `not compute; it has ${outputs.length}.`,
  );
}

function constant({ name }: NodeDef, weights: ReadonlyMap<string, StoredTensor>): Value {
  const found = weights.get(name);
  if (found !== undefined) return { kind: "constant", ...found };
  throw new UserError(`Node ${name} (Const) has no value in the weights manifest.`);
}

function converterOf(node: NodeDef, inputs: readonly (Value | undefined)[]): NodeConverter {
  if (node.op === "Identity" || node.op === "StopGradient") {
    return ({ inputs }) => inputs.slice(0, 1);
  }
  const constants = inputs.length > 0 && inputs.every((value) => value?.kind === "constant");
  if (constants && Object.hasOwn(constantOps, node.op)) {
    return (context) => [constantOps[node.op]!(context)];
  }
  if (Object.hasOwn(converters, node.op)) return converters[node.op]!;
  if (Object.hasOwn(constantOps, node.op)) {
    throw new UserError(
      `Node ${node.name} is a ${node.op} of the network's own values; intnic knows it of constants.`,
    );
  }
  throw new UserError(
    `Node ${node.name} is a ${node.op}, which intnic cannot deploy; it knows ` +
      `${Object.keys(converters).sort().join(", ")}.`,
  );
}

/** How many inputs read each output of a node, by `name:index`. */
function countReaders(nodes: readonly NodeDef[]): Map<string, number> {
  const readers = new Map<string, number>();
  for (const { node, index } of nodes.flatMap(({ inputs }) => inputs)) {
    readers.set(`${node}:${index}`, (readers.get(`${node}:${index}`) ?? 0) + 1);
  }
  return readers;
}

/** The nodes that `last` depends on, each after those it reads. */
function inOrder(nodes: ReadonlyMap<string, NodeDef>, last: string, path: string): NodeDef[] {
  const order: NodeDef[] = [];
  const state = new Map<string, "open" | "done">();
  const stack = [last];
  while (stack.length > 0) {
    const name = stack.at(-1)!;
    const node = nodes.get(name);
    if (node === undefined) throw new UserError(`The graph of ${path} has no node ${name}.`);
    if (!state.has(name)) {
      state.set(name, "open");
      for (const input of node.inputs) {
        const before = state.get(input.node);
        if (before === "open") {
          throw new UserError(
            `Node ${name} of ${path} reads ${input.node}, which depends on it; the graph must be ` +
              `free of cycles.`,
          );
        }
        if (before === undefined) stack.push(input.node);
      }
      continue;
    }
    stack.pop();
    if (state.get(name) === "done") continue;
    state.set(name, "done");
    order.push(node);
  }
  return order;
}

function signatureOf(json: TfjsJson): Record<string, unknown> {
  const meta = isRecord(json.userDefinedMetadata) ? json.userDefinedMetadata.signature : undefined;
  const signature = json.signature ?? meta;
  return isRecord(signature) ? signature : {};
}

/** The output that the signature names, or the one node that nothing reads. */
function findOutput(json: TfjsJson, nodes: ReadonlyMap<string, NodeDef>, path: string) {
  const { outputs } = signatureOf(json);
  const named = isRecord(outputs) ? Object.values(outputs) : [];
  const names = named.map((tensor) => isRecord(tensor) ? tensor.name : undefined)
    .filter((name) => typeof name === "string");
  const read = new Set([...nodes.values()].flatMap(({ inputs }) => inputs.map(({ node }) => node)));
  const ends = names.length > 0
    ? names
    : [...nodes.values()].filter(({ name, op }) =>
      !read.has(name) && op !== "Const" && op !== "NoOp"
    )
      .map(({ name }) => name);
  if (ends.length !== 1) {
    throw new UserError(
      `Model ${path} has ${ends.length} outputs${
        ends.length === 0 ? "" : ` (${ends.slice(0, 8).join(", ")})`
      }; intnic deploys one.`,
    );
  }
  return outputName(ends[0]!);
}

/** Shape of a placeholder without the batch, by its own attribute or the signature. */
function inputShape(node: NodeDef, json: TfjsJson): readonly number[] {
  const { inputs } = signatureOf(json);
  const tensors = isRecord(inputs) ? Object.values(inputs).filter(isRecord) : [];
  const named = tensors.find(({ name }) => outputName(String(name)).node === node.name);
  const own = node.attributes.shape("shape");
  const told = dimensionsOf(named?.tensorShape);
  const shapes = [own, told].filter((shape) => shape !== undefined);
  const shape = shapes.find((dims) => dims.slice(1).every((d) => d > 0)) ?? shapes[0];
  const type = node.attributes.type("dtype");
  const batch = shape?.[0];
  const fixed = shape !== undefined && shape.length >= 2 && shape.slice(1).every((d) => d > 0) &&
    (batch === -1 || batch === 1);
  if (!fixed || type !== "DT_FLOAT" && type !== "1") {
    throw new UserError(
      `The input ${node.name} is a ${type} of ${
        shape === undefined ? "unknown shape" : formatShape(shape).replaceAll("-1", "?")
      }; intnic needs DT_FLOAT, a batch of one or unknown size, and other dimensions fixed.`,
    );
  }
  return shape.slice(1);
}
