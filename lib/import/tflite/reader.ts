/**
 * Reading of FlatBuffers from strangers: every offset is checked against the file before it is
 * followed, nothing is copied, and nothing is allocated by a length that the file only claims.
 *
 * @module
 */
import { ByteBuffer } from "npm:flatbuffers@25.9.23";
import { UserError } from "../../errors.ts";

/** Text longer than this is cut: names are for people. */
const MAX_TEXT = 256;

/** The bytes of one file, and how messages name it. */
class Source {
  readonly buffer: ByteBuffer;
  readonly size: number;
  readonly #path: string;

  constructor(readonly bytes: Uint8Array, path: string) {
    this.buffer = new ByteBuffer(bytes);
    this.size = bytes.length;
    this.#path = path;
  }

  /** The same place, if `count` bytes from there on lie within the file. */
  check(at: number, count: number, what: string): number {
    if (!(at >= 0 && at + count <= this.size)) {
      throw this.damaged(
        `its ${what} at byte ${at} is ${count} bytes long, but the file ends at ${this.size}`,
      );
    }
    return at;
  }

  damaged(how: string): UserError {
    return new UserError(
      `${this.#path} is damaged: ${how}. Make or download the model again.`,
    );
  }
}

/** A vector inside the file. */
interface Place {
  readonly at: number;
  readonly length: number;
}

/**
 * One table of a FlatBuffer. Fields are asked for by their number in the schema; a union counts as
 * two, its type and its value. What is absent is the default.
 */
export class Table {
  readonly #source: Source;
  readonly #at: number;
  readonly #fields: number;
  readonly #fieldsSize: number;

  private constructor(source: Source, at: number) {
    this.#source = source;
    this.#at = source.check(at, 4, "table");
    this.#fields = at - source.buffer.readInt32(at);
    source.check(this.#fields, 4, "list of fields");
    this.#fieldsSize = source.buffer.readUint16(this.#fields);
    if (this.#fieldsSize < 4) {
      throw source.damaged(`a list of fields at byte ${this.#fields} has no room for its own size`);
    }
    source.check(this.#fields, this.#fieldsSize, "list of fields");
  }

  /**
   * The root of a file.
   * @throws {UserError} if it does not carry the identifier, or its root lies outside
   */
  static root(bytes: Uint8Array, path: string, identifier: string): Table {
    const source = new Source(bytes, path);
    if (source.size < 8 || !source.buffer.__has_identifier(identifier)) {
      throw new UserError(
        `${path} is not a TensorFlow Lite model: bytes 4 to 7 of one are "${identifier}".`,
      );
    }
    return new Table(source, source.buffer.readUint32(0));
  }

  int8(field: number, otherwise = 0): number {
    const at = this.#place(field, 1);
    return at === undefined ? otherwise : this.#source.buffer.readInt8(at);
  }

  uint8(field: number, otherwise = 0): number {
    const at = this.#place(field, 1);
    return at === undefined ? otherwise : this.#source.buffer.readUint8(at);
  }

  bool(field: number): boolean {
    return this.uint8(field) !== 0;
  }

  int32(field: number, otherwise = 0): number {
    const at = this.#place(field, 4);
    return at === undefined ? otherwise : this.#source.buffer.readInt32(at);
  }

  uint32(field: number, otherwise = 0): number {
    const at = this.#place(field, 4);
    return at === undefined ? otherwise : this.#source.buffer.readUint32(at);
  }

  /** As far as doubles hold it exactly, which no size of a file exceeds. */
  uint64(field: number): number {
    const at = this.#place(field, 8);
    return at === undefined ? 0 : Number(this.#source.buffer.readUint64(at));
  }

  float32(field: number): number {
    const at = this.#place(field, 4);
    return at === undefined ? 0 : this.#source.buffer.readFloat32(at);
  }

  /** Text, its first 256 bytes; empty if absent. */
  text(field: number): string {
    const { at, length } = this.#vector(field, 1);
    return new TextDecoder().decode(
      this.#source.bytes.subarray(at, at + Math.min(length, MAX_TEXT)),
    );
  }

  /** A table this one points to, or undefined. */
  table(field: number): Table | undefined {
    const at = this.#place(field, 4);
    if (at === undefined) return undefined;
    return new Table(this.#source, at + this.#source.buffer.readUint32(at));
  }

  /** The bytes of a vector, shared with the file; none if absent. */
  bytes(field: number): Uint8Array {
    const { at, length } = this.#vector(field, 1);
    return this.#source.bytes.subarray(at, at + length);
  }

  /** Length of a vector with elements of that many bytes; 0 if absent. */
  lengthOf(field: number, elementBytes: number): number {
    return this.#vector(field, elementBytes).length;
  }

  /** A vector of int32. @throws {UserError} if there are more than `most` */
  int32s(field: number, most: number): number[] {
    return this.#numbers(field, 4, most, (at) => this.#source.buffer.readInt32(at));
  }

  /** A vector of float32, likewise. */
  float32s(field: number, most: number): number[] {
    return this.#numbers(field, 4, most, (at) => this.#source.buffer.readFloat32(at));
  }

  /** A vector of int64, likewise; doubles hold all that is of use. */
  int64s(field: number, most: number): number[] {
    return this.#numbers(field, 8, most, (at) => Number(this.#source.buffer.readInt64(at)));
  }

  /** A vector of tables, likewise. */
  tables(field: number, most: number): Table[] {
    return this.#numbers(field, 4, most, (at) => at).map((at) =>
      new Table(this.#source, at + this.#source.buffer.readUint32(at))
    );
  }

  /** The whole file, for what lies outside its tables. */
  slice(offset: number, length: number): Uint8Array {
    const at = this.#source.check(offset, length, "buffer");
    return this.#source.bytes.subarray(at, at + length);
  }

  #numbers(field: number, size: number, most: number, read: (at: number) => number): number[] {
    const { at, length } = this.#vector(field, size);
    if (length > most) {
      throw this.#source.damaged(
        `a list at byte ${at} has ${length} entries, and no more than ${most} make sense there`,
      );
    }
    return Array.from({ length }, (_, i) => read(at + size * i));
  }

  #vector(field: number, elementBytes: number): Place {
    const pointer = this.#place(field, 4);
    if (pointer === undefined) return { at: 0, length: 0 };
    const { buffer } = this.#source;
    const at = this.#source.check(pointer + buffer.readUint32(pointer), 4, "list");
    const length = buffer.readUint32(at);
    return { at: this.#source.check(at + 4, length * elementBytes, "list"), length };
  }

  #place(field: number, size: number): number | undefined {
    const entry = 4 + 2 * field;
    if (entry + 2 > this.#fieldsSize) return undefined;
    const offset = this.#source.buffer.readUint16(this.#fields + entry);
    return offset === 0 ? undefined : this.#source.check(this.#at + offset, size, "field");
  }
}
