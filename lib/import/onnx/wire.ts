/**
 * Protocol buffers as they lie on disk, without their schema: a message is a list of numbered fields.
 * What a field means is said by whoever asks for it; nothing is copied until then. Files come from
 * strangers, so lengths are checked before they are believed and the number of fields is limited.
 *
 * @module
 */
import protobuf from "npm:protobufjs@8.8.1/minimal.js";
import { UserError } from "../../errors.ts";

/** Fields of all messages of a file together; a model of ten thousand layers has a tenth of it. */
const MAX_FIELDS = 1_000_000;

/** What one file may still cost, shared by all its messages. */
export interface Budget {
  fields: number;
}

/** Wire types: how many bytes a field has. */
const VARINT = 0;
const FIXED64 = 1;
const DELIMITED = 2;
const FIXED32 = 5;

/** Varints are numbers, the others the bytes between tag and next field. */
type Field = number | Uint8Array;

/** One message, its fields by number in the order of the file. */
export class Message {
  readonly #fields = new Map<number, Field[]>();
  readonly #what: string;
  readonly #budget: Budget;

  /**
   * @param what the message is, for complaints: `the graph of net.onnx`
   * @throws {UserError} if the bytes are not a protocol buffer
   */
  constructor(bytes: Uint8Array, what: string, budget: Budget = { fields: MAX_FIELDS }) {
    this.#what = what;
    this.#budget = budget;
    try {
      this.#read(bytes);
    } catch (cause) {
      if (cause instanceof UserError) throw cause;
      throw this.#damaged((cause as Error).message, cause);
    }
  }

  #damaged(how: string, cause?: unknown): UserError {
    return new UserError(
      `In ${this.#what} the bytes are damaged or cut short, or it is not an ONNX file: ${how}.`,
      { cause },
    );
  }

  #read(bytes: Uint8Array): void {
    const reader = protobuf.Reader.create(bytes);
    while (reader.pos < reader.len) {
      const tag = reader.uint32();
      if (--this.#budget.fields < 0) {
        throw new UserError(
          `In ${this.#what} the file has more than ${MAX_FIELDS} fields, far more than any network ` +
            `for a small device; it is damaged.`,
        );
      }
      const value = this.#value(reader, bytes, tag & 7);
      const list = this.#fields.get(tag >>> 3);
      if (list === undefined) this.#fields.set(tag >>> 3, [value]);
      else list.push(value);
    }
  }

  #value(reader: protobuf.Reader, bytes: Uint8Array, wire: number): Field {
    if (wire === VARINT) return varint(reader);
    const length = wire === DELIMITED
      ? reader.uint32()
      : wire === FIXED32
      ? 4
      : wire === FIXED64
      ? 8
      : -1;
    if (length < 0) throw new Error(`wire type ${wire} at byte ${reader.pos}`);
    const from = reader.pos;
    if (length > reader.len - from) {
      throw new Error(`a field of ${length} bytes at byte ${from} of ${reader.len}`);
    }
    reader.pos = from + length;
    return bytes.subarray(from, from + length);
  }

  #last(field: number): Field | undefined {
    return this.#fields.get(field)?.at(-1);
  }

  has(field: number): boolean {
    return this.#fields.has(field);
  }

  /** The bytes of a field of variable length; empty if it is absent. */
  bytes(field: number): Uint8Array {
    const value = this.#last(field) ?? new Uint8Array();
    if (typeof value === "number") throw this.#damaged(`field ${field} is a number`);
    return value;
  }

  #all(field: number): Uint8Array[] {
    return (this.#fields.get(field) ?? []).map((value) => {
      if (typeof value === "number") throw this.#damaged(`field ${field} is a number`);
      return value;
    });
  }

  string(field: number): string {
    return text(this.bytes(field));
  }

  strings(field: number): string[] {
    return this.#all(field).map(text);
  }

  message(field: number, what = this.#what): Message | undefined {
    return this.has(field) ? new Message(this.bytes(field), what, this.#budget) : undefined;
  }

  messages(field: number, what = this.#what): Message[] {
    return this.#all(field).map((bytes) => new Message(bytes, what, this.#budget));
  }

  /** A whole number, exact up to 2⁵³; 0 if it is absent. */
  integer(field: number): number {
    const value = this.#last(field) ?? 0;
    if (typeof value !== "number") throw this.#damaged(`field ${field} is no whole number`);
    return value;
  }

  /** A list of whole numbers, packed or not. */
  integers(field: number): number[] {
    const list: number[] = [];
    for (const value of this.#fields.get(field) ?? []) {
      if (typeof value === "number") {
        list.push(value);
        continue;
      }
      const reader = protobuf.Reader.create(value);
      try {
        while (reader.pos < reader.len) list.push(varint(reader));
      } catch (cause) {
        throw this.#damaged((cause as Error).message, cause);
      }
    }
    return list;
  }

  /** Single precision; 0 if it is absent. */
  float(field: number): number {
    return this.floats(field).at(-1) ?? 0;
  }

  /** A list of single precision numbers, packed or not. */
  floats(field: number): Float32Array {
    return this.#numbers(field, 4, Float32Array, (view, at) => view.getFloat32(at, true));
  }

  /** A list of double precision numbers, packed or not, rounded to single. */
  doubles(field: number): Float32Array {
    return this.#numbers(field, 8, Float32Array, (view, at) => view.getFloat64(at, true));
  }

  #numbers(
    field: number,
    size: number,
    Numbers: new (length: number) => Float32Array,
    get: (view: DataView, at: number) => number,
  ): Float32Array {
    const parts = this.#all(field);
    const total = parts.reduce((sum, { length }) => sum + length, 0);
    if (total % size !== 0) throw this.#damaged(`field ${field} has ${total} bytes`);
    const list = new Numbers(total / size);
    let i = 0;
    for (const part of parts) {
      const view = new DataView(part.buffer, part.byteOffset, part.byteLength);
      for (let at = 0; at + size <= part.length; at += size) list[i++] = get(view, at);
    }
    return list;
  }
}

function varint(reader: protobuf.Reader): number {
  const value: unknown = reader.int64();
  return typeof value === "number" ? value : (value as { toNumber(): number }).toNumber();
}

/** Names that are not UTF-8 are still names. */
function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
