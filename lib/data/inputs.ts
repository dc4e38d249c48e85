/**
 * Samples from files of the user's own: raw bytes, or NumPy arrays.
 *
 * @module
 */
import { readdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { UserError } from "../errors.ts";
import { elements, formatShape } from "../ops/op.ts";
import { quantizeValues } from "../quantize/range.ts";
import type { LabelledSamples } from "../run/evaluate.ts";
import type { EdgeType, Encoding, Graph, ModelOrder, Shape } from "../types.ts";
import { codesOfIntegers, edgeBytes, quantizeEdge, realValues } from "./edges.ts";
import { readIdx } from "./idx.ts";
import { type NumberArray, parseNpy, parseNpz } from "./npy.ts";

/** Samples from files, with the outputs that lay beside them. */
export interface FileSamples extends LabelledSamples {
  /** Contents of `output_N.bin`, one for each sample; empty if there are none. */
  readonly expected: readonly Uint8Array[];
}

/** One sample: real values, and the codes that stand for them where the model says which do. */
interface Sample {
  readonly real: Float32Array;
  readonly codes?: Int8Array;
}

/** What the network's input is. */
interface InputEdge {
  readonly size: number;
  readonly shape: readonly number[];
  readonly type: EdgeType;
  readonly encoding: Encoding | undefined;
  /** The order of the model's own dimensions, in which files are. */
  readonly order: ModelOrder | undefined;
  /** Whether real values are quantized as TensorFlow Lite does it. */
  readonly tflite: boolean;
}

/** Arrays of these names are labels, not samples. */
const LABELS = ["labels", "label", "y"];

/**
 * Reads samples for a network from a folder, or from one `.npy` or `.npz` file.
 *
 * A folder holds `input_0.bin`, `input_1.bin` … with the raw bytes of one sample each, little
 * endian, in the type of the model's input; or else `.npy` and `.npz` files, each array with one
 * sample or a batch of them. Arrays of floats are real values; arrays of whole numbers are the
 * model's input as it is, where that is int8 or uint8, and real values otherwise. Labels are in
 * `labels.npy`, `labels.bin` (a byte a sample), an IDX file `labels-idx1-ubyte`, or an array
 * `labels` of an archive. `output_0.bin` and so on are the outputs to expect.
 *
 * @param count samples to take, from the first on; all if undefined
 * @throws {UserError} if there are none or too few, or one does not fit the network's input
 */
export async function loadInputs(
  path: string,
  graph: Graph,
  count?: number,
): Promise<FileSamples> {
  const shape = graph.tensors.get(graph.input)!;
  const edge: InputEdge = {
    size: elements(shape),
    shape,
    type: graph.edges?.input ?? "float32",
    encoding: graph.encodings?.get(graph.input),
    order: graph.inputOrder,
    tflite: graph.rounding === "tflite",
  };
  const { folder, names } = await list(path);
  const raw = numbered(names, /^input_(\d+)\.bin$/);
  let samples: Sample[];
  let labels: Float64Array | undefined;
  if (raw.length > 0) {
    samples = await Promise.all(raw.map((name) => readRaw(join(folder, name), edge)));
  } else {
    ({ samples, labels } = await readArrays(folder, names, edge));
  }
  if (samples.length === 0) {
    throw new UserError(
      `${path} holds no samples: intnic looks for input_0.bin, input_1.bin …, .npy and .npz files.`,
    );
  }
  if (count !== undefined && count > samples.length) {
    throw new UserError(`Cannot load ${count} samples: ${path} has ${samples.length}.`);
  }
  labels ??= await readLabels(folder, names);
  const given = labels === undefined ? null : checkLabels(labels, samples.length, path);
  const used = samples.slice(0, count);
  const exact = used.every(({ codes }) => codes !== undefined);
  return {
    name: path,
    count: used.length,
    labels: given?.subarray(0, used.length) ?? null,
    input: (index) => used[index]!.real,
    ...(exact ? { codes: (index: number) => used[index]!.codes! } : {}),
    expected: await readExpected(folder, names, raw.slice(0, count)),
  };
}

async function list(path: string): Promise<{ folder: string; names: string[] }> {
  try {
    if ((await stat(path)).isDirectory()) {
      const collator = new Intl.Collator("en", { numeric: true });
      return { folder: path, names: (await readdir(path)).toSorted(collator.compare) };
    }
  } catch (cause) {
    throw new UserError(
      `There are no samples at ${path}: it is neither a folder nor a file that can be read.`,
      { cause },
    );
  }
  if (!/\.np[yz]$/.test(path)) {
    throw new UserError(
      `${path} is a file; samples come in a folder, or in one .npy or .npz file.`,
    );
  }
  return { folder: dirname(path), names: [basename(path)] };
}

/** Names that fit, in the order of the number in them. */
function numbered(names: readonly string[], pattern: RegExp): string[] {
  const number = (name: string) => Number(pattern.exec(name)![1]);
  return names.filter((name) => pattern.test(name)).toSorted((a, b) => number(a) - number(b));
}

async function readRaw(path: string, edge: InputEdge): Promise<Sample> {
  const bytes = await read(path);
  const wanted = edgeBytes(edge.type, edge.size);
  if (bytes.length !== wanted) {
    throw new UserError(
      `${path} has ${bytes.length} bytes; the model takes ${formatShape(edge.shape)} values of ` +
        `${edge.type}, which is ${wanted}.`,
    );
  }
  const { buffer } = bytes.slice();
  if (edge.type !== "float32") return fromIntegers(inOurs(new Int8Array(buffer), edge), edge, path);
  return fromReal(inOurs(new Float32Array(buffer), edge), edge, path);
}

/** The values of one sample with their dimensions in our order instead of the model's. */
function inOurs<T extends Int8Array | Float32Array | Float64Array>(values: T, edge: InputEdge): T {
  const { order } = edge;
  if (order === undefined) return values;
  const { shape, axes } = order;
  const strides = shape.map((_, axis) => elements(shape.slice(axis + 1)));
  const ours = values.slice() as T;
  const index = axes.map(() => 0);
  for (let i = 0; i < ours.length; i++) {
    ours[i] = values[index.reduce((sum, at, d) => sum + at * strides[axes[d]!]!, 0)]!;
    for (let d = axes.length - 1; d >= 0 && ++index[d]! === shape[axes[d]!]; d--) index[d] = 0;
  }
  return ours;
}

/** @param values what the file holds, read as int8 if raw */
function fromIntegers(values: ArrayLike<number>, edge: InputEdge, path: string): Sample {
  const type = edge.type as "int8" | "uint8";
  const bytes = values instanceof Int8Array && type === "uint8"
    ? new Uint8Array(values.buffer)
    : values;
  const codes = codesOfIntegers(bytes, type, path);
  return { codes, real: realValues(codes, edge.encoding!) };
}

function fromReal(real: Float32Array, { encoding, tflite }: InputEdge, path: string): Sample {
  const bad = real.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    throw new UserError(`${path} holds ${real[bad]} at position ${bad}; all must be finite.`);
  }
  if (encoding === undefined) return { real };
  const codes = tflite ? quantizeEdge(real, encoding) : quantizeValues(real, encoding);
  return { real, codes };
}

async function readArrays(folder: string, names: readonly string[], edge: InputEdge) {
  const samples: Sample[] = [];
  let labels: Float64Array | undefined;
  for (const name of names.filter((name) => /\.np[yz]$/.test(name))) {
    const path = join(folder, name);
    const bytes = await read(path);
    const arrays = name.endsWith(".npz")
      ? parseNpz(bytes, path)
      : new Map([[name.slice(0, -".npy".length), parseNpy(bytes, path)]]);
    for (const [title, array] of arrays) {
      if (LABELS.includes(title)) labels = array.values;
      else if (!title.startsWith("output")) samples.push(...toSamples(array, edge, path));
    }
  }
  return { samples, labels };
}

/** The samples of an array: one, or as many as its first dimension says. */
function toSamples({ shape, whole, values }: NumberArray, edge: InputEdge, path: string): Sample[] {
  const { size } = edge;
  if (values.length !== size && values.length !== (shape[0] ?? 0) * size || values.length === 0) {
    throw new UserError(
      `${path} has an array of ${formatShape(shape)}; the model takes ${
        formatShape(edge.order?.shape ?? edge.shape)
      }, ` +
        `${size} values, alone or with the number of samples in front.`,
    );
  }
  // An array that is in our order says so by its shape.
  const isOurs = (list: Shape | undefined) =>
    list !== undefined && formatShape(shape.slice(-list.length)) === formatShape(list);
  const moves = !isOurs(edge.shape) || isOurs(edge.order?.shape);
  return Array.from({ length: values.length / size }, (_, i) => {
    const given = values.subarray(i * size, (i + 1) * size);
    const part = moves ? inOurs(given, edge) : given;
    return whole && edge.type !== "float32"
      ? fromIntegers(part, edge, path)
      : fromReal(Float32Array.from(part), edge, path);
  });
}

async function readLabels(
  folder: string,
  names: readonly string[],
): Promise<ArrayLike<number> & Float64Array | undefined> {
  if (names.includes("labels.bin")) {
    return Float64Array.from(await read(join(folder, "labels.bin")));
  }
  const idx = names.find((name) => /^labels.*idx1-ubyte(\.gz)?$/.test(name));
  return idx === undefined
    ? undefined
    : Float64Array.from((await readIdx(join(folder, idx), 1)).data);
}

function checkLabels(labels: Float64Array, samples: number, path: string): Uint8Array {
  if (labels.length !== samples) {
    throw new UserError(
      `${path} has ${samples} samples but ${labels.length} labels; there must be one for each.`,
    );
  }
  const bad = labels.find((label) => !(Number.isInteger(label) && label >= 0 && label <= 255));
  if (bad !== undefined) {
    throw new UserError(`${path} has the label ${bad}; labels are whole numbers from 0 to 255.`);
  }
  return Uint8Array.from(labels);
}

async function readExpected(
  folder: string,
  names: readonly string[],
  inputs: readonly string[],
): Promise<Uint8Array[]> {
  const outputs = inputs.map((name) => name.replace("input", "output"));
  const missing = outputs.filter((name) => !names.includes(name));
  if (outputs.length === 0 || missing.length === outputs.length) return [];
  if (missing.length > 0) {
    throw new UserError(
      `${folder} holds the expected outputs of some samples but not ${missing.join(", ")}.`,
    );
  }
  return await Promise.all(outputs.map((name) => read(join(folder, name))));
}

async function read(path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UserError(`Cannot read ${path}: ${reason}.`, { cause });
  }
}
