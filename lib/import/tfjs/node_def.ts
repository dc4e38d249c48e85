import { UserError } from "../../errors.ts";
import { isRecord, show } from "./files.ts";

/** One operation of a TensorFlow graph. */
export interface NodeDef {
  readonly name: string;
  readonly op: string;
  /** What it reads; control inputs are left out. */
  readonly inputs: readonly OutputName[];
  readonly attributes: NodeAttributes;
}

/** One of the outputs of a node. */
export interface OutputName {
  readonly node: string;
  readonly index: number;
}

/**
 * Reads the `node` list of a GraphModel's topology.
 * @throws {UserError} if a node is damaged or two have one name
 */
export function readNodeDefs(list: unknown, path: string): Map<string, NodeDef> {
  if (!Array.isArray(list) || list.length === 0) {
    throw new UserError(`The modelTopology of ${path} has no list of nodes.`);
  }
  const nodes = new Map<string, NodeDef>();
  for (const item of list as unknown[]) {
    const { name, op, input = [], attr = {} } = isRecord(item) ? item : {};
    if (
      typeof name !== "string" || name === "" || typeof op !== "string" || !Array.isArray(input) ||
      !input.every((text) => typeof text === "string") || !isRecord(attr)
    ) {
      throw new UserError(
        `A node in the modelTopology of ${path} lacks its name, op, input or attr: ${show(item)}.`,
      );
    }
    if (nodes.has(name)) throw new UserError(`Two nodes of ${path} are named ${name}.`);
    const inputs = (input as string[]).filter((text) => !text.startsWith("^")).map(outputName);
    nodes.set(name, {
      name,
      op,
      inputs,
      attributes: new NodeAttributes(attr, `Node ${name} (${op})`),
    });
  }
  return nodes;
}

/** `name` or `name:index`. */
export function outputName(text: string): OutputName {
  const [, node = text, index = "0"] = /^(.*):(\d{1,6})$/s.exec(text) ?? [];
  return { node, index: Number(index) };
}

/** The attributes of one node; each method reads one, and names the node where it is wrong. */
export class NodeAttributes {
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #title: string;

  constructor(values: Readonly<Record<string, unknown>>, title: string) {
    this.#values = values;
    this.#title = title;
  }

  #fail(key: string, wanted: string): never {
    throw new UserError(
      `${this.#title} has the attribute ${key} ${show(this.#values[key])}; it must be ${wanted}.`,
    );
  }

  /** The value below the field that says its type. */
  #get(key: string, type: string): unknown {
    const value = Object.hasOwn(this.#values, key) ? this.#values[key] : undefined;
    if (value === undefined) return undefined;
    if (!isRecord(value)) this.#fail(key, `an object with the field ${type}`);
    return value[type];
  }

  boolean(key: string, whenAbsent: boolean): boolean {
    const value = this.#get(key, "b") ?? whenAbsent;
    return typeof value === "boolean" ? value : this.#fail(key, "true or false");
  }

  number(key: string, whenAbsent: number): number {
    const value = this.#get(key, "f") ?? whenAbsent;
    return typeof value === "number" && Number.isFinite(value)
      ? value
      : this.#fail(key, "a number");
  }

  whole(key: string, whenAbsent: number): number {
    const value = Number(this.#get(key, "i") ?? whenAbsent);
    return Number.isSafeInteger(value) ? value : this.#fail(key, "a whole number");
  }

  text(key: string, whenAbsent: string): string {
    const value = this.#get(key, "s");
    return value === undefined ? whenAbsent : decodeText(value) ?? this.#fail(key, "a text");
  }

  /** Name of a type, such as `DT_FLOAT`. */
  type(key: string): string {
    return String(this.#get(key, "type"));
  }

  wholes(key: string, whenAbsent: readonly number[]): readonly number[] {
    const list = this.#list(key);
    if (list === undefined) return whenAbsent;
    const numbers = (list["i"] ?? []) as unknown;
    if (!Array.isArray(numbers)) this.#fail(key, "a list of whole numbers");
    const values = numbers.map(Number);
    return values.every(Number.isSafeInteger) ? values : this.#fail(key, "a list of whole numbers");
  }

  texts(key: string): readonly string[] {
    const texts = this.#list(key)?.["s"] ?? [];
    if (!Array.isArray(texts)) this.#fail(key, "a list of texts");
    return texts.map((value) => decodeText(value) ?? this.#fail(key, "a list of texts"));
  }

  #list(key: string): Record<string, unknown> | undefined {
    const list = this.#get(key, "list");
    if (list === undefined || isRecord(list)) return list;
    this.#fail(key, "a list");
  }

  /** Dimensions, −1 where one is open; undefined if there is no shape. */
  shape(key: string): readonly number[] | undefined {
    return dimensionsOf(this.#get(key, "shape"));
  }
}

/** The dimensions of a TensorShape, −1 where one is open; undefined if even their number is. */
export function dimensionsOf(shape: unknown): readonly number[] | undefined {
  if (!isRecord(shape) || shape.unknownRank === true) return undefined;
  const list = shape.dim ?? [];
  if (!Array.isArray(list)) return undefined;
  return list.map((d: unknown) => {
    const size = Number(isRecord(d) ? d.size ?? -1 : -1);
    return Number.isSafeInteger(size) && size > 0 ? size : -1;
  });
}

/** Bytes as JSON has them, in base 64 or one number each. */
function decodeText(value: unknown): string | undefined {
  if (Array.isArray(value)) return String.fromCharCode(...value.slice(0, 4096).map(Number));
  if (typeof value !== "string") return undefined;
  try {
    return atob(value);
  } catch {
    return undefined;
  }
}
