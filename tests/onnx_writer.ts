/**
 * Writes small ONNX files for tests, field by field of `onnx.proto`.
 *
 * @module
 */
import protobuf from "protobufjs/minimal.js";
import { elements } from "../lib/ops/op.ts";
import type { Model } from "../lib/types.ts";

/** Values of a constant. */
export interface TensorSpec {
  readonly shape: readonly number[];
  readonly data: readonly number[] | Float32Array | Int8Array | Uint8Array | Int32Array;
  /** `TensorProto.DataType`; by the array's kind unless told: float, int8, uint8, int32, int64. */
  readonly type?: number;
  /** A file beside the model that has the bytes from an offset on, instead of the model. */
  readonly external?: {
    readonly location: string;
    readonly offset?: number;
    readonly length?: number;
  };
}

/** Attributes: numbers that are whole are written as such; `{ float }` says otherwise. */
export type AttributeSpec =
  | number
  | string
  | readonly number[]
  | { readonly float: number }
  | { readonly floats: readonly number[] }
  | { readonly strings: readonly string[] }
  | { readonly tensor: TensorSpec };

/** One operation. */
export interface NodeSpec {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, AttributeSpec>>;
  readonly name?: string;
  readonly domain?: string;
}

/** A tensor that enters or leaves. */
export interface PortSpec {
  readonly name: string;
  /** A text is a dimension that is not fixed. */
  readonly shape: readonly (number | string)[];
  readonly type?: number;
}

/** A whole file. */
export interface ModelSpec {
  readonly nodes: readonly NodeSpec[];
  readonly inputs: readonly PortSpec[];
  readonly outputs: readonly PortSpec[];
  readonly constants?: Readonly<Record<string, TensorSpec>>;
  readonly opset?: number;
}

type Writer = protobuf.Writer;

/** `TensorProto.DataType` by what it is called. */
export const FLOAT = 1, UINT8 = 2, INT8 = 3, INT32 = 6, INT64 = 7, FLOAT16 = 10;

function message(writer: Writer, field: number, write: (inner: Writer) => void): void {
  writer.uint32(field << 3 | 2).fork();
  write(writer);
  writer.ldelim();
}

function text(writer: Writer, field: number, value: string): void {
  writer.uint32(field << 3 | 2).string(value);
}

function whole(writer: Writer, field: number, value: number): void {
  writer.uint32(field << 3).int64(value);
}

function typeOf({ type, data }: TensorSpec): number {
  if (type !== undefined) return type;
  if (data instanceof Int8Array) return INT8;
  if (data instanceof Uint8Array) return UINT8;
  return data instanceof Int32Array ? INT32 : FLOAT;
}

/** The bytes of a tensor's values, little-endian. */
export function rawBytes(spec: TensorSpec): Uint8Array {
  const type = typeOf(spec);
  const list = [...spec.data];
  const size = { 1: 4, 6: 4, 7: 8, 10: 2, 16: 2, 11: 8 }[type] ?? 1;
  const view = new DataView(new ArrayBuffer(size * list.length));
  list.forEach((value, i) => {
    if (type === 1) view.setFloat32(4 * i, value, true);
    else if (type === 6) view.setInt32(4 * i, value, true);
    else if (type === 7) view.setBigInt64(8 * i, BigInt(value), true);
    else if (type === 11) view.setFloat64(8 * i, value, true);
    else if (type === 10 || type === 16) view.setUint16(2 * i, value, true);
    else view.setUint8(i, value & 255);
  });
  return new Uint8Array(view.buffer);
}

function writeTensor(writer: Writer, name: string, spec: TensorSpec): void {
  for (const d of spec.shape) whole(writer, 1, d);
  whole(writer, 2, typeOf(spec));
  text(writer, 8, name);
  const { external } = spec;
  if (external === undefined) {
    writer.uint32(9 << 3 | 2).bytes(rawBytes(spec));
    return;
  }
  for (const [key, value] of Object.entries(external)) {
    message(writer, 13, (entry) => {
      text(entry, 1, key);
      text(entry, 2, `${value}`);
    });
  }
  whole(writer, 14, 1);
}

function writeAttribute(writer: Writer, name: string, value: AttributeSpec): void {
  text(writer, 1, name);
  const kind = (type: number) => whole(writer, 20, type);
  if (typeof value === "number") {
    whole(writer, 3, value);
    kind(2);
  } else if (typeof value === "string") {
    text(writer, 4, value);
    kind(3);
  } else if (Array.isArray(value)) {
    for (const each of value) whole(writer, 8, each);
    kind(7);
  } else if ("float" in value) {
    writer.uint32(2 << 3 | 5).float(value.float);
    kind(1);
  } else if ("floats" in value) {
    for (const each of value.floats) writer.uint32(7 << 3 | 5).float(each);
    kind(6);
  } else if ("strings" in value) {
    for (const each of value.strings) text(writer, 9, each);
    kind(8);
  } else if ("tensor" in value) {
    message(writer, 5, (inner) => writeTensor(inner, "", value.tensor));
    kind(4);
  }
}

function writePort(writer: Writer, { name, shape, type = FLOAT }: PortSpec): void {
  text(writer, 1, name);
  message(writer, 2, (outer) =>
    message(outer, 1, (tensor) => {
      whole(tensor, 1, type);
      message(tensor, 2, (dimensions) => {
        for (const d of shape) {
          message(dimensions, 1, (inner) => {
            if (typeof d === "number") whole(inner, 1, d);
            else text(inner, 2, d);
          });
        }
      });
    }));
}

/** The bytes of a file. */
export function writeOnnx(spec: ModelSpec): Uint8Array<ArrayBuffer> {
  const writer = protobuf.Writer.create();
  whole(writer, 1, 8);
  message(writer, 7, (graph) => {
    for (const node of spec.nodes) {
      message(graph, 1, (inner) => {
        for (const name of node.inputs) text(inner, 1, name);
        for (const name of node.outputs) text(inner, 2, name);
        text(inner, 3, node.name ?? node.outputs[0]!);
        text(inner, 4, node.op);
        for (const [name, value] of Object.entries(node.attributes ?? {})) {
          message(inner, 5, (attribute) => writeAttribute(attribute, name, value));
        }
        if (node.domain !== undefined) text(inner, 7, node.domain);
      });
    }
    text(graph, 2, "graph");
    for (const [name, tensor] of Object.entries(spec.constants ?? {})) {
      message(graph, 5, (inner) => writeTensor(inner, name, tensor));
    }
    for (const port of spec.inputs) message(graph, 11, (inner) => writePort(inner, port));
    for (const port of spec.outputs) message(graph, 12, (inner) => writePort(inner, port));
  });
  const sets = new Set(["", ...spec.nodes.map(({ domain = "" }) => domain)]);
  for (const domain of sets) {
    message(writer, 8, (set) => {
      text(set, 1, domain);
      whole(set, 2, domain === "" ? spec.opset ?? 17 : 1);
    });
  }
  return new Uint8Array(writer.finish());
}

/** The file as `loadModel` would give it. */
export function onnxModel(
  bytes: Uint8Array,
  others: Readonly<Record<string, Uint8Array>> = {},
): Model {
  const files = new Map([["net.onnx", bytes], ...Object.entries(others)]);
  return { name: "net", format: "onnx", path: "net.onnx", sha256: "", files };
}

/** A constant of random values in [−size, size). */
export function randomTensor(
  random: () => number,
  shape: readonly number[],
  size = 1,
): TensorSpec {
  const data = Float32Array.from({ length: elements(shape) }, () => size * (2 * random() - 1));
  return { shape, data };
}
