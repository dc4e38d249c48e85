/**
 * TensorFlow graphs as a tfjs GraphModel has them, in short.
 *
 * @module
 */
import type { Json } from "./testing.ts";

/** A node of a GraphModel in short. */
export interface Part {
  readonly op: string;
  readonly input?: readonly string[];
  readonly attr?: Json;
}

export const text = (s: string) => ({ s: btoa(s) });
export const wholes = (...i: number[]) => ({ list: { i: i.map(String) } });
export const float = { type: "DT_FLOAT" };
const T = { T: float };

/** A constant node, values from −1 to 1 unless given. */
export class Weight {
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array;
  constructor(shape: number[], data?: number[] | Int32Array) {
    this.shape = shape;
    const count = shape.reduce((a, b) => a * b, 1);
    this.data = data instanceof Int32Array
      ? data
      : Float32Array.from(data ?? Array.from({ length: count }, (_, i) => Math.sin(3 * i + count)));
  }
}
export const floats = (...shape: number[]) => new Weight(shape);
export const values = (...data: number[]) => new Weight([data.length], data);
export const ints = (...data: number[]) => new Weight([data.length], Int32Array.from(data));
export const int = (value: number) => new Weight([], Int32Array.of(value));

export type Parts = Readonly<Record<string, Part | Weight>>;

/** The JSON and weights of a GraphModel that reads `x`; the last part is its output. */
export function graphJson(inputShape: readonly number[], parts: Parts) {
  const entries = Object.entries(parts);
  const weights = entries.filter((entry): entry is [string, Weight] => entry[1] instanceof Weight);
  const dim = [-1, ...inputShape].map((size) => ({ size: String(size) }));
  const node = [
    { name: "x", op: "Placeholder", attr: { dtype: float, shape: { shape: { dim } } } },
    ...entries.map(([name, part]) =>
      part instanceof Weight
        ? {
          name,
          op: "Const",
          attr: { dtype: { type: part.data instanceof Int32Array ? "DT_INT32" : "DT_FLOAT" } },
        }
        : { name, op: part.op, input: part.input ?? [], attr: { ...T, ...part.attr } }
    ),
  ];
  const specs = weights.map(([name, { shape, data }]) => ({
    name,
    shape: [...shape],
    dtype: data instanceof Int32Array ? "int32" : "float32",
  }));
  const bytes = weights.flatMap(([, { data }]) => [
    ...new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  ]);
  const json = {
    format: "graph-model",
    modelTopology: { node, versions: { producer: 1 }, library: {} },
    weightsManifest: [{ paths: ["weights.bin"], weights: specs }],
    signature: { outputs: { y: { name: `${entries.at(-1)![0]}:0` } } },
  };
  return { json: structuredClone(json), bytes: Uint8Array.from(bytes) };
}
