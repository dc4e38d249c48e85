import { opOf } from "../../ops/mod.ts";
import { formatShape } from "../../ops/op.ts";
import type {
  Attributes as NodeAttributes,
  Encoding,
  FloatTensor,
  ModelOrder,
  Node,
  Shape,
} from "../../types.ts";
import type { Operand } from "./context.ts";
import { transposedIndices } from "./value.ts";

/** Elements that constants computed at import may have, whatever the size of the file. */
const ROOM = 2 ** 24;

/** The graph that grows during an import, and how ONNX tensors lie in it. */
export class GraphParts {
  readonly nodes: Node[] = [];
  readonly constants = new Map<string, FloatTensor>();
  readonly encodings = new Map<string, Encoding>();
  readonly notes = new Set<string>();
  /** How the model orders the input's dimensions, if not as they are here. */
  inputOrder: ModelOrder | undefined;
  /** ONNX's names of tensors that are read by a node or leave the network. */
  readonly used = new Set<string>();
  readonly shapes = new Map<string, Shape>();
  /** By ONNX's names. */
  readonly operands = new Map<string, Operand>();
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly opset: number;
  /** Elements that may still be made of nothing: what a file can ask for is limited by its size. */
  #room: number;
  readonly #producers = new Map<string, Node>();
  /** Tensors made of others by moves and reshapes, so that none is made twice. */
  readonly #made = new Map<string, string>();
  /** What a reshaped tensor was before. */
  readonly #bases = new Map<string, string>();

  constructor(files: ReadonlyMap<string, Uint8Array>, opset: number) {
    this.files = files;
    this.opset = opset;
    const bytes = [...files.values()].reduce((sum, { length }) => sum + length, 0);
    this.#room = ROOM + 8 * bytes;
  }

  /** True if the file is worth so many elements more. */
  spend(count: number): boolean {
    this.#room -= count;
    return this.#room >= 0;
  }

  free(wanted: string): string {
    let name = wanted;
    for (let i = 2; this.shapes.has(name); i++) name = `${wanted}_${i}`;
    return name;
  }

  shapeOf(tensor: string): Shape {
    return this.shapes.get(tensor)!;
  }

  add(node: Node): string {
    const inputs = node.inputs.map((name) => this.shapeOf(name));
    this.shapes.set(node.output, opOf(node.op).infer(node, inputs));
    this.nodes.push(node);
    this.#producers.set(node.output, node);
    return node.output;
  }

  /** A tensor that never changes. */
  addConstant(wanted: string, tensor: FloatTensor, encoding?: Encoding): string {
    const name = this.free(wanted);
    this.constants.set(name, tensor);
    this.shapes.set(name, tensor.shape);
    if (encoding !== undefined) this.encodings.set(name, encoding);
    return name;
  }

  /** The tensor under another shape of as many elements. */
  reshape(tensor: string, shape: Shape): string {
    const same = (name: string) => formatShape(this.shapeOf(name)) === formatShape(shape);
    if (same(tensor)) return tensor;
    const base = this.#bases.get(tensor) ?? tensor;
    if (same(base)) return base;
    return this.#once(`${base} as ${formatShape(shape)}`, () => {
      const made = this.constants.has(base)
        ? this.addConstant(
          base,
          { shape, data: this.constants.get(base)!.data },
          this.encodings.get(base),
        )
        : this.#helper(base, "reshape", { shape });
      this.#bases.set(made, base);
      return made;
    });
  }

  /** The tensor with its dimensions in another order. */
  transpose(tensor: string, permutation: readonly number[]): string {
    if (permutation.every((axis, i) => axis === i)) return tensor;
    return this.#once(`${tensor} ${formatShape(this.shapeOf(tensor))} by ${permutation}`, () => {
      const constant = this.constants.get(tensor);
      if (constant === undefined) return this.#helper(tensor, "transpose", { permutation });
      const indices = transposedIndices({ dimensions: constant.shape, permutation });
      const shape = permutation.map((axis) => constant.shape[axis]!);
      const data = Float32Array.from(indices, (i) => constant.data[i]!);
      return this.addConstant(tensor, { shape, data }, this.encodings.get(tensor));
    });
  }

  #once(key: string, make: () => string): string {
    const made = this.#made.get(key) ?? make();
    this.#made.set(key, made);
    return made;
  }

  #helper(tensor: string, op: string, attributes: NodeAttributes): string {
    const name = this.free(`${tensor}/${op}`);
    return this.add({ name, op, inputs: [tensor], output: name, attributes, activation: "none" });
  }

  /** The tensor whose scale this one has: back through ops that only move or select values. */
  #scaleSource(tensor: string): string {
    const node = this.#producers.get(tensor);
    if (node === undefined || opOf(node.op).quantization !== "same") return tensor;
    return this.#scaleSource(node.inputs[0]!);
  }

  /** The encoding that a tensor has by the model, if any. */
  encodingOf(tensor: string): Encoding | undefined {
    const source = this.#scaleSource(tensor);
    const given = this.encodings.get(source);
    const node = this.#producers.get(source);
    if (given !== undefined || node === undefined) return given;
    const { quantization } = opOf(node.op);
    if (quantization === "follow") return this.encodingOf(node.inputs[0]!);
    // The output of a probability has an encoding of its own that cannot be chosen.
    return FIXED.has(node.op) && typeof quantization === "object" ? quantization : undefined;
  }

  /**
   * Gives what is limited by an activation the activation's encoding, if nobody else reads it and
   * the model says nothing of it: then the two can become one.
   */
  encodeBeforeActivations(): void {
    const readers = new Map<string, number>();
    for (const { inputs } of this.nodes) {
      for (const name of inputs) readers.set(name, (readers.get(name) ?? 0) + 1);
    }
    const alone = (tensor: string): string | undefined => {
      const node = this.#producers.get(tensor);
      if (node === undefined || readers.get(tensor) !== 1) return undefined;
      return opOf(node.op).quantization === "same" ? alone(node.inputs[0]!) : tensor;
    };
    for (const { op, inputs, output } of this.nodes) {
      const encoding = this.encodings.get(output);
      if (encoding === undefined || opOf(op).quantization !== "follow") continue;
      const source = alone(inputs[0]!);
      if (source !== undefined && this.encodingOf(source) === undefined) {
        this.encode(source, encoding);
      }
    }
  }

  /** Says what encoding a tensor has; it must have none yet. */
  encode(tensor: string, encoding: Encoding): void {
    this.encodings.set(this.#scaleSource(tensor), encoding);
  }
}

/** Ops whose output encoding is part of their arithmetic. */
const FIXED = new Set(["softmax", "log_softmax", "argmax"]);
