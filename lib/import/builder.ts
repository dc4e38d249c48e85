import { opOf } from "../ops/mod.ts";
import { elements, formatShape } from "../ops/op.ts";
import type { Attributes, FloatTensor, Node, Shape } from "../types.ts";

/**
 * What a node is called: the layer's own name, or one that the importer made up, in parts, which
 * then keeps clear of all names the model gives.
 */
export type NodeName = string | readonly string[];

/**
 * Puts a float graph together, node by node. The shape of every tensor is known as soon as the node
 * that writes it is added, for layers whose padding or attributes depend on it.
 */
export class GraphBuilder {
  #nodes: Node[] = [];
  readonly constants = new Map<string, FloatTensor>();
  readonly notes: string[] = [];
  readonly #shapes = new Map<string, Shape>();
  readonly #given: ReadonlySet<string>;
  readonly #taken = new Set<string>();

  /** @param given names of the model's own layers */
  constructor(given: Iterable<string>) {
    this.#given = new Set(given);
  }

  get nodes(): readonly Node[] {
    return this.#nodes;
  }

  /** Makes the network's input known; returns its tensor. */
  input(name: NodeName, shape: Shape): string {
    const tensor = this.#claim(name);
    this.#shapes.set(tensor, shape);
    return tensor;
  }

  /** A tensor that never changes, as an input of nodes. */
  constant(name: NodeName, tensor: FloatTensor): string {
    const claimed = this.#claim(name);
    this.constants.set(claimed, tensor);
    this.#shapes.set(claimed, tensor.shape);
    return claimed;
  }

  shape(tensor: string): Shape {
    const shape = this.#shapes.get(tensor);
    if (shape === undefined) throw new Error(`The tensor ${tensor} was never added.`);
    return shape;
  }

  /**
   * Adds a node without activation; returns the tensor it writes.
   * @throws {UserError} if its inputs or constants do not fit the op
   */
  add(
    name: NodeName,
    op: string,
    inputs: readonly string[],
    attributes: Attributes = {},
    constants: Pick<Node, "weights" | "bias" | "parameters"> = {},
  ): string {
    const claimed = this.#claim(name);
    const common = { name: claimed, op, inputs, output: claimed, attributes };
    const node: Node = { ...common, ...constants, activation: "none" };
    this.#shapes.set(claimed, opOf(op).infer(node, inputs.map((tensor) => this.shape(tensor))));
    this.#nodes.push(node);
    return claimed;
  }

  /** Puts another node of the same output in the place of the one that writes `tensor`. */
  replace(tensor: string, change: (node: Node) => Node): void {
    this.#nodes = this.#nodes.map((node) => node.output === tensor ? change(node) : node);
  }

  /** The tensor in another shape of as many elements; itself if it has that shape. */
  reshape(name: NodeName, tensor: string, shape: Shape): string {
    if (formatShape(this.shape(tensor)) === formatShape(shape)) return tensor;
    return this.add(name, "reshape", [tensor], { shape });
  }

  /** A constant of one element. */
  scalar(name: NodeName, value: number): string {
    return this.constant(name, { shape: [1], data: Float32Array.of(value) });
  }

  /** Number of elements of a tensor. */
  size(tensor: string): number {
    return elements(this.shape(tensor));
  }

  #claim(name: NodeName): string {
    const own = typeof name === "string";
    let wanted = own ? name : name.join("/");
    const base = wanted;
    const free = (candidate: string) =>
      !this.#taken.has(candidate) && (!this.#given.has(candidate) || own && candidate === name);
    for (let i = 2; !free(wanted); i++) wanted = `${base}_${i}`;
    this.#taken.add(wanted);
    return wanted;
  }
}
