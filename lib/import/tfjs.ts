import { UserError } from "../errors.ts";
import { fuseRelu } from "../graph/passes/fuse_relu.ts";
import { removeDead } from "../graph/passes/remove_dead.ts";
import { verify } from "../graph/verify.ts";
import { opOf } from "../ops/mod.ts";
import type { Graph, Model, Node, Shape } from "../types.ts";
import { type Conversion, convertLayer, freeName, readInputShape } from "./tfjs_layers.ts";
import { isRecord, parseModelJson, readWeights } from "./tfjs_files.ts";

/** One layer of the topology, whichever way it was written. */
export interface TfjsLayer {
  readonly className: string;
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** Names of the layers it reads. */
  readonly inputs: readonly string[];
}

interface Topology {
  readonly name: string;
  readonly layers: readonly TfjsLayer[];
  /** Name of the layer whose result is the model's output. */
  readonly output: string;
}

/**
 * Imports a tfjs LayersModel, Sequential or functional with one input, one output and every layer
 * used once. Relus are fused into the layers before them; a softmax at the very end is left out,
 * with a note, as it changes no decision.
 *
 * @throws {UserError} naming the layer that intnic cannot deploy, or the damage
 */
export function importTfjs(model: Model): Graph {
  const [[path, bytes]] = [...model.files] as [[string, Uint8Array]];
  const json = parseModelJson(bytes, path);
  const topology = readTopology(json.modelTopology, model.path);
  const weights = readWeights(model, json);
  const tensors = new Map<string, string>();
  const shapes = new Map<string, Shape>();
  const nodes: Node[] = [];
  const notes: string[] = [];
  const names = new Set(topology.layers.map(({ name }) => name));
  const implicitInput = freeName("input", names);
  let input: { readonly name: string; readonly shape: Shape } | undefined;

  const setInput = (name: string, shape: Shape) => {
    if (input !== undefined) {
      throw new UserError(`Model ${model.path} has more than one input; intnic deploys one.`);
    }
    input = { name, shape };
    shapes.set(name, shape);
  };
  for (const layer of topology.layers) {
    if (layer.className === "InputLayer") {
      setInput(layer.name, readInputShape(layer));
      tensors.set(layer.name, layer.name);
      continue;
    }
    if (layer.inputs.length === 0) setInput(implicitInput, readInputShape(layer));
    const reads = layer.inputs.length === 0 ? [implicitInput] : layer.inputs.map((name) => {
      const tensor = tensors.get(name);
      if (tensor === undefined) {
        throw new UserError(`Layer ${layer.name} reads ${name}, which no earlier layer gives.`);
      }
      return tensor;
    });
    const conversion: Conversion = convertLayer(layer, {
      inputs: reads,
      shapes: reads.map((name) => shapes.get(name)!),
      weights,
      last: layer.name === topology.output,
      names,
    });
    nodes.push(...conversion.nodes);
    notes.push(...conversion.notes);
    for (const node of conversion.nodes) {
      // Known as we go, for layers whose padding depends on them.
      const reads = node.inputs.map((name) => shapes.get(name)!);
      shapes.set(node.output, opOf(node.op).infer(node, reads));
    }
    tensors.set(layer.name, conversion.output);
  }
  const output = tensors.get(topology.output);
  if (input === undefined || output === undefined) {
    throw new UserError(`Model ${model.path} has no ${input === undefined ? "input" : "output"}.`);
  }
  const graph = { name: model.name, nodes, input: input.name, output, notes };
  return fuseRelu(verify(removeDead(graph), input.shape));
}

function readTopology(json: Record<string, unknown>, path: string): Topology {
  // Models converted from Keras wrap the same thing once more.
  const root = isRecord(json.model_config) ? json.model_config : json;
  const config = root.config;
  const list = Array.isArray(config) ? config : isRecord(config) ? config.layers : undefined;
  if (typeof root.class_name !== "string" || !Array.isArray(list) || list.length === 0) {
    throw new UserError(`The modelTopology of ${path} has no class_name or no layers.`);
  }
  const name = isRecord(config) && typeof config.name === "string" ? config.name : "model";
  if (root.class_name === "Sequential") {
    const layers: TfjsLayer[] = [];
    for (const layer of list) {
      const before = layers.at(-1)?.name;
      layers.push(readLayer(layer, path, before === undefined ? [] : [before]));
    }
    return { name, layers, output: layers.at(-1)!.name };
  }
  if (root.class_name === "Model" || root.class_name === "Functional") {
    const layers = list.map((layer) => readLayer(layer, path, inboundNames(layer, path)));
    const outputs = isRecord(config) ? config.output_layers : undefined;
    if (!Array.isArray(outputs) || outputs.length !== 1 || !Array.isArray(outputs[0])) {
      throw new UserError(`Model ${path} does not have exactly one output; intnic deploys one.`);
    }
    return { name, layers, output: String(outputs[0][0]) };
  }
  throw new UserError(
    `Model ${path} is of class ${root.class_name}; intnic reads Sequential and functional models.`,
  );
}

function readLayer(layer: unknown, path: string, inputs: readonly string[]): TfjsLayer {
  if (
    !isRecord(layer) || typeof layer.class_name !== "string" || !isRecord(layer.config) ||
    typeof (layer.config.name ?? layer.name) !== "string"
  ) {
    throw new UserError(
      `A layer in the modelTopology of ${path} lacks its class_name, config or name: ` +
        `${JSON.stringify(layer)?.slice(0, 120)}.`,
    );
  }
  const name = String(layer.config.name ?? layer.name);
  return { className: layer.class_name, name, config: layer.config, inputs };
}

/** Layers that a functional layer reads: `inbound_nodes: [[[name, node, tensor, …], …]]`. */
function inboundNames(layer: unknown, path: string): string[] {
  const inbound = isRecord(layer) ? layer.inbound_nodes : undefined;
  if (!Array.isArray(inbound) || inbound.length === 0) return [];
  const calls = inbound[0];
  const name = isRecord(layer) ? layer.name : "?";
  if (inbound.length > 1) {
    throw new UserError(
      `Layer ${name} of ${path} is used ${inbound.length} times; intnic deploys models that use ` +
        `every layer once.`,
    );
  }
  if (!Array.isArray(calls) || !calls.every(Array.isArray)) {
    throw new UserError(
      `Layer ${name} of ${path} has inbound_nodes that are not lists; intnic reads the format of ` +
        `TensorFlow.js and Keras 2.`,
    );
  }
  return calls.map((call) => String(call[0]));
}
