/**
 * Strict reading of a JSON object that a person wrote: each field is asked for by name and kind,
 * and what is missing, of the wrong kind or left over is told with its file and path.
 *
 * @module
 */
import { nearest, UserError } from "./errors.ts";

/**
 * The fields of one JSON object. Every method but `end` reads one field and throws a `UserError`
 * that names it if it is missing or of another kind.
 */
export class Fields {
  readonly #values: ReadonlyMap<string, unknown>;
  readonly #asked = new Set<string>();
  readonly #file: string;
  readonly #prefix: string;

  /**
   * @param file how messages name the file
   * @param path of this object inside the file, dotted; empty for the outermost
   */
  constructor(value: unknown, file: string, path: string) {
    this.#file = file;
    this.#prefix = path === "" ? "" : `${path}.`;
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      const what = path === "" ? "the file" : `"${path}"`;
      throw new UserError(`${file}: ${what} must be an object, not ${show(value)}.`);
    }
    this.#values = new Map(Object.entries(value));
  }

  /** Complains of a field, in a sentence that begins with its name. */
  fail(key: string, complaint: string): never {
    throw new UserError(`${this.#file}: "${this.#prefix}${key}" ${complaint}.`);
  }

  #get(key: string): unknown {
    this.#asked.add(key);
    if (!this.#values.has(key)) {
      const left = [...this.#values.keys()].filter((other) => !this.#asked.has(other));
      const near = nearest(key, left);
      this.fail(key, near === undefined ? "is missing" : `is missing; there is a "${near}"`);
    }
    return this.#values.get(key);
  }

  object(key: string): Fields {
    return new Fields(this.#get(key), this.#file, this.#prefix + key);
  }

  /** A list of `least` to `most` objects. */
  objects(key: string, least: number, most: number): Fields[] {
    const value = this.#get(key);
    if (!Array.isArray(value)) this.fail(key, `must be a list of objects, not ${show(value)}`);
    if (value.length < least || value.length > most) {
      this.fail(key, `must hold ${least} to ${most} objects, not ${value.length}`);
    }
    return value.map((item: unknown, n) =>
      new Fields(item, this.#file, `${this.#prefix}${key}[${n}]`)
    );
  }

  string(key: string): string {
    const value = this.#get(key);
    if (typeof value !== "string" || value.trim() === "") {
      this.fail(key, `must be a text, not ${show(value)}`);
    }
    return value;
  }

  match(key: string, pattern: RegExp, meaning: string): string {
    const value = this.string(key);
    if (!pattern.test(value)) this.fail(key, `must be ${meaning}, not ${show(value)}`);
    return value;
  }

  strings(key: string, pattern: RegExp, meaning: string): string[] {
    const value = this.#get(key);
    if (!Array.isArray(value)) this.fail(key, `must be a list of texts, not ${show(value)}`);
    return value.map((item: unknown) => {
      if (typeof item === "string" && pattern.test(item)) return item;
      return this.fail(key, `must be a list of ${meaning}, but holds ${show(item)}`);
    });
  }

  oneOf<T extends string>(key: string, choices: readonly T[]): T {
    const value = this.string(key);
    const choice = choices.find((choice) => choice === value);
    if (choice !== undefined) return choice;
    const near = nearest(value, choices);
    const hint = near === undefined ? "" : `; did you mean "${near}"?`;
    return this.fail(key, `must be one of ${choices.join(", ")}, not ${show(value)}${hint}`);
  }

  integer(key: string, least: number, most: number): number {
    const value = this.#get(key);
    if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= most) {
      return value;
    }
    return this.fail(key, `must be a whole number from ${least} to ${most}, not ${show(value)}`);
  }

  boolean(key: string): boolean {
    const value = this.#get(key);
    if (typeof value === "boolean") return value;
    return this.fail(key, `must be true or false, not ${show(value)}`);
  }

  /** What `read` makes of a field that may be left out; an empty object, to be spread, if it is. */
  optional<K extends string, T>(key: K, read: (key: K) => T): { [key in K]?: T } {
    this.#asked.add(key);
    return this.#values.has(key) ? { [key]: read(key) } as { [key in K]: T } : {};
  }

  /** Hexadecimal text such as "0x20000000". */
  address(key: string): number {
    const value = this.#get(key);
    const number = typeof value === "string" && /^0x[0-9a-f]+$/i.test(value) ? Number(value) : NaN;
    if (Number.isSafeInteger(number)) return number;
    return this.fail(key, `must be an address such as "0x20000000", not ${show(value)}`);
  }

  /** Bytes: a whole number, or text such as "256K" or "1M" (powers of two). */
  size(key: string): number {
    const value = this.#get(key);
    const [, digits, unit] = /^(\d+)([KM])$/.exec(String(value)) ?? [];
    const bytes = typeof value === "number" || digits === undefined
      ? value
      : Number(digits) * (unit === "K" ? 2 ** 10 : 2 ** 20);
    if (typeof bytes === "number" && Number.isSafeInteger(bytes) && bytes > 0) return bytes;
    return this.fail(key, `must be a size such as "256K" or 262144, not ${show(value)}`);
  }

  /**
   * To be called last: complains of the first field nobody asked for.
   *
   * @param forbidden fields that are known but out of place, `why`
   */
  end(forbidden: readonly string[] = [], why = ""): void {
    for (const key of this.#values.keys()) {
      if (this.#asked.has(key)) continue;
      if (forbidden.includes(key)) this.fail(key, `must be left out ${why}`);
      const near = nearest(key, this.#asked);
      this.fail(
        key,
        `is not a known field${near === undefined ? "" : `; did you mean "${near}"?`}`,
      );
    }
  }
}

/** A value as it stands in the file, cut short. */
function show(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "an object";
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
