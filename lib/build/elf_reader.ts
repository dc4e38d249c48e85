/**
 * Bounds-checked reading of little-endian ELF structures.
 *
 * @module
 */

import { UserError } from "../errors.ts";

/** Reads an ELF file's bytes; everything outside them is an error in a full sentence. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #wide: boolean;

  constructor(bytes: Uint8Array, wide: boolean) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#wide = wide;
  }

  /** @throws {UserError} unless `length` bytes at `offset` lie inside the file */
  check(offset: number, length: number, what: string): void {
    if (offset + length > this.#bytes.length) {
      throw new UserError(
        `Cannot read the ELF file: its ${what} needs bytes ${offset} to ${
          offset + length
        }, but the ` +
          `file ends after ${this.#bytes.length}; it is truncated or damaged.`,
      );
    }
  }

  /** A structure of `length` bytes; its fields are read relative to its start. */
  at(offset: number, length: number, what: string) {
    this.check(offset, length, what);
    const view = this.#view;
    const inside = (field: number, size: number) => {
      if (field + size > length) throw new RangeError(`field ${field} of ${what} is outside it`);
      return offset + field;
    };
    return {
      u8: (field: number) => view.getUint8(inside(field, 1)),
      u16: (field: number) => view.getUint16(inside(field, 2), true),
      u32: (field: number) => view.getUint32(inside(field, 4), true),
      /** 4 or 8 bytes by the file's class. */
      word: (field: number) => {
        if (!this.#wide) return view.getUint32(inside(field, 4), true);
        const value = view.getBigUint64(inside(field, 8), true);
        if (value > BigInt(Number.MAX_SAFE_INTEGER)) {
          throw new UserError(
            `Cannot read the ELF file: its ${what} holds 0x${value.toString(16)}; addresses and ` +
              "sizes up to 2^53 are supported.",
          );
        }
        return Number(value);
      },
      /** As `word`, but any 64-bit value is let through, rounded above 2^53: absolute symbols. */
      value: (field: number) =>
        this.#wide
          ? Number(view.getBigUint64(inside(field, 8), true))
          : view.getUint32(inside(field, 4), true),
    };
  }

  /** The zero-terminated string at `index` of a string table. */
  string(table: { offset: number; size: number }, index: number): string {
    this.check(table.offset, table.size, "string table");
    const end = table.offset + table.size;
    const start = table.offset + index;
    let stop = start;
    while (stop < end && this.#bytes[stop] !== 0) stop++;
    if (stop >= end) {
      throw new UserError(
        `Cannot read the ELF file: a name begins at byte ${index} of a string table of ` +
          `${table.size} bytes and does not end inside it.`,
      );
    }
    return decoder.decode(this.#bytes.subarray(start, stop));
  }
}

const decoder = new TextDecoder();
