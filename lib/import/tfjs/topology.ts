import { UserError } from "../../errors.ts";
import { isRecord, show } from "./files.ts";

/** One layer of the topology, whichever way it was written. */
export interface TfjsLayer {
  readonly className: string;
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** Names of the layers it reads; none for the first layer of a Sequential. */
  readonly inputs: readonly string[];
}

/** The layers of a model, or of a model within one. */
export interface Topology {
  readonly layers: readonly TfjsLayer[];
  /** Names of the layers that read nothing: the input layers, or a Sequential's first layer. */
  readonly entries: readonly string[];
  /** Name of the layer whose result is the model's output. */
  readonly output: string;
}

/**
 * Reads a `modelTopology`.
 *
 * @param where names the model in messages
 * @throws {UserError} if it is damaged, has more than one output, or is of another class than
 * Sequential and Functional
 */
export function readTopology(json: Readonly<Record<string, unknown>>, where: string): Topology {
  // Models converted from Keras wrap the same thing once more.
  const root = isRecord(json.model_config) ? json.model_config : json;
  const config = root.config;
  const list = Array.isArray(config) ? config : isRecord(config) ? config.layers : undefined;
  if (typeof root.class_name !== "string" || !Array.isArray(list) || list.length === 0) {
    throw new UserError(`The modelTopology of ${where} has no class_name or no layers.`);
  }
  if (root.class_name === "Sequential") {
    const layers: TfjsLayer[] = [];
    for (const layer of list) {
      const before = layers.at(-1)?.name;
      layers.push(readLayer(layer, where, before === undefined ? [] : [before]));
    }
    return requireUnique(layers, layers.at(-1)!.name, where);
  }
  if (isFunctional(root.class_name)) {
    const layers = list.map((layer) => readLayer(layer, where, inboundNames(layer, where)));
    const outputs = isRecord(config) ? config.output_layers : undefined;
    if (!Array.isArray(outputs) || outputs.length !== 1 || !Array.isArray(outputs[0])) {
      throw new UserError(`Model ${where} does not have exactly one output; intnic deploys one.`);
    }
    return requireUnique(layers, String(outputs[0][0]), where);
  }
  throw new UserError(
    `Model ${where} is of class ${root.class_name}; intnic reads Sequential and functional models.`,
  );
}

/** True for the class names of models that list the inputs of each layer. */
export function isFunctional(className: string): boolean {
  return className === "Model" || className === "Functional";
}

function requireUnique(layers: readonly TfjsLayer[], output: string, where: string): Topology {
  const names = new Set<string>();
  for (const { name } of layers) {
    if (names.has(name)) throw new UserError(`Two layers of ${where} are named ${name}.`);
    names.add(name);
  }
  if (!names.has(output)) {
    throw new UserError(`The output layer ${output} of ${where} is not among its layers.`);
  }
  const entries = layers.filter(({ inputs }) => inputs.length === 0).map(({ name }) => name);
  return { layers, entries, output };
}

function readLayer(layer: unknown, where: string, inputs: readonly string[]): TfjsLayer {
  if (
    !isRecord(layer) || typeof layer.class_name !== "string" || !isRecord(layer.config) ||
    typeof (layer.config.name ?? layer.name) !== "string"
  ) {
    throw new UserError(
      `A layer in the modelTopology of ${where} lacks its class_name, config or name: ` +
        `${show(layer)}.`,
    );
  }
  const name = String(layer.config.name ?? layer.name);
  return { className: layer.class_name, name, config: layer.config, inputs };
}

/** Layers that a functional layer reads: `inbound_nodes: [[[name, node, tensor, …], …]]`. */
function inboundNames(layer: unknown, where: string): string[] {
  const inbound = isRecord(layer) ? layer.inbound_nodes : undefined;
  if (!Array.isArray(inbound) || inbound.length === 0) return [];
  const calls = inbound[0];
  const name = isRecord(layer) ? layer.name : "?";
  if (inbound.length > 1) {
    throw new UserError(
      `Layer ${name} of ${where} is used ${inbound.length} times; intnic deploys models that use ` +
        `every layer once.`,
    );
  }
  if (!Array.isArray(calls) || !calls.every(Array.isArray)) {
    throw new UserError(
      `Layer ${name} of ${where} has inbound_nodes that are not lists; intnic reads the format of ` +
        `TensorFlow.js and Keras 2.`,
    );
  }
  return calls.map(([from, , tensor = 0]) => {
    if (tensor !== 0) {
      throw new UserError(
        `Layer ${name} of ${where} reads output ${tensor} of layer ${from}; intnic deploys layers ` +
          `with one output.`,
      );
    }
    return String(from);
  });
}
