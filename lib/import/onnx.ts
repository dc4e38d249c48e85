import { optimize } from "../graph/passes/mod.ts";
import type { Graph, Model } from "../types.ts";
import { readOnnxModel } from "./onnx/import.ts";

/**
 * Imports an ONNX model, float or quantized. Images have their channels last and the batch is gone;
 * the graph's notes say so where it matters.
 *
 * @throws {UserError} naming the node and tensor that cannot be deployed, or the damage
 */
export function importOnnx(model: Model): Graph {
  return optimize(readOnnxModel(model).graph);
}
