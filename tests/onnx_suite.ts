/**
 * The test data that the ONNX project publishes, as Debian's package `libonnx-testdata` installs it:
 * folders with a model, inputs and the outputs that are right.
 *
 * @module
 */
import { join } from "node:path";
import { floatRunner } from "../lib/graph/float.ts";
import { optimize } from "../lib/graph/passes/mod.ts";
import { readOnnxModel } from "../lib/import/onnx/import.ts";
import { readOnnx } from "../lib/import/onnx/schema.ts";
import { type Constant, readTensor } from "../lib/import/onnx/tensor.ts";
import { axisOrder, transposedIndices, type Value } from "../lib/import/onnx/value.ts";
import { Message } from "../lib/import/onnx/wire.ts";
import { runOnnxRuntimeOn } from "./onnx_runtime.ts";
import { UserError } from "../lib/errors.ts";
import type { Model } from "../lib/types.ts";

/** Where the package puts its folders. */
export const SUITE = "/usr/share/libonnx-testdata/data";

/** What came of one folder. */
export type Outcome =
  | { readonly kind: "passed"; readonly error: number; readonly output: ArrayLike<number> }
  | { readonly kind: "skipped"; readonly reason: string }
  | { readonly kind: "failed"; readonly reason: string };

/** Elements of an ONNX tensor as a tensor of ours has them. */
export function toOurs(value: Value, data: ArrayLike<number>): Float32Array {
  const axes = axisOrder(value)!;
  const dimensions = value.shape;
  const rest = value.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  const places = transposedIndices({ dimensions, permutation: [...rest, ...axes] });
  return Float32Array.from(places, (place) => data[place]!);
}

/** Elements of a tensor of ours as ONNX has them. */
export function toOnnx(value: Value, data: Float32Array): Float32Array {
  const result = new Float32Array(data.length);
  const places = toOurs(value, Float64Array.from(data, (_, i) => i));
  places.forEach((place, i) => result[place] = data[i]!);
  return result;
}

/** Largest difference relative to the largest magnitude of what is right, or 1 if it is less. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let size = 1e-6;
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    if (Number.isNaN(expected[i]) && Number.isNaN(actual[i])) continue;
    size = Math.max(size, Math.abs(expected[i]!));
    const difference = Math.abs(actual[i]! - expected[i]!);
    worst = Number.isNaN(difference) ? Infinity : Math.max(worst, difference);
  }
  return actual.length === expected.length ? worst / size : Infinity;
}

/** A folder's model, inputs and the output that is right. */
interface Case {
  readonly model: Model;
  /** The network's input. */
  readonly data: Constant;
  /** The other inputs, which are given at import. */
  readonly constants: ReadonlyMap<string, Constant>;
  readonly expected: Constant;
}

/** The first output that ONNX Runtime gives for the first test of a folder. */
export async function runtimeOutput(folder: string): Promise<Float32Array> {
  const bytes = await Deno.readFile(join(folder, "model.onnx"));
  const file = readOnnx(bytes, folder);
  const inputs = file.inputs.filter(({ name }) => !file.initializers.has(name));
  const feeds = new Map<string, Constant>();
  for (const [i, { name }] of inputs.entries()) {
    feeds.set(name, await readValue(folder, `input_${i}.pb`));
  }
  return await runOnnxRuntimeOn(bytes, feeds);
}

async function readValue(folder: string, name: string): Promise<Constant> {
  const bytes = await Deno.readFile(join(folder, "test_data_set_0", name));
  return readTensor(new Message(bytes, name), name, new Map());
}

/** Runs the first test of a folder. */
export async function runFolder(folder: string): Promise<Outcome> {
  let given: Case | string;
  try {
    given = await readCase(folder);
  } catch (error) {
    if (error instanceof UserError) return { kind: "skipped", reason: error.message };
    throw error;
  }
  if (typeof given === "string") return { kind: "skipped", reason: given };
  try {
    return runWhole(given);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    // Perhaps it takes one sample at a time.
    const each = batchAxis(given) === undefined ? undefined : runEach(given);
    return each ?? { kind: "skipped", reason: error.message };
  }
}

async function readCase(folder: string): Promise<Case | string> {
  const bytes = await Deno.readFile(join(folder, "model.onnx"));
  const files = new Map([["model.onnx", bytes]]);
  const model: Model = { name: "test", format: "onnx", path: "model.onnx", sha256: "", files };
  const file = readOnnx(bytes, "model.onnx");
  const inputs = file.inputs.filter(({ name }) => !file.initializers.has(name));
  const types = [...inputs, file.outputs[0]!].map(({ type }) => type);
  if (types.some((type) => type === 0)) return "inputs or outputs that are no tensors";
  if (![1, 7].includes(types.at(-1)!)) return "an output that is neither float32 nor int64";
  // The first input of reals is the network's; the others are given now.
  const first = inputs.find(({ type }) => type === 1);
  if (first === undefined) return "no input of float32";
  const constants = new Map<string, Constant>();
  for (const [i, { name }] of inputs.entries()) {
    constants.set(name, await readValue(folder, `input_${i}.pb`));
  }
  const data = constants.get(first.name)!;
  constants.delete(first.name);
  return { model, data, constants, expected: await readValue(folder, "output_0.pb") };
}

function runWhole({ model, data, constants, expected }: Case): Outcome {
  const options = { constants, batch: "keep", trivial: true } as const;
  const { graph, input, output } = readOnnxModel(model, options);
  const actual = toOnnx(output, floatRunner(optimize(graph))(toOurs(input, data.data)));
  return judge(actual, output.shape, expected);
}

/** The dimension that is the batch: the first, or the second of recurrent operators. */
function batchAxis({ model, data: { shape } }: Case): number | undefined {
  if (shape.length > 1 && shape[0]! > 1) return 0;
  const { nodes } = readOnnx(model.files.get("model.onnx")!, "model.onnx");
  const recurrent = nodes.some(({ op }) => ["GRU", "LSTM", "RNN"].includes(op));
  return recurrent && shape.length === 3 && shape[0] === 1 && shape[1]! > 1 ? 1 : undefined;
}

/** One sample of the batch after the other; undefined if that cannot be. */
function runEach(given: Case): Outcome | undefined {
  const { model, data, constants, expected } = given;
  const axis = batchAxis(given)!;
  const count = data.shape[axis]!;
  const size = data.data.length / count;
  try {
    const options = { constants, batch: "one", trivial: true } as const;
    const { graph, input, output } = readOnnxModel(model, options);
    if (output.shape[axis] !== 1) return undefined;
    const run = floatRunner(optimize(graph));
    const actual = Array.from({ length: count }, (_, i) => {
      const sample = data.data.subarray(i * size, (i + 1) * size);
      return [...toOnnx(output, run(toOurs(input, sample)))];
    });
    return judge(actual.flat(), output.shape.with(axis, count), expected);
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

function judge(actual: ArrayLike<number>, shape: readonly number[], expected: Constant): Outcome {
  if (`${shape}` !== `${expected.shape}`) {
    return { kind: "failed", reason: `its shape is [${shape}], not [${expected.shape}]` };
  }
  const error = relativeError(actual, expected.data);
  return error <= 1e-4
    ? { kind: "passed", error, output: actual }
    : { kind: "failed", reason: `it is off by ${error} of its largest value` };
}
