import { UserError } from "../errors.ts";
import { elements } from "../ops/op.ts";
import type { FloatTensor, Model } from "../types.ts";

/** One weight of a tfjs weights manifest. */
interface WeightEntry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly quantization?: unknown;
}

interface WeightGroup {
  readonly paths: readonly string[];
  readonly weights: readonly WeightEntry[];
}

/** The parts of a tfjs `model.json` that intnic reads. */
export interface TfjsJson {
  readonly modelTopology: Record<string, unknown>;
  readonly weightsManifest: readonly WeightGroup[];
}

/**
 * Reads `model.json`.
 * @throws {UserError} if it is not the JSON of a tfjs LayersModel
 */
export function parseModelJson(bytes: Uint8Array, path: string): TfjsJson {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new UserError(`${path} is not valid JSON: ${(cause as Error).message}.`, { cause });
  }
  if (!isRecord(json) || !isRecord(json.modelTopology) || !Array.isArray(json.weightsManifest)) {
    throw new UserError(
      `${path} is not a tfjs model: it needs the fields modelTopology and weightsManifest.`,
    );
  }
  if (json.format === "graph-model") {
    throw new UserError(
      `${path} is a tfjs GraphModel; intnic reads LayersModels (format "layers-model").`,
    );
  }
  for (const group of json.weightsManifest) checkGroup(group, path);
  return json as unknown as TfjsJson;
}

/** The weight files a model needs, in order, relative to its folder. */
export function weightPaths(json: TfjsJson, path: string): string[] {
  const paths = json.weightsManifest.flatMap((group) => group.paths);
  if (paths.length === 0) throw new UserError(`${path} names no weight files.`);
  return paths;
}

/**
 * Decodes all weights of a model, by the name the manifest gives them.
 * @throws {UserError} if the files are too short or too long, or a type is not float32
 */
export function readWeights(model: Model, json: TfjsJson): Map<string, FloatTensor> {
  const tensors = new Map<string, FloatTensor>();
  for (const group of json.weightsManifest) {
    const bytes = concatenate(group.paths.map((path) => {
      const file = model.files.get(path);
      if (file === undefined) {
        throw new UserError(`Model ${model.path} lacks its weights file "${path}".`);
      }
      return file;
    }));
    const wanted = group.weights.reduce((sum, { shape }) => sum + 4 * elements(shape), 0);
    for (const { name, dtype, quantization } of group.weights) {
      if (dtype !== "float32" || quantization !== undefined) {
        throw new UserError(
          `Weight ${name} of model ${model.path} is stored as ` +
            `${quantization === undefined ? dtype : "quantized values"}; intnic reads float32.`,
        );
      }
    }
    if (bytes.length !== wanted) {
      throw new UserError(
        `The weights of model ${model.path} (${
          group.paths.join(", ")
        }) are ${bytes.length} bytes ` +
          `long, but its manifest describes ${wanted} bytes; the file is cut short or belongs to ` +
          `another model.`,
      );
    }
    let offset = 0;
    for (const { name, shape } of group.weights) {
      const length = 4 * elements(shape);
      // A copy: the bytes need not be aligned for floats where they are.
      const data = new Float32Array(bytes.slice(offset, offset + length).buffer);
      tensors.set(name, { shape, data });
      offset += length;
    }
  }
  return tensors;
}

function checkGroup(group: unknown, path: string): void {
  const wrong = (what: string) =>
    new UserError(`The weightsManifest of ${path} is damaged: ${what}.`);
  if (!isRecord(group) || !Array.isArray(group.paths) || !Array.isArray(group.weights)) {
    throw wrong("each group needs the lists paths and weights");
  }
  for (const name of group.paths) {
    if (typeof name !== "string") throw wrong(`the path ${JSON.stringify(name)} is not a string`);
  }
  for (const entry of group.weights) {
    const shape = isRecord(entry) ? entry.shape : undefined;
    const sound = isRecord(entry) && typeof entry.name === "string" && Array.isArray(shape) &&
      shape.every((d) => Number.isSafeInteger(d) && d > 0);
    if (!sound) throw wrong(`${JSON.stringify(entry)} needs a name and a shape of whole numbers`);
  }
}

/** True for a JSON object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
