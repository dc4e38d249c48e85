import { UserError } from "../../errors.ts";
import { opOf } from "../../ops/mod.ts";
import { elements, formatShape } from "../../ops/op.ts";
import type { Activation, Attributes, Encoding, FloatTensor, Node, Shape } from "../../types.ts";
import type { Constants } from "./constants.ts";
import type { TfliteOperator, TfliteTensor } from "./file.ts";

/** A tensor of the graph under construction. */
export interface Value {
  readonly name: string;
  readonly shape: Shape;
}

/** What a node has besides its name, inputs and output. */
export interface NodeParts {
  readonly attributes?: Attributes;
  readonly activation?: Activation;
  readonly constants?: Pick<Node, "weights" | "bias" | "codes" | "parameters">;
}

/** A shape without its batch dimension, as intnic's graphs have it; see `Builder`. */
export function withoutBatch(shape: Shape): Shape {
  if (shape.length === 0) return [1];
  return shape.length > 1 && shape[0] === 1 ? shape.slice(1) : shape;
}

/**
 * Gathers the nodes of a graph. TensorFlow Lite's shapes have a batch dimension, which is 1; the
 * graph's leave it out. Where an operator needs it (a transposition that moves it, say), its inputs
 * are reshaped to have it and its result back, which costs nothing.
 */
export class Builder {
  readonly nodes: Node[] = [];
  readonly constantTensors = new Map<string, FloatTensor>();
  readonly encodings = new Map<string, Encoding>();
  readonly constants: Constants;
  readonly #values = new Map<TfliteTensor, Value>();
  readonly #names = new Set<string>();

  constructor(constants: Constants) {
    this.constants = constants;
  }

  /** Declares the network's input, with an encoding if it is quantized. */
  input(tensor: TfliteTensor, encoding: Encoding | undefined): Value {
    const value = { name: this.#unique(tensor.name), shape: withoutBatch(tensor.shape) };
    this.#values.set(tensor, value);
    if (encoding !== undefined) this.encodings.set(value.name, encoding);
    return value;
  }

  /** Whether a tensor can be read. */
  has(tensor: TfliteTensor): boolean {
    return this.#values.has(tensor) || this.constants.has(tensor);
  }

  /** The graph's tensor for one of the file, its batch dimension left out. */
  read(tensor: TfliteTensor): Value {
    const known = this.#values.get(tensor);
    if (known !== undefined) return known;
    if (tensor.variable) {
      throw new UserError(
        `Tensor ${tensor.name} is a variable that lives on between inferences; intnic deploys ` +
          `models whose recurrent layers run over a fixed number of steps.`,
      );
    }
    if (!this.constants.has(tensor)) {
      throw new UserError(
        `Tensor ${tensor.name} is read before any layer writes it; the operators must be in an ` +
          `order in which they can be run.`,
      );
    }
    const value = this.constant(tensor.name, this.constants.floats(tensor));
    if (tensor.type === "int8") this.encodings.set(value.name, tensor.encoding());
    this.#values.set(tensor, value);
    return value;
  }

  /** Adds a tensor that never changes. */
  constant(name: string, { shape, data }: FloatTensor): Value {
    const value = { name: this.#unique(name), shape: withoutBatch(shape) };
    this.constantTensors.set(value.name, { shape: value.shape, data });
    return value;
  }

  /** The same in the file's own shape. */
  readWhole(tensor: TfliteTensor): Value {
    return this.reshape(this.read(tensor), tensor.shape, `${tensor.name} with batch`);
  }

  /**
   * Adds a node.
   *
   * @param result the file's tensor that it computes, perhaps in another shape; an int8 one gives the
   * output its encoding
   */
  node(
    operator: TfliteOperator,
    op: string,
    inputs: readonly Value[],
    result: TfliteTensor,
    { attributes = {}, activation = "none", constants = {} }: NodeParts = {},
  ): Value {
    const node: Node = {
      name: this.#unique(operator.name),
      op,
      inputs: inputs.map(({ name }) => name),
      output: this.#unique(result.name),
      attributes,
      activation,
      ...constants,
    };
    if (result.type === "int8" || result.type === "uint8") {
      this.encodings.set(node.output, result.encoding());
    }
    return this.#add(node, inputs);
  }

  /** The same elements in another shape. */
  reshape(value: Value, shape: Shape, name: string): Value {
    if (formatShape(shape) === formatShape(value.shape)) return value;
    const unique = this.#unique(name);
    const node: Node = {
      name: unique,
      op: "reshape",
      inputs: [value.name],
      output: unique,
      attributes: { shape },
      activation: "none",
    };
    const encoding = this.encodings.get(value.name);
    if (encoding !== undefined) this.encodings.set(unique, encoding);
    return this.#add(node, [value]);
  }

  /** Says which value of the graph stands for a tensor of the file, reshaped if need be. */
  bind(operator: TfliteOperator, tensor: TfliteTensor, value: Value): void {
    if (elements(value.shape) !== elements(tensor.shape)) {
      throw new UserError(
        `Layer ${operator.name} gives ${formatShape(value.shape)}, but the file says that ` +
          `its output ${tensor.name} is ${formatShape(tensor.shape)}.`,
      );
    }
    if (tensor.variable) {
      throw new UserError(
        `Layer ${operator.name} writes ${tensor.name}, a variable that lives on between ` +
          `inferences; intnic deploys networks that depend on their input alone.`,
      );
    }
    if (this.has(tensor)) {
      throw new UserError(
        `Layer ${operator.name} writes tensor ${tensor.name}, which already has a value.`,
      );
    }
    const shape = withoutBatch(tensor.shape);
    this.#values.set(tensor, this.reshape(value, shape, `${operator.name} reshaped`));
  }

  #add(node: Node, inputs: readonly Value[]): Value {
    this.nodes.push(node);
    return {
      name: node.output,
      shape: opOf(node.op).infer(node, inputs.map(({ shape }) => shape)),
    };
  }

  #unique(name: string): string {
    let free = name;
    for (let i = 2; this.#names.has(free); i++) free = `${name} ${i}`;
    this.#names.add(free);
    return free;
  }
}
