import { UserError } from "../../errors.ts";
import { elements } from "../../ops/op.ts";
import type { Model, Shape } from "../../types.ts";

/** How values of a weight were stored smaller than they are: value = scale · code + min. */
interface Quantization {
  readonly dtype: "uint8" | "uint16" | "float16";
  readonly scale?: number;
  readonly min?: number;
}

/** One weight of a tfjs weights manifest. */
interface WeightEntry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly quantization?: Quantization;
}

interface WeightGroup {
  readonly paths: readonly string[];
  readonly weights: readonly WeightEntry[];
}

/** The parts of a tfjs `model.json` that intnic reads. */
export interface TfjsJson {
  /** Absent from old LayersModels. */
  readonly format?: unknown;
  readonly modelTopology: Record<string, unknown>;
  readonly weightsManifest: readonly WeightGroup[];
  /** Inputs and outputs of a GraphModel. */
  readonly signature?: unknown;
  readonly userDefinedMetadata?: unknown;
}

/** A weight as it was trained; whole numbers where it is int32 or bool. */
export interface StoredTensor {
  readonly shape: Shape;
  readonly data: Float32Array | Int32Array;
}

/** Bytes of one element as it lies in the file. */
const widths: Readonly<Record<string, number>> = {
  float32: 4,
  int32: 4,
  float16: 2,
  uint16: 2,
  uint8: 1,
  bool: 1,
};

/**
 * Reads `model.json`.
 * @throws {UserError} if it is not the JSON of a tfjs model
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
 * Decodes all weights of a model, by the name the manifest gives them. Those that the converter
 * stored as uint8, uint16 or float16 are expanded.
 *
 * @throws {UserError} if the files are too short or too long, or a type is none of the above,
 * float32, int32 or bool
 */
export function readWeights(model: Model, json: TfjsJson): Map<string, StoredTensor> {
  const tensors = new Map<string, StoredTensor>();
  for (const group of json.weightsManifest) {
    const bytes = concatenate(group.paths.map((path) => {
      const file = model.files.get(path);
      if (file === undefined) {
        throw new UserError(`Model ${model.path} lacks its weights file "${path}".`);
      }
      return file;
    }));
    const lengths = group.weights.map((entry) => widthOf(entry, model) * elements(entry.shape));
    const wanted = lengths.reduce((sum, length) => sum + length, 0);
    // Before anything is made as large as the manifest says.
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
    group.weights.forEach((entry, i) => {
      const part = bytes.slice(offset, offset + lengths[i]!);
      offset += part.length;
      if (tensors.has(entry.name)) {
        throw new UserError(`The manifest of model ${model.path} has two weights ${entry.name}.`);
      }
      tensors.set(entry.name, { shape: entry.shape, data: decode(part, entry) });
    });
  }
  return tensors;
}

/** Bytes of one element in the file. */
function widthOf({ name, dtype, quantization }: WeightEntry, { path }: Model): number {
  const known = dtype === "float32" || dtype === "int32" || dtype === "bool";
  if (!known || quantization !== undefined && dtype === "bool") {
    throw new UserError(
      `Weight ${name} of model ${path} is stored as ${
        quantization === undefined ? dtype : `quantized ${dtype}`
      }; intnic reads float32, int32 and bool, and what the converter quantized to uint8, uint16 ` +
        `or float16.`,
    );
  }
  return widths[quantization?.dtype ?? dtype]!;
}

function decode(bytes: Uint8Array<ArrayBuffer>, entry: WeightEntry): Float32Array | Int32Array {
  const { dtype, quantization } = entry;
  const whole = dtype !== "float32";
  if (quantization !== undefined) {
    const { scale = 1, min = 0 } = quantization;
    const codes = stored(bytes, quantization.dtype);
    return whole
      ? Int32Array.from(codes, (code) => Math.round(code * scale + min))
      : Float32Array.from(codes, (code) => code * scale + min);
  }
  if (dtype === "bool") return Int32Array.from(bytes);
  return whole ? new Int32Array(bytes.buffer) : new Float32Array(bytes.buffer);
}

/** The numbers in a file of small ones; floats of 16 bits take part as they are. */
function stored(bytes: Uint8Array<ArrayBuffer>, dtype: Quantization["dtype"]): ArrayLike<number> {
  if (dtype === "uint8") return bytes;
  return dtype === "uint16"
    ? new Uint16Array(bytes.buffer)
    : Array.from(new Uint16Array(bytes.buffer), floatOfHalf);
}

/** The value of an IEEE 754 binary16. */
export function floatOfHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = bits >> 10 & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0
    ? sign * fraction * 2 ** -24
    : sign * (1024 + fraction) * 2 ** (exponent - 25);
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
    if (!sound) throw wrong(`${show(entry)} needs a name and a shape of positive whole numbers`);
    const { quantization } = entry;
    if (quantization !== undefined && !isQuantization(quantization)) {
      throw wrong(
        `weight ${entry.name} has the quantization ${show(quantization)}; it needs a dtype of ` +
          `uint8 or uint16 with finite scale and min, or float16`,
      );
    }
  }
}

function isQuantization(value: unknown): value is Quantization {
  if (!isRecord(value)) return false;
  const { dtype, scale, min } = value;
  if (dtype === "float16") return scale === undefined && min === undefined;
  return (dtype === "uint8" || dtype === "uint16") && Number.isFinite(scale) &&
    Number.isFinite(min);
}

/** A value of a model's JSON, cut short. */
export function show(value: unknown): string {
  let text: string;
  try {
    text = JSON.stringify(value) ?? String(value);
  } catch {
    // Nested deeper than the stack.
    text = Array.isArray(value) ? "[…]" : "{…}";
  }
  return text.length > 120 ? `${text.slice(0, 117)}…` : text;
}

/** True for a JSON object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** True for a size: a positive whole number. */
export function isDimension(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0;
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
