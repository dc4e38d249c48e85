import { elements } from "../../ops/op.ts";
import type { Shape } from "../../types.ts";
import { type Context, type Converter, isValue, type Operand } from "./context.ts";
import { combine, scalarOf } from "./broadcast.ts";
import { recognised } from "./patterns.ts";
import type { Constant } from "./tensor.ts";

/** An op of ours on single elements, with the same meaning and no attributes. */
function unary(op: string): Converter {
  return (context) => [context.map(context.value(0), op)];
}

/** An op on single elements whose one number ONNX calls `alpha`. */
function withAlpha(op: string, otherwise: number): Converter {
  return (context) => {
    const alpha = context.attributes.float("alpha", otherwise);
    return [context.map(context.value(0), op, { alpha })];
  };
}

const clip: Converter = (context) => {
  const low = context.scalar("min", 1, -Infinity);
  const high = context.scalar("max", 2, Infinity);
  if (!(low <= high)) throw context.error(`limits its output to ${low}…${high}`);
  const x = context.value(0);
  // Exporters write "no limit" as the largest float.
  const open = (limit: number) => Math.abs(limit) >= 3.4e38;
  if (open(low) && open(high)) return [x];
  if (low === 0 && open(high)) return [context.map(x, "relu")];
  const limits = { low: open(low) ? -Infinity : low, high: open(high) ? Infinity : high };
  return [context.map(x, "clip", limits)];
};

const hardSigmoid: Converter = (context) => {
  const alpha = context.attributes.float("alpha", 0.2);
  const beta = context.attributes.float("beta", 0.5);
  return [context.map(context.value(0), "hard_sigmoid", { alpha, beta })];
};

const gelu: Converter = (context) => {
  const approximate = context.attributes.string("approximate", "none") === "tanh";
  return [context.map(context.value(0), "gelu", { approximate })];
};

const prelu: Converter = (context) => {
  const slope = context.constant(1);
  const x = context.value(0);
  // Before opset 7 and in old exports, slopes stand for channels without being aligned to them.
  const shape = slope.shape.length === 1 && x.shape.length > 2 && slope.shape[0] === x.shape[1]
    ? [...slope.shape, ...x.shape.slice(2).map(() => 1)]
    : slope.shape;
  return [combine(context, "prelu", x, { ...slope, shape })];
};

/** Two operands and an op of ours of the same meaning. */
function binary(op: string): Converter {
  return (context) => [combine(context, op, context.operand(0), context.operand(1))];
}

/** Any number of operands, one after the other. */
function variadic(op: string): Converter {
  return (context) => {
    const operands = context.node.inputs.map((_, i) => context.operand(i));
    return [operands.reduce((a, b) => combine(context, op, a, b))];
  };
}

const mean: Converter = (context) => {
  const [sum] = variadic("add")(context) as [Operand];
  const count = context.node.inputs.length;
  if (count === 1) return [sum];
  return [combine(context, "mul", sum, scalarOf(1 / count))];
};

const div: Converter = (context) => {
  const [a, b] = [context.operand(0), context.operand(1)];
  if (isValue(b)) {
    const root = context.parts.nodes.find(({ output }) => output === b.tensor);
    if (root?.op !== "sqrt" || context.parts.encodings.size > 0) throw context.notConstant(1);
    const tensor = context.add("rsqrt", root.inputs);
    return [combine(context, "mul", a, { ...b, tensor })];
  }
  if (b.data.includes(0)) throw context.error("divides by zero");
  const data = Float32Array.from(b.data, (value) => 1 / value);
  return [combine(context, "mul", a, { shape: b.shape, type: "float", data })];
};

const pow: Converter = (context) => {
  const exponent = context.constant(1);
  const power = exponent.data[0];
  const op = power === 2 ? "square" : power === 0.5 ? "sqrt" : power === -0.5 ? "rsqrt" : undefined;
  const x = context.value(0);
  if (elements(exponent.shape) !== 1 || (op === undefined && power !== 1 && power !== 3)) {
    throw context.error(
      `raises to ${[...exponent.data.slice(0, 4)]}; intnic raises to 2, 3 and 1/2`,
    );
  }
  const result = power === 3
    ? combine(context, "mul", context.map(x, "square"), x)
    : op === undefined
    ? x
    : context.map(x, op);
  return [widened(context, result as typeof x, exponent.shape)];
};

/** The value with as many dimensions as a constant of one element that was combined with it. */
function widened(context: Context, x: Parameters<Context["map"]>[0], other: Shape) {
  const missing = Math.max(0, other.length - x.shape.length);
  return context.reshaped(x, [...Array<number>(missing).fill(1), ...x.shape]);
}

const passThrough: Converter = (context) => {
  const training = context.node.op === "Dropout" ? context.optionalConstant(2) : undefined;
  if (training?.data[0]) throw context.error("drops values, as in training; export for inference");
  return [context.operand(0)];
};

/** A conversion of types; between floats it changes nothing. */
const cast: Converter = (context) => {
  const to = context.attributes.integer("to", 1);
  if (![1, 10, 11, 16].includes(to)) {
    throw context.error(
      `turns values into ONNX data type ${to} at run time; intnic computes with reals until it ` +
        `quantizes`,
    );
  }
  return [context.operand(0)];
};

/** Copies along dimensions: only where nothing is copied. */
const expand: Converter = (context) => {
  const x = context.value(0);
  const wanted = [...context.constant(1).data];
  const zeros: Constant = {
    shape: wanted,
    type: "float",
    data: new Float32Array(),
  };
  const rank = Math.max(wanted.length, x.shape.length);
  const pad = (shape: Shape) => [...Array<number>(rank - shape.length).fill(1), ...shape];
  const [from, to] = [pad(x.shape), pad(wanted)];
  if (from.some((d, i) => d < to[i]!)) {
    context.spend(elements(to));
    const data = new Float32Array(elements(wanted));
    return [combine(context, "add", x, { ...zeros, data })];
  }
  return [context.reshaped(x, from)];
};

/** Converters of operators on single elements. */
export const elementwise: Readonly<Record<string, Converter>> = {
  Abs: unary("abs"),
  Add: binary("add"),
  Cast: cast,
  Clip: clip,
  Div: div,
  Dropout: passThrough,
  Elu: withAlpha("elu", 1),
  Exp: unary("exp"),
  Expand: expand,
  Gelu: gelu,
  "com.microsoft.Gelu": gelu,
  HardSigmoid: hardSigmoid,
  HardSwish: unary("hard_swish"),
  Identity: passThrough,
  LeakyRelu: withAlpha("leaky_relu", 0.01),
  Log: unary("log"),
  Max: variadic("max"),
  Mean: mean,
  Min: variadic("min"),
  Mul: binary("mul"),
  Neg: unary("neg"),
  Pow: pow,
  PRelu: prelu,
  Relu: unary("relu"),
  Sigmoid: unary("sigmoid"),
  Silu: unary("silu"),
  Sqrt: unary("sqrt"),
  Sub: binary("sub"),
  Sum: variadic("add"),
  Tanh: unary("tanh"),
  ...Object.fromEntries(
    recognised.map(({ name, op, attributes }): [string, Converter] => [
      name,
      (context) => [context.map(context.value(0), op, attributes)],
    ]),
  ),
};
