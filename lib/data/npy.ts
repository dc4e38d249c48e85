/**
 * NumPy's `.npy` files and `.npz` archives of them.
 *
 * @module
 */
import { unzipSync } from "npm:fflate@0.8.3";
import { UserError } from "../errors.ts";
import { elements, formatShape } from "../ops/op.ts";
import type { Shape } from "../types.ts";

/** An array as NumPy saved it, in row-major order whatever the file's was. */
export interface NumberArray {
  readonly shape: Shape;
  /** Whether it holds whole numbers. */
  readonly whole: boolean;
  readonly values: Float64Array;
}

/** Largest array that is believed, in bytes once it is unpacked. */
const MAX_BYTES = 2 ** 30;

/** Byte 0x93, then this. */
const MAGIC = "NUMPY";

/** How to read one element of a type, from a `dtype` string without its byte order. */
const readers: Readonly<Record<string, (view: DataView, at: number, little: boolean) => number>> = {
  f4: (view, at, little) => view.getFloat32(at, little),
  f8: (view, at, little) => view.getFloat64(at, little),
  i1: (view, at) => view.getInt8(at),
  i2: (view, at, little) => view.getInt16(at, little),
  i4: (view, at, little) => view.getInt32(at, little),
  i8: (view, at, little) => Number(view.getBigInt64(at, little)),
  u1: (view, at) => view.getUint8(at),
  u2: (view, at, little) => view.getUint16(at, little),
  u4: (view, at, little) => view.getUint32(at, little),
  u8: (view, at, little) => Number(view.getBigUint64(at, little)),
};

/**
 * Reads a `.npy` file of version 1, 2 or 3: f4, f8 and whole numbers of 1 to 8 bytes, in C or
 * Fortran order.
 *
 * @param path how messages name it
 * @throws {UserError} if it is damaged or holds something else
 */
export function parseNpy(bytes: Uint8Array, path: string): NumberArray {
  const { type, fortran, shape, start } = parseHeader(bytes, path);
  const read = Object.hasOwn(readers, type.slice(1)) ? readers[type.slice(1)]! : undefined;
  if (read === undefined || !"<>|=".includes(type[0]!)) {
    throw new UserError(
      `${path} holds elements of type "${type}"; intnic reads ${Object.keys(readers).join(", ")}.`,
    );
  }
  const size = Number(type.slice(2));
  const count = elements(shape);
  if (count * size !== bytes.length - start) {
    throw new UserError(
      `${path} announces an array of ${formatShape(shape)} elements of ${size} bytes, ` +
        `${count * size} in all, but ${bytes.length - start} follow its header.`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, bytes.length - start);
  const little = type[0] !== ">";
  const values = Float64Array.from({ length: count }, (_, i) => read(view, i * size, little));
  return { shape, whole: type[1] !== "f", values: fortran ? toRowMajor(values, shape) : values };
}

/**
 * Reads the arrays of a `.npz` archive, by name.
 * @throws {UserError} if it is damaged, or too large once unpacked
 */
export function parseNpz(bytes: Uint8Array, path: string): Map<string, NumberArray> {
  let room = MAX_BYTES;
  let files: Record<string, Uint8Array>;
  try {
    files = unzipSync(bytes, {
      filter: ({ name, originalSize }) => {
        if (!name.endsWith(".npy")) return false;
        room -= originalSize;
        if (room < 0) {
          throw new UserError(`${path} unpacks to over ${MAX_BYTES} bytes, which is too large.`);
        }
        return true;
      },
    });
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UserError(`${path} is not a .npz archive that can be read: ${reason}.`, { cause });
  }
  return new Map(
    Object.entries(files).map(([name, contents]) => {
      const array = name.slice(0, -".npy".length);
      return [array, parseNpy(contents, `${path}, array ${array},`)];
    }),
  );
}

interface Header {
  readonly type: string;
  readonly fortran: boolean;
  readonly shape: Shape;
  /** Where the elements begin. */
  readonly start: number;
}

function parseHeader(bytes: Uint8Array, path: string): Header {
  const text = (from: number, to: number) =>
    new TextDecoder(bytes[6] === 3 ? "utf-8" : "latin1").decode(bytes.subarray(from, to));
  if (bytes.length < 12 || bytes[0] !== 0x93 || text(1, 6) !== MAGIC) {
    throw new UserError(`${path} is not a .npy file: those begin with the byte 0x93 and "NUMPY".`);
  }
  const version = bytes[6]!;
  if (version < 1 || version > 3) {
    throw new UserError(`${path} is of version ${version} of the .npy format; 1 to 3 are known.`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const begin = version === 1 ? 10 : 12;
  const start = begin + (version === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  if (start > bytes.length) {
    throw new UserError(`${path} is truncated: it ends within its header.`);
  }
  // A Python dictionary with three entries.
  const dictionary = text(begin, Math.min(start, begin + 4096));
  const type = /'descr':\s*'([<>|=][a-z]\d)'/.exec(dictionary)?.[1];
  const fortran = /'fortran_order':\s*(True|False)/.exec(dictionary)?.[1];
  const dimensions = /'shape':\s*\(([\d,\s]*)\)/.exec(dictionary)?.[1];
  if (type === undefined || fortran === undefined || dimensions === undefined) {
    throw new UserError(
      `${path} has a header that intnic cannot read: ${
        JSON.stringify(dictionary.slice(0, 120))
      }. It ` +
        `reads plain arrays of numbers.`,
    );
  }
  const shape = dimensions.split(",").map((part) => part.trim()).filter((part) => part !== "")
    .map(Number);
  return { type, fortran: fortran === "True", shape, start };
}

/** Elements that are stored first index fastest, in the order last index fastest. */
function toRowMajor(values: Float64Array, shape: Shape): Float64Array {
  const sorted = new Float64Array(values.length);
  const index = shape.map(() => 0);
  for (let at = 0; at < values.length; at++) {
    let place = 0;
    for (let axis = 0; axis < shape.length; axis++) place = place * shape[axis]! + index[axis]!;
    sorted[place] = values[at]!;
    for (let axis = 0; axis < shape.length && ++index[axis]! === shape[axis]; axis++) {
      index[axis] = 0;
    }
  }
  return sorted;
}
