/**
 * The parts of an ONNX file that intnic reads. The field numbers are those of the public
 * specification of the format, `onnx.proto`.
 *
 * @module
 */
import { UserError } from "../../errors.ts";
import type { Shape } from "../../types.ts";
import { type Constant, externalPlace, readTensor } from "./tensor.ts";
import { Message } from "./wire.ts";

/** One operation as the file has it. */
export interface OnnxNode {
  /** Its own name, or that of its first output. */
  readonly name: string;
  /** Operator, with its domain before it unless that is ONNX's own: `com.microsoft.QGemm`. */
  readonly op: string;
  /** Names of tensors; empty where an optional input is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, Message>;
}

/** A tensor that enters or leaves the graph. */
export interface OnnxPort {
  readonly name: string;
  /** One of the numbers of `TensorProto.DataType`; 0 if the file does not say. */
  readonly type: number;
  /** Sizes of its dimensions; the name, or undefined, where a size is not fixed. */
  readonly shape: readonly (number | string | undefined)[] | undefined;
}

/** A file, read and not yet understood. */
export interface OnnxFile {
  /** Version of the standard operators. */
  readonly opset: number;
  readonly nodes: readonly OnnxNode[];
  readonly inputs: readonly OnnxPort[];
  readonly outputs: readonly OnnxPort[];
  /** Messages of the constants by name, decoded when they are used. */
  readonly initializers: ReadonlyMap<string, Message>;
}

/** Versions of the standard operators that are known; others are tried, with a note. */
export const OPSETS = { oldest: 7, newest: 20 } as const;

/** Standard domains: operators of these are known by their plain names. */
const STANDARD = new Set(["", "ai.onnx"]);

/**
 * Reads the structure of an ONNX file; the constants stay where they are.
 *
 * @param path for complaints
 * @throws {UserError} if it is damaged or not an ONNX file
 */
export function readOnnx(bytes: Uint8Array, path: string): OnnxFile {
  const model = new Message(bytes, path);
  const graph = model.message(7, `the graph of ${path}`);
  if (graph === undefined) {
    throw new UserError(`${path} is not an ONNX file: it has no graph.`);
  }
  const opset = model.messages(8).find((set) => STANDARD.has(set.string(1)))?.integer(2);
  if (opset === undefined) {
    throw new UserError(`${path} does not say which version of the ONNX operators it uses.`);
  }
  if (graph.has(15)) {
    throw new UserError(`${path} has sparse constants, which intnic does not read.`);
  }
  const nodes = graph.messages(1).map(readNode);
  if (nodes.length === 0) throw new UserError(`${path} has no operations.`);
  return {
    opset,
    nodes,
    inputs: graph.messages(11).map(readPort),
    outputs: graph.messages(12).map(readPort),
    initializers: new Map(graph.messages(5).map((tensor) => [tensor.string(8), tensor])),
  };
}

/**
 * Names of the files beside a model that hold values of its constants, as the model has them.
 *
 * @throws {UserError} if it is damaged or not an ONNX file
 */
export function externalFiles(bytes: Uint8Array, path: string): string[] {
  const places = [...readOnnx(bytes, path).initializers.values()].filter((tensor) =>
    tensor.integer(14) === 1
  ).map((tensor) => externalPlace(tensor).location);
  return [...new Set(places.filter((place) => place !== undefined))];
}

function readNode(message: Message): OnnxNode {
  const outputs = message.strings(2);
  const domain = message.string(7);
  const attributes = new Map(message.messages(5).map((a) => [a.string(1), a]));
  const op = message.string(4);
  // Some exporters take these two from another domain, where they mean the same.
  const standard = STANDARD.has(domain) || /^(Deq|Q)uantizeLinear$/.test(op);
  return {
    name: message.string(3) || (outputs[0] ?? "without a name"),
    op: standard ? op : `${domain}.${op}`,
    inputs: message.strings(1),
    outputs,
    attributes,
  };
}

function readPort(message: Message): OnnxPort {
  const type = message.message(2)?.message(1);
  const shape = type?.message(2)?.messages(1).map((dimension) => {
    if (dimension.has(1)) return dimension.integer(1);
    return dimension.has(2) ? dimension.string(2) : undefined;
  });
  return { name: message.string(1), type: type?.integer(1) ?? 0, shape };
}

/** The attributes of a node, by name and kind. */
export class Attributes {
  readonly #node: OnnxNode;
  readonly #files: ReadonlyMap<string, Uint8Array>;

  constructor(node: OnnxNode, files: ReadonlyMap<string, Uint8Array>) {
    this.#node = node;
    this.#files = files;
  }

  has(name: string): boolean {
    return this.#node.attributes.has(name);
  }

  integer(name: string, otherwise: number): number {
    return this.#node.attributes.get(name)?.integer(3) ?? otherwise;
  }

  flag(name: string): boolean {
    return this.integer(name, 0) !== 0;
  }

  float(name: string, otherwise: number): number {
    return this.#node.attributes.get(name)?.float(2) ?? otherwise;
  }

  string(name: string, otherwise: string): string {
    return this.#node.attributes.get(name)?.string(4) ?? otherwise;
  }

  strings(name: string): string[] {
    return this.#node.attributes.get(name)?.strings(9) ?? [];
  }

  integers(name: string): number[] | undefined {
    return this.#node.attributes.get(name)?.integers(8);
  }

  floats(name: string): Float32Array | undefined {
    return this.#node.attributes.get(name)?.floats(7);
  }

  tensor(name: string): Constant | undefined {
    const message = this.#node.attributes.get(name)?.message(5);
    return message && readTensor(message, `${name} of node ${this.#node.name}`, this.#files);
  }

  /** Numbers along each of `count` dimensions; all `otherwise` if absent. */
  each(name: string, count: number, otherwise: number): Shape {
    const list = this.integers(name);
    if (list === undefined) return Array.from({ length: count }, () => otherwise);
    if (list.length !== count) {
      throw new UserError(
        `Node ${this.#node.name} (${this.#node.op}) has ${name} [${list}]; its input asks for ` +
          `${count} numbers.`,
      );
    }
    return list;
  }
}
