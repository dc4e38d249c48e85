import { UserError } from "../../errors.ts";
import { formatShape } from "../../ops/op.ts";
import type { Shape } from "../../types.ts";
import type { Message } from "./wire.ts";

/** Kinds of values that matter here; every float becomes single precision. */
export type ConstantType = "float" | "int8" | "uint8" | "int32" | "int64" | "bool";

/** Values known at import, row-major in ONNX's order. */
export interface Constant {
  readonly shape: Shape;
  readonly type: ConstantType;
  /** Whole numbers of 64 bits are doubles: exact up to 2⁵³. */
  readonly data: Float32Array | Float64Array | Int32Array | Int8Array | Uint8Array;
  /** Where the values are codes times a scale: what they were made from. */
  readonly quantized?: QuantizedConstant;
}

/** A constant that came as codes. */
export interface QuantizedConstant {
  readonly codes: Constant;
  /** One real size of a step, or one for each index of `axis`. */
  readonly scales: Float32Array;
  readonly zeroPoints: ArrayLike<number>;
  readonly axis: number;
}

/** How `TensorProto.DataType` is stored in `raw_data`. */
interface Stored {
  readonly name: string;
  readonly bytes: number;
  readonly type: ConstantType;
  get(view: DataView, at: number): number;
}

const stored: Readonly<Record<number, Stored>> = {
  1: { name: "float", bytes: 4, type: "float", get: (v, at) => v.getFloat32(at, true) },
  2: { name: "uint8", bytes: 1, type: "uint8", get: (v, at) => v.getUint8(at) },
  3: { name: "int8", bytes: 1, type: "int8", get: (v, at) => v.getInt8(at) },
  4: { name: "uint16", bytes: 2, type: "int64", get: (v, at) => v.getUint16(at, true) },
  5: { name: "int16", bytes: 2, type: "int64", get: (v, at) => v.getInt16(at, true) },
  6: { name: "int32", bytes: 4, type: "int32", get: (v, at) => v.getInt32(at, true) },
  7: { name: "int64", bytes: 8, type: "int64", get: (v, at) => Number(v.getBigInt64(at, true)) },
  9: { name: "bool", bytes: 1, type: "bool", get: (v, at) => v.getUint8(at) },
  10: { name: "float16", bytes: 2, type: "float", get: (v, at) => half(v.getUint16(at, true)) },
  11: { name: "double", bytes: 8, type: "float", get: (v, at) => v.getFloat64(at, true) },
  12: { name: "uint32", bytes: 4, type: "int64", get: (v, at) => v.getUint32(at, true) },
  13: { name: "uint64", bytes: 8, type: "int64", get: (v, at) => Number(v.getBigUint64(at, true)) },
  16: { name: "bfloat16", bytes: 2, type: "float", get: (v, at) => brain(v.getUint16(at, true)) },
};

/** The value that half precision bits stand for. */
function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
}

/** The value that the upper half of single precision bits stands for. */
function brain(bits: number): number {
  return new Float32Array(Uint32Array.of(bits << 16).buffer)[0]!;
}

/** The kind that a number of `TensorProto.DataType` stands for; undefined if it is not read here. */
export function typeOf(number: number): ConstantType | undefined {
  return stored[number]?.type;
}

/** An array of the kind. */
export function allocate(type: ConstantType, length: number): Constant["data"] {
  switch (type) {
    case "float":
      return new Float32Array(length);
    case "int8":
      return new Int8Array(length);
    case "uint8":
    case "bool":
      return new Uint8Array(length);
    case "int32":
      return new Int32Array(length);
    case "int64":
      return new Float64Array(length);
  }
}

/**
 * Decodes a `TensorProto`.
 *
 * @param what it is, for complaints
 * @param files of the model, for values that lie outside it
 * @throws {UserError} if the type is not read, or there are fewer or more values than the shape says
 */
export function readTensor(
  message: Message,
  what: string,
  files: ReadonlyMap<string, Uint8Array>,
): Constant {
  const shape = message.integers(1);
  const number = message.integer(2);
  const kind = stored[number];
  if (kind === undefined) {
    throw new UserError(
      `The tensor ${what} is of ONNX data type ${number}, which intnic does not read; it reads ` +
        `${Object.values(stored).map(({ name }) => name).join(", ")}.`,
    );
  }
  const count = shape.reduce((product, d) => product * d, 1);
  if (shape.length > 8 || !shape.every((d) => Number.isSafeInteger(d) && d >= 0)) {
    throw new UserError(`The tensor ${what} has the impossible shape ${formatShape(shape)}.`);
  }
  const wrong = (found: number) =>
    new UserError(
      `The tensor ${what} of shape ${
        formatShape(shape)
      } (${kind.name}) asks for ${count} values; ` +
        `the file holds ${found}.`,
    );
  const external = message.integer(14) === 1;
  if (external || message.has(9)) {
    const raw = external ? externalBytes(message, what, files) : message.bytes(9);
    if (raw.length !== count * kind.bytes) throw wrong(raw.length / kind.bytes);
    const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
    const data = allocate(kind.type, count);
    for (let i = 0; i < count; i++) data[i] = kind.get(view, i * kind.bytes);
    return { shape, type: kind.type, data };
  }
  const values = listed(message, number);
  if (values.length !== count) throw wrong(values.length);
  const data = allocate(kind.type, count);
  for (let i = 0; i < count; i++) data[i] = values[i]!;
  return { shape, type: kind.type, data };
}

/** The values of a tensor that are not raw bytes: which field has them depends on their type. */
function listed(message: Message, type: number): ArrayLike<number> {
  switch (type) {
    case 1:
      return message.floats(4);
    case 7:
      return message.integers(7);
    case 11:
      return message.doubles(10);
    case 12:
    case 13:
      return message.integers(11);
    case 10:
      return message.integers(5).map(half);
    case 16:
      return message.integers(5).map(brain);
    default:
      return message.integers(5);
  }
}

/** Where the values of a tensor are that lie in a file beside the model. */
export function externalPlace(message: Message) {
  const entries = new Map(message.messages(13).map((e) => [e.string(1), e.string(2)]));
  return {
    location: entries.get("location"),
    offset: Number(entries.get("offset") ?? 0),
    length: entries.has("length") ? Number(entries.get("length")) : undefined,
  };
}

function externalBytes(
  message: Message,
  what: string,
  files: ReadonlyMap<string, Uint8Array>,
): Uint8Array {
  const { location, offset, length } = externalPlace(message);
  const file = location === undefined ? undefined : files.get(location);
  if (file === undefined) {
    throw new UserError(`The tensor ${what} is said to lie in the file "${location}", not found.`);
  }
  const end = length === undefined ? file.length : offset + length;
  if (
    !(Number.isSafeInteger(offset) && Number.isSafeInteger(end) && offset >= 0) ||
    end > file.length || end < offset
  ) {
    throw new UserError(
      `The tensor ${what} is said to lie at byte ${offset} of the file "${location}", ${length} ` +
        `bytes long; the file has ${file.length} bytes.`,
    );
  }
  return file.subarray(offset, end);
}
