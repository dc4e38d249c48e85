import type { Graph, Model } from "../types.ts";
import { importOnnx } from "./onnx.ts";
import { importTfjs } from "./tfjs.ts";
import { importTflite } from "./tflite.ts";

const importers: Readonly<Record<Model["format"], (model: Model) => Graph>> = {
  onnx: importOnnx,
  tfjs: importTfjs,
  tflite: importTflite,
};

/**
 * Turns a model of any supported format into a checked float graph with activations fused.
 *
 * @throws {UserError} naming the layer that cannot be deployed, or the damage
 */
export function importModel(model: Model): Graph {
  return importers[model.format](model);
}
