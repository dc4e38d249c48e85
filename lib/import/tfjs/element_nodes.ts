/**
 * Operations of TensorFlow graphs on single elements: activation functions and arithmetic.
 *
 * @module
 */
import { UserError } from "../../errors.ts";
import {
  type Activation,
  activationOf,
  broadcast,
  constantOf,
  graphShape,
  type NodeContext,
  type NodeConverter,
  operand,
  settle,
  type Value,
  valueOf,
} from "./values.ts";
import { addBias } from "./bias.ts";

/** Our operation and its attributes, by TensorFlow's name. */
const functions: Readonly<Record<string, (context: NodeContext) => readonly [string, object]>> = {
  Abs: () => ["abs", {}],
  Elu: () => ["elu", { alpha: 1 }],
  Exp: () => ["exp", {}],
  LeakyRelu: ({ node: { attributes } }) => [
    "leaky_relu",
    { alpha: attributes.number("alpha", attributes.number("leakyrelu_alpha", 0.2)) },
  ],
  Log: () => ["log", {}],
  Neg: () => ["neg", {}],
  Relu: () => ["relu", {}],
  Relu6: () => ["clip", { low: 0, high: 6 }],
  Rsqrt: () => ["rsqrt", {}],
  Sigmoid: () => ["sigmoid", {}],
  Sqrt: () => ["sqrt", {}],
  Square: () => ["square", {}],
  Tanh: () => ["tanh", {}],
};

/** Adds the function that TensorFlow calls `name` behind `value`, under the node's name. */
export function addActivation(context: NodeContext, name: string, value: Activation): Activation {
  const { node, builder } = context;
  const convert = Object.hasOwn(functions, name) ? functions[name] : undefined;
  if (convert === undefined) {
    throw new UserError(
      `Node ${node.name} (${node.op}) fuses ${name}, which intnic cannot deploy there.`,
    );
  }
  const [op, attributes] = convert(context);
  const own = node.op === name;
  const y = builder.add(own ? node.name : [node.name, name], op, [value.tensor], attributes);
  return { ...value, tensor: y };
}

/** A Prelu with its slopes in the input of that number. */
export function preluOf(context: NodeContext, value: Activation, slopes: number): Activation {
  const { node: { name, op }, builder } = context;
  const slope = operand(context, slopes, graphShape(value.shape).length);
  const own = op === "Prelu" ? name : [name, "Prelu"];
  return { ...value, tensor: builder.add(own, "prelu", [value.tensor, slope]) };
}

const binary = (op: string): NodeConverter => (context) => {
  const [a, b] = [valueOf(context, 0), valueOf(context, 1)];
  if (op === "add" || op === "sub") {
    const merged = addBias(context, op === "add" ? 1 : -1);
    if (merged !== undefined) return merged;
  }
  const { builder, node: { name } } = context;
  const shape = broadcast(context, a.shape, b.shape);
  if (op === "max" && a.kind === "activation" && isZero(b)) {
    return [settle(context, builder.add(name, "relu", [a.tensor]), shape)];
  }
  const rank = graphShape(shape).length;
  const operands = [operand(context, 0, rank), operand(context, 1, rank)];
  return [settle(context, builder.add(name, op, operands), shape)];
};

function isZero(value: Value): boolean {
  return value.kind === "constant" && value.data.length === 1 && value.data[0] === 0;
}

const convertDivision: NodeConverter = (context) => {
  const divisor = constantOf(context, 1);
  const data = Float32Array.from(divisor.data, (value) => 1 / value);
  const inputs = [activationOf(context, 0), { ...divisor, data }];
  return binary("mul")({ ...context, inputs });
};

const convertSelu: NodeConverter = (context) => {
  const { node: { name }, builder } = context;
  const value = activationOf(context, 0);
  const scale = builder.scalar([name, "selu_scale"], 1.0507009873554805);
  const y = builder.add(name, "elu", [value.tensor], { alpha: 1.6732632423543772 });
  return [{ ...value, tensor: builder.add([name, "scale"], "mul", [y, scale]) }];
};

const convertClip: NodeConverter = (context) => {
  const { node: { name }, builder } = context;
  const value = activationOf(context, 0);
  const [low, high] = [1, 2].map((i) => Number(constantOf(context, i).data[0]));
  return [{ ...value, tensor: builder.add(name, "clip", [value.tensor], { low, high }) }];
};

const unary: NodeConverter = (context) => [
  addActivation(context, context.node.op, activationOf(context, 0)),
];

/** Converters by TensorFlow's name. */
export const elementNodes: Readonly<Record<string, NodeConverter>> = {
  ...Object.fromEntries(Object.keys(functions).map((name) => [name, unary])),
  Add: binary("add"),
  AddV2: binary("add"),
  BiasAdd: binary("add"),
  ClipByValue: convertClip,
  Maximum: binary("max"),
  Minimum: binary("min"),
  Mul: binary("mul"),
  Prelu: (context) => [preluOf(context, activationOf(context, 0), 1)],
  RealDiv: convertDivision,
  Selu: convertSelu,
  Sub: binary("sub"),
};
