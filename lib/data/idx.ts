/**
 * The IDX format of the MNIST family: a big-endian header (magic number, then one 32-bit count per
 * dimension) followed by unsigned bytes, row-major. Files may be compressed with gzip.
 *
 * @module
 */
import { open } from "node:fs/promises";
import { createReadStream } from "node:fs";
import { createGunzip } from "node:zlib";
import { UserError } from "../errors.ts";

/** Unsigned bytes with their dimensions; `dimensions[0]` counts the items that were read. */
export interface Idx {
  readonly dimensions: readonly number[];
  readonly data: Uint8Array;
  /** Items the file holds, of which `data` may be the first few. */
  readonly available: number;
}

/** Largest number of items, and largest height or width, that is believed. */
const MAX_ITEMS = 10_000_000;
const MAX_SIDE = 4096;

/** Bytes asked of the disk at a time. */
const CHUNK = 1 << 20;

/**
 * Reads the first `count` items of an IDX file, or all. No more of the file is read, or
 * decompressed, than that needs; a file read whole must end where its header says.
 *
 * @param rank 3 for grey images (count, height, width), 4 for images with channels, 1 for labels.
 * @throws {UserError} if the file is missing, truncated, too long, or not IDX of that rank.
 */
export async function readIdx(path: string, rank: 1 | 3 | 4, count?: number): Promise<Idx> {
  const reader = new Reader(path, await isGzip(path));
  try {
    const header = await reader.take(4 + 4 * rank);
    const dimensions = parseHeader(path, header, rank);
    const available = dimensions[0]!;
    const items = Math.min(count ?? available, available);
    const itemBytes = dimensions.slice(1).reduce((a, b) => a * b, 1);
    const data = await reader.take(items * itemBytes);
    if (data.length < items * itemBytes) {
      throw new UserError(
        `${path} is truncated: its header announces ${available} items of ${itemBytes} bytes, ` +
          `but it ends after ${Math.floor(data.length / itemBytes)} whole ones. ` +
          `Download it again.`,
      );
    }
    const surplus = items === available ? await reader.take(1) : [];
    if (reader.cut) {
      throw new UserError(
        `${path} is truncated: its compressed data stops before its end mark. Download it again.`,
      );
    }
    if (surplus.length > 0) {
      throw new UserError(
        `${path} is too long: it goes on after the ${available} items of ${itemBytes} bytes ` +
          `that its header announces. It is not a valid IDX file.`,
      );
    }
    return { dimensions: [items, ...dimensions.slice(1)], data, available };
  } finally {
    reader.close();
  }
}

/** The dimensions an IDX header announces, checked to be sane. */
function parseHeader(path: string, header: Uint8Array, rank: 1 | 3 | 4): number[] {
  const name = `${rank === 1 ? "labels" : "images"} (idx${rank}-ubyte)`;
  if (header.length < 4 + 4 * rank) {
    throw new UserError(
      `${path} is truncated: it has ${header.length} bytes, fewer than the ${4 + 4 * rank} of ` +
        `the header of IDX ${name}.`,
    );
  }
  const view = new DataView(header.buffer, header.byteOffset, header.length);
  const expected = 0x0800 + rank;
  const magic = view.getUint32(0);
  if (magic !== expected) {
    throw new UserError(
      `${path} does not hold IDX ${name}: its magic number is ${hex(magic)} and should be ` +
        `${hex(expected)}.`,
    );
  }
  const dimensions = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  if (dimensions[0]! < 1 || dimensions[0]! > MAX_ITEMS) {
    throw new UserError(
      `${path} announces ${dimensions[0]} items; between 1 and ${MAX_ITEMS} are supported.`,
    );
  }
  for (const side of dimensions.slice(1)) {
    if (side < 1 || side > MAX_SIDE) {
      throw new UserError(
        `${path} announces images of ${dimensions.slice(1).join("×")} pixels; sides between 1 ` +
          `and ${MAX_SIDE} are supported.`,
      );
    }
  }
  return dimensions;
}

function hex(magic: number): string {
  return `0x${magic.toString(16).padStart(8, "0")}`;
}

/** Whether a file begins with gzip's two magic bytes; its name does not matter. */
async function isGzip(path: string): Promise<boolean> {
  try {
    const file = await open(path);
    try {
      const start = new Uint8Array(2);
      const { bytesRead } = await file.read(start, 0, 2, 0);
      return bytesRead === 2 && start[0] === 0x1f && start[1] === 0x8b;
    } finally {
      await file.close();
    }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UserError(`Cannot read the dataset file ${path}: ${reason}`, { cause });
  }
}

/** Takes bytes off the front of a file, decompressed if need be, without reading far ahead. */
class Reader {
  readonly #path: string;
  readonly #file: ReturnType<typeof createReadStream>;
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array(0);
  #close: () => void;
  #cut = false;

  constructor(path: string, gzip: boolean) {
    this.#path = path;
    this.#file = createReadStream(path, { highWaterMark: CHUNK });
    if (gzip) {
      const inflated = createGunzip({ chunkSize: CHUNK });
      this.#file.on("error", (error) => inflated.destroy(error));
      this.#chunks = this.#file.pipe(inflated)[Symbol.asyncIterator]();
      this.#close = () => inflated.destroy();
    } else {
      this.#chunks = this.#file[Symbol.asyncIterator]();
      this.#close = () => {};
    }
  }

  /** The next `count` bytes, or as many as there are. */
  async take(count: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    let missing = count;
    while (missing > 0) {
      if (this.#rest.length === 0) {
        const chunk = await this.#next();
        if (!chunk) break;
        this.#rest = chunk;
      }
      const part = this.#rest.subarray(0, missing);
      this.#rest = this.#rest.subarray(part.length);
      parts.push(part);
      missing -= part.length;
    }
    const taken = new Uint8Array(count - missing);
    let at = 0;
    for (const part of parts) {
      taken.set(part, at);
      at += part.length;
    }
    return taken;
  }

  /** Whether the file's compressed data was found to stop before its end. */
  get cut(): boolean {
    return this.#cut;
  }

  close(): void {
    this.#close();
    this.#file.destroy();
  }

  async #next(): Promise<Uint8Array | undefined> {
    try {
      const { done, value } = await this.#chunks.next();
      return done ? undefined : value;
    } catch (cause) {
      // What could be decompressed is kept, so that the message can tell how much there is.
      if ((cause as { code?: string }).code === "Z_BUF_ERROR") {
        this.#cut = true;
        return undefined;
      }
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new UserError(`Cannot read the dataset file ${this.#path}: ${reason}`, { cause });
    }
  }
}
