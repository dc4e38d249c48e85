/**
 * Activation functions that exporters take apart. Rather than by the shape of their graphs, of which
 * there are many, they are known by their values: what leads from one tensor to another by operators
 * on single elements and constant numbers is computed at some points and compared.
 *
 * @module
 */
import { binaryFunctions, erf, unaryFunctions } from "./functions.ts";
import { Attributes, type OnnxFile, type OnnxNode } from "./schema.ts";
import { readTensor } from "./tensor.ts";

/** A function that is known by its values, and the op that it is. */
interface Recognised {
  /** The operator by which it is known after `recogniseFunctions`. */
  readonly name: string;
  readonly op: string;
  readonly attributes: object;
  f(x: number): number;
}

const limit = (x: number) => Math.min(1, Math.max(0, x));

/** The functions that are recognised. */
export const recognised: readonly Recognised[] = [
  {
    name: "intnic.gelu",
    op: "gelu",
    attributes: { approximate: false },
    f: (x) => x / 2 * (1 + erf(x / Math.SQRT2)),
  },
  {
    name: "intnic.gelu_tanh",
    op: "gelu",
    attributes: { approximate: true },
    f: (x) => x / 2 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
  },
  { name: "intnic.silu", op: "silu", attributes: {}, f: (x) => x / (1 + Math.exp(-x)) },
  {
    name: "intnic.hard_swish",
    op: "hard_swish",
    attributes: {},
    f: (x) => x * limit(x / 6 + 0.5),
  },
  {
    name: "intnic.hard_sigmoid",
    op: "hard_sigmoid",
    attributes: { alpha: 1 / 6, beta: 0.5 },
    f: (x) => limit(x / 6 + 0.5),
  },
];

const POINTS = Float64Array.from({ length: 45 }, (_, i) => -8 + i * 0.37);

/** Nodes looked at before one that may be the last of a function. */
const MAX_NODES = 16;

/** The nodes of a file, those replaced that compute a known function of one tensor. */
export function recogniseFunctions(file: OnnxFile): OnnxNode[] {
  const producers = new Map<string, OnnxNode>();
  for (const node of file.nodes) for (const name of node.outputs) producers.set(name, node);
  const search = new Search(file, producers);
  return file.nodes.map((node) => search.replacement(node) ?? node);
}

class Search {
  readonly #file: OnnxFile;
  readonly #producers: ReadonlyMap<string, OnnxNode>;
  readonly #scalars = new Map<string, number | undefined>();

  constructor(file: OnnxFile, producers: ReadonlyMap<string, OnnxNode>) {
    this.#file = file;
    this.#producers = producers;
  }

  replacement(node: OnnxNode): OnnxNode | undefined {
    // All of them end so.
    if (node.op !== "Mul" && node.op !== "Div") return undefined;
    for (const input of this.#sources(node)) {
      const values = this.#evaluate(node.outputs[0]!, input);
      const found = values &&
        recognised.find(({ f }) =>
          POINTS.every((x, i) => Math.abs(values[i]! - f(x)) <= 1e-5 * (1 + Math.abs(x)))
        );
      if (found === undefined) continue;
      const { name } = found;
      return { ...node, op: name, inputs: [input], attributes: new Map() };
    }
    return undefined;
  }

  /** Tensors that the node may be a function of, the furthest first. */
  #sources(node: OnnxNode): string[] {
    const found = new Set<string>();
    const nodes = [node];
    for (let i = 0; i < nodes.length && i < MAX_NODES; i++) {
      for (const name of nodes[i]!.inputs) {
        if (name === "" || found.has(name) || this.#scalar(name) !== undefined) continue;
        found.add(name);
        const producer = this.#producers.get(name);
        if (producer !== undefined && isElementwise(producer)) nodes.push(producer);
      }
    }
    return [...found].reverse();
  }

  /** The tensor's values where the input takes those of the points, if it is a function of it. */
  #evaluate(tensor: string, input: string): Float64Array | undefined {
    const known = new Map<string, Float64Array | undefined>([[input, POINTS]]);
    const values = (name: string, depth: number): Float64Array | undefined => {
      if (known.has(name)) return known.get(name);
      const scalar = this.#scalar(name);
      const node = this.#producers.get(name);
      let result: Float64Array | undefined;
      if (scalar !== undefined) result = new Float64Array(POINTS.length).fill(scalar);
      else if (node !== undefined && depth < MAX_NODES && isElementwise(node)) {
        const inputs = node.inputs.map((each) => each === "" ? undefined : values(each, depth + 1));
        const missing = node.inputs.some((each, i) => each !== "" && inputs[i] === undefined);
        result = missing ? undefined : apply(node, inputs);
      }
      known.set(name, result);
      return result;
    };
    return values(tensor, 0);
  }

  /** The number that a tensor always is, if it is one. */
  #scalar(name: string): number | undefined {
    if (this.#scalars.has(name)) return this.#scalars.get(name);
    const scalar = this.#readScalar(name);
    this.#scalars.set(name, scalar);
    return scalar;
  }

  #readScalar(name: string): number | undefined {
    const node = this.#producers.get(name);
    const message = node?.op === "Constant"
      ? node.attributes.get("value")?.message(5)
      : this.#file.initializers.get(name);
    if (node?.op === "Constant" && node.attributes.has("value_float")) {
      return node.attributes.get("value_float")!.float(2);
    }
    if (message === undefined || message.integer(14) === 1) return undefined;
    if (message.integers(1).some((d) => d !== 1) || ![1, 10, 11, 16].includes(message.integer(2))) {
      return undefined;
    }
    return readTensor(message, name, new Map()).data[0];
  }
}

/** True for operators that `apply` knows. */
function isElementwise({ op }: OnnxNode): boolean {
  return Object.hasOwn(binaryFunctions, op) || Object.hasOwn(unaryFunctions, op) ||
    ["Clip", "HardSigmoid", "Identity", "Cast"].includes(op);
}

function apply(
  node: OnnxNode,
  inputs: readonly (Float64Array | undefined)[],
): Float64Array | undefined {
  const [a, b, c] = inputs;
  if (a === undefined) return undefined;
  const attributes = new Attributes(node, new Map());
  const unary = unaryFunctions[node.op];
  if (unary !== undefined) return a.map(unary);
  const binary = binaryFunctions[node.op];
  if (binary !== undefined) {
    return b && inputs.length === 2 ? a.map((x, i) => binary(x, b[i]!)) : undefined;
  }
  if (node.op === "Clip") {
    const low = b?.[0] ?? attributes.float("min", -Infinity);
    const high = c?.[0] ?? attributes.float("max", Infinity);
    return a.map((x) => Math.min(high, Math.max(low, x)));
  }
  if (node.op === "HardSigmoid") {
    const [alpha, beta] = [attributes.float("alpha", 0.2), attributes.float("beta", 0.5)];
    return a.map((x) => limit(alpha * x + beta));
  }
  return a;
}
