import { UserError } from "../../errors.ts";
import { elements } from "../../ops/op.ts";
import type { FloatTensor } from "../../types.ts";
import type { TfliteTensor } from "./file.ts";

/**
 * Bytes that constants may take once they are expanded, as a multiple of the file's: a file whose
 * tensors share one buffer many times over is not a network that anybody trained.
 */
const EXPANSION = 64;
const ALLOWANCE = 1 << 20;

/** Constant tensors as numbers. Each is expanded once, and within what the file's size allows. */
export class Constants {
  readonly #floats = new Map<TfliteTensor, FloatTensor>();
  #budget: number;

  constructor(fileBytes: number) {
    this.#budget = ALLOWANCE + EXPANSION * fileBytes;
  }

  /** Says what a tensor holds that an operator makes from another constant. */
  define(tensor: TfliteTensor, value: FloatTensor): void {
    this.#floats.set(tensor, value);
  }

  /** Whether a tensor's values are known. */
  has(tensor: TfliteTensor): boolean {
    return tensor.constant || this.#floats.has(tensor);
  }

  /**
   * Real values: float32 as it is, float16 expanded, int8 by its scale or scales.
   * @throws {UserError} if it is not constant, or of another type
   */
  floats(tensor: TfliteTensor): FloatTensor {
    const known = this.#floats.get(tensor);
    if (known !== undefined) return known;
    const data = this.#expand(tensor);
    const value = { shape: tensor.shape, data };
    this.#floats.set(tensor, value);
    return value;
  }

  /** Codes of an int8 tensor, sharing the file's bytes. */
  codes(tensor: TfliteTensor): Int8Array {
    const { buffer, byteOffset, length } = this.#data(tensor, ["int8"]);
    return new Int8Array(buffer as ArrayBuffer, byteOffset, length);
  }

  /** Whole numbers of an int32 or int64 tensor; axes, shapes, biases. */
  integers(tensor: TfliteTensor): number[] {
    const bytes = this.#data(tensor, ["int32", "int64"]);
    this.charge(tensor, 8 * elements(tensor.shape));
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    return Array.from(
      { length: elements(tensor.shape) },
      (_, i) =>
        tensor.type === "int32"
          ? view.getInt32(4 * i, true)
          : Number(view.getBigInt64(8 * i, true)),
    );
  }

  /** Notes that so many bytes are about to be made from a tensor. */
  charge(tensor: TfliteTensor, bytes: number): void {
    this.#budget -= bytes;
    if (this.#budget < 0) {
      throw new UserError(
        `Tensor ${tensor.name} would make the constants of this model over ${EXPANSION} times as ` +
          `large as its file; tensors that share one buffer so often are a sign of damage.`,
      );
    }
  }

  #expand(tensor: TfliteTensor): Float32Array {
    const bytes = this.#data(tensor, ["float32", "float16", "int8"]);
    this.charge(tensor, 4 * elements(tensor.shape));
    if (tensor.type === "float32") return new Float32Array(bytes.slice().buffer);
    if (tensor.type === "float16") {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      return Float32Array.from(
        { length: bytes.length / 2 },
        (_, i) => float16(view.getUint16(2 * i, true)),
      );
    }
    return dequantize(
      tensor,
      new Int8Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.length),
    );
  }

  #data(tensor: TfliteTensor, types: readonly string[]): Uint8Array {
    if (!tensor.constant) {
      throw new UserError(
        `Tensor ${tensor.name} is computed by the network, but intnic needs it to be constant here.`,
      );
    }
    if (!types.includes(tensor.type)) {
      throw new UserError(
        `Tensor ${tensor.name} holds ${tensor.type} values; ${types.join(" or ")} is needed here.`,
      );
    }
    return tensor.data;
  }
}

/** Real values of int8 codes, with one scale or one for every slice along a dimension. */
function dequantize(tensor: TfliteTensor, codes: Int8Array): Float32Array {
  const { quantization, shape } = tensor;
  if (quantization === undefined) {
    throw new UserError(`Tensor ${tensor.name} holds int8 values but has no scale.`);
  }
  const { scales, zeroPoints, dimension } = quantization;
  const data = new Float32Array(codes.length);
  if (scales.length === 1) {
    for (let i = 0; i < data.length; i++) data[i] = scales[0]! * (codes[i]! - zeroPoints[0]!);
    return data;
  }
  if (shape[dimension] !== scales.length) {
    throw new UserError(
      `Tensor ${tensor.name} has ${scales.length} scales along dimension ${dimension}, which has ` +
        `${shape[dimension] ?? "no"} entries.`,
    );
  }
  const inner = elements(shape.slice(dimension + 1));
  for (let i = 0; i < data.length; i++) {
    const channel = Math.floor(i / inner) % scales.length;
    data[i] = scales[channel]! * (codes[i]! - zeroPoints[channel]!);
  }
  return data;
}

/** The value of an IEEE 754 half. */
function float16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = bits >> 10 & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0
    ? sign * fraction * 2 ** -24
    : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
