/**
 * Reads the values of `run`'s options `--write` and `--read`.
 *
 * @module
 */
import { UserError } from "../errors.ts";

/** A symbol or an address. */
export type Place = string | number;

/** Bytes to put somewhere. */
export interface WriteRequest {
  readonly place: Place;
  readonly bytes: Uint8Array;
}

/** Bytes to save to a file. */
export interface ReadRequest {
  readonly place: Place;
  readonly length: number;
  readonly file: string;
}

/** Reads `SYMBOL=FILE` or `ADDRESS=FILE`, and the file. */
export async function parseWrite(text: string): Promise<WriteRequest> {
  const [, place, file] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (place === undefined || file === undefined) {
    throw new UserError(`Cannot use --write ${text}: it must be SYMBOL=FILE or ADDRESS=FILE.`);
  }
  try {
    return { place: parsePlace(place), bytes: await Deno.readFile(file) };
  } catch (cause) {
    const reason = cause instanceof Deno.errors.NotFound
      ? "there is no such file"
      : (cause as Error).message;
    throw new UserError(`Cannot read ${file} for --write: ${reason}.`, { cause });
  }
}

/** Reads `SYMBOL:LENGTH=FILE` or `ADDRESS:LENGTH=FILE`. */
export function parseRead(text: string): ReadRequest {
  const [, place, length, file] = /^([^=]+):(\d+|0x[0-9a-f]+)=(.+)$/i.exec(text) ?? [];
  if (place === undefined || file === undefined || !Number.isSafeInteger(Number(length))) {
    throw new UserError(
      `Cannot use --read ${text}: it must be SYMBOL:LENGTH=FILE or ADDRESS:LENGTH=FILE, with the ` +
        "length in bytes.",
    );
  }
  return { place: parsePlace(place), length: Number(length), file };
}

/** What begins with a digit is an address; no symbol of C does. */
function parsePlace(text: string): Place {
  if (!/^\d/.test(text)) return text;
  const address = Number(text);
  if (Number.isSafeInteger(address)) return address;
  throw new UserError(`${text} is neither a symbol nor an address such as 0x20000000.`);
}
