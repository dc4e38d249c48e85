import { UserError } from "../../errors.ts";
import type { Unsupported } from "../unsupported.ts";
import { GraphBuilder } from "../builder.ts";
import { activationLayers } from "./activations.ts";
import { isRecord, type StoredTensor, type TfjsJson } from "./files.ts";
import type { Converted } from "./graph_model.ts";
import {
  inputShape,
  type LayerContext,
  type LayerConverter,
  readInputShape,
  title,
} from "./layer.ts";
import { recurrentLayers } from "./recurrent.ts";
import { mergeLayers, shapeLayers } from "./shape_layers.ts";
import { isFunctional, readTopology, type TfjsLayer, type Topology } from "./topology.ts";
import { weightedLayers } from "./weighted_layers.ts";

/** Converters of layers that read one tensor. */
const converters: Readonly<Record<string, LayerConverter>> = {
  ...activationLayers,
  ...recurrentLayers,
  ...shapeLayers,
  ...weightedLayers,
  TimeDistributed: convertTimeDistributed,
};

/** What the conversion of a model, or of one within another, takes along. */
interface Surroundings {
  readonly builder: GraphBuilder;
  readonly weights: ReadonlyMap<string, StoredTensor>;
  readonly unsupported: Unsupported;
  /** Models around this one. */
  readonly depth: number;
}

/** Models within models: far beyond any use, and safe for the stack. */
const MAX_DEPTH = 16;

/**
 * Converts a tfjs LayersModel. Layers that do not reach the output are left out.
 *
 * @param path names the model in messages
 * @throws {UserError} if the topology is damaged, there is not exactly one input and one output, or
 * layers are not in an order to run them
 */
export function convertLayersModel(
  json: TfjsJson,
  weights: ReadonlyMap<string, StoredTensor>,
  unsupported: Unsupported,
  path: string,
): Converted {
  const topology = readTopology(json.modelTopology, path);
  const builder = new GraphBuilder(topology.layers.map(({ name }) => name));
  const needed = reaching(topology);
  const entries = topology.layers.filter(({ name, inputs }) =>
    inputs.length === 0 && needed.has(name)
  );
  const [first] = entries;
  if (first === undefined || entries.length > 1) {
    throw new UserError(`Model ${path} has ${entries.length} inputs; intnic deploys one.`);
  }
  const name = first.className === "InputLayer" ? first.name : ["input"];
  const input = builder.input(name, readInputShape(first));
  const surroundings = { builder, weights, unsupported, depth: 0 };
  return { builder, input, output: convertTopology(topology, [input], surroundings, "") };
}

/** Names of the layers whose results the output depends on. */
function reaching({ layers, output }: Topology): ReadonlySet<string> {
  const inputs = new Map(layers.map((layer) => [layer.name, layer.inputs]));
  const needed = new Set<string>();
  const pending = [output];
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (needed.has(name)) continue;
    needed.add(name);
    pending.push(...inputs.get(name) ?? []);
  }
  return needed;
}

/** Adds the layers of a model whose inputs are there; `prefix` tells its layers from others'. */
function convertTopology(
  topology: Topology,
  given: readonly string[],
  surroundings: Surroundings,
  prefix: string,
): string | undefined {
  const { unsupported, builder, weights } = surroundings;
  const needed = reaching(topology);
  const results = new Map<string, string | undefined>();
  let entry = 0;
  for (const layer of topology.layers) {
    if (!needed.has(layer.name)) continue;
    const reads = layer.inputs.length === 0
      ? [given[entry++]]
      : layer.inputs.map((name) => readResult(layer, name, results));
    if (layer.className === "InputLayer") {
      results.set(layer.name, reads[0]);
      continue;
    }
    const name = prefix + layer.name;
    const inputs = reads.filter((tensor) => tensor !== undefined);
    const whole = inputs.length === reads.length;
    const result = unsupported.attempt(name, layer.className, () => {
      if (isModel(layer)) {
        if (!whole) return undefined;
        return convertNested(layer, inputs, surroundings, name);
      }
      const convert = converterOf({ layer, name }, reads.length);
      return whole ? convert({ layer, builder, inputs, weights, name }) : undefined;
    });
    results.set(layer.name, result);
  }
  return results.get(topology.output);
}

function readResult(
  { name: reader }: TfjsLayer,
  name: string,
  results: ReadonlyMap<string, string | undefined>,
): string | undefined {
  if (results.has(name)) return results.get(name);
  throw new UserError(
    `Layer ${reader} reads ${name}, which no earlier layer gives; the layers must be free of cycles.`,
  );
}

function isModel({ className }: TfjsLayer): boolean {
  return className === "Sequential" || isFunctional(className);
}

/** A model used as a layer: its layers, with its name before theirs. */
function convertNested(
  layer: TfjsLayer,
  inputs: readonly string[],
  surroundings: Surroundings,
  name: string,
): string | undefined {
  const depth = surroundings.depth + 1;
  if (depth > MAX_DEPTH) {
    throw new UserError(
      `Layer ${name} lies ${depth} models deep; at most ${MAX_DEPTH} make sense.`,
    );
  }
  const json = { class_name: layer.className, config: layer.config };
  const topology = readTopology(json, `the model ${name} within the model`);
  if (topology.entries.length !== inputs.length) {
    throw new UserError(
      `The model ${name} within the model has ${topology.entries.length} inputs, but is given ` +
        `${inputs.length}.`,
    );
  }
  return convertTopology(topology, inputs, { ...surroundings, depth }, `${name}/`);
}

function converterOf(
  { layer, name }: Pick<LayerContext, "layer" | "name">,
  inputs: number,
): LayerConverter {
  const known = (table: typeof converters) =>
    Object.hasOwn(table, layer.className) ? table[layer.className] : undefined;
  const merge = known(mergeLayers);
  if (merge !== undefined) return merge;
  const convert = known(converters);
  if (convert === undefined) {
    const names = Object.keys({ ...converters, ...mergeLayers }).sort();
    throw new UserError(
      `Layer ${name} is a ${layer.className}, which intnic cannot deploy; it knows ` +
        `${names.join(", ")}.`,
    );
  }
  if (inputs !== 1) {
    throw new UserError(`${title({ layer, name })} reads ${inputs} tensors; it takes one.`);
  }
  return convert;
}

/** Layers that do to a sequence what they do to each of its steps. */
const stepwise: ReadonlySet<string> = new Set([
  "Activation",
  "BatchNormalization",
  "Dense",
  "Dropout",
  "ELU",
  "LeakyReLU",
  "ReLU",
  "Softmax",
]);

function convertTimeDistributed(context: LayerContext): string {
  const { layer: { config, name: wrapper }, name, builder } = context;
  const inner = config.layer;
  const kind = isRecord(inner) ? String(inner.class_name) : "layer without a description";
  if (!isRecord(inner) || !isRecord(inner.config) || !(stepwise.has(kind) || kind === "Flatten")) {
    throw new UserError(
      `Layer ${name} runs a ${kind} over the steps of a sequence, which intnic cannot deploy; it ` +
        `knows ${[...stepwise].join(", ")} and Flatten there.`,
    );
  }
  if (kind === "Flatten") {
    const [steps] = inputShape(context);
    const [x] = context.inputs as [string];
    return builder.add(name, "reshape", [x], { shape: [steps!, builder.size(x) / steps!] });
  }
  // The weights bear the wrapper's name.
  const layer = { className: kind, name: wrapper, config: inner.config, inputs: [] };
  return converters[kind]!({ ...context, layer });
}
