/**
 * The edges of a deployed network: what its users' files hold against the int8 codes inside.
 *
 * @module
 */
import { UserError } from "../errors.ts";
import type { EdgeType, Encoding } from "../types.ts";

/** Bytes of one number at an edge. */
const bytesOf: Readonly<Record<EdgeType, number>> = {
  float32: 4,
  int8: 1,
  uint8: 1,
  int32: 4,
  int64: 8,
};

/** How many bytes so many numbers take. */
export function edgeBytes(type: EdgeType, count: number): number {
  return count * bytesOf[type];
}

/**
 * int8 codes of real values as TensorFlow Lite quantizes: a quotient of single precision, rounded
 * half away from zero.
 */
export function quantizeEdge(values: Float32Array, { scale, zeroPoint }: Encoding): Int8Array {
  return Int8Array.from(values, (value) => {
    const steps = Math.fround(value / Math.fround(scale));
    const nearest = Math.sign(steps) * Math.round(Math.abs(steps));
    return Math.min(127, Math.max(-128, nearest + zeroPoint));
  });
}

/** Real values of int8 codes, in single precision. */
export function realValues(codes: Int8Array, { scale, zeroPoint }: Encoding): Float32Array {
  return Float32Array.from(codes, (code) => scale * (code - zeroPoint));
}

/**
 * int8 codes of whole numbers in the type of an edge.
 * @throws {UserError} if one is outside that type
 */
export function codesOfIntegers(
  values: ArrayLike<number>,
  type: "int8" | "uint8",
  what: string,
): Int8Array {
  const offset = type === "uint8" ? 128 : 0;
  return Int8Array.from(values, (value) => {
    if (value >= offset - 128 && value <= offset + 127) return value - offset;
    throw new UserError(
      `${what} holds ${value}, but the model's input is ${type}: ${offset - 128} to ` +
        `${offset + 127}.`,
    );
  });
}

/**
 * Output codes as they are written to a file: int8 as the core gives them, with the highest bit
 * turned for a model whose output is uint8.
 */
export function outputBytes(codes: Int8Array, type: EdgeType): Uint8Array {
  return Uint8Array.from(codes, (code) => type === "uint8" ? code + 128 : code & 255);
}

/**
 * The bytes that the model's own runtime would give for output codes: those of the type of its
 * output.
 */
export function runtimeBytes(codes: Int8Array, type: EdgeType, encoding: Encoding): Uint8Array {
  if (type === "float32") return new Uint8Array(realValues(codes, encoding).buffer);
  if (type === "int8" || type === "uint8") return outputBytes(codes, type);
  const whole = Array.from(codes, (code) => code - encoding.zeroPoint);
  return type === "int32"
    ? new Uint8Array(Int32Array.from(whole).buffer)
    : new Uint8Array(BigInt64Array.from(whole, BigInt).buffer);
}
