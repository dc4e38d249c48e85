import { optimize } from "../graph/passes/mod.ts";
import { verify } from "../graph/verify.ts";
import type { Graph, Model } from "../types.ts";
import { parseModelJson, readWeights } from "./tfjs/files.ts";
import { convertGraphModel } from "./tfjs/graph_model.ts";
import { convertLayersModel } from "./tfjs/layers.ts";
import { Unsupported } from "./unsupported.ts";

/**
 * Imports a tfjs LayersModel, Sequential or functional with every layer used once, or a GraphModel;
 * either with one input and one output.
 *
 * @throws {UnsupportedError} naming all layers that intnic cannot deploy
 * @throws {UserError} naming the damage
 */
export function importTfjs(model: Model): Graph {
  const [[path, bytes]] = [...model.files] as [[string, Uint8Array]];
  const json = parseModelJson(bytes, path);
  const weights = readWeights(model, json);
  const unsupported = new Unsupported();
  const convert = Array.isArray(json.modelTopology.node) ? convertGraphModel : convertLayersModel;
  const { builder, input, output } = convert(json, weights, unsupported, model.path);
  unsupported.end(model.path);
  const { nodes, constants, notes } = builder;
  const graph = { name: model.name, nodes, constants, input, output: output!, notes };
  return optimize(verify(graph, builder.shape(input)));
}
