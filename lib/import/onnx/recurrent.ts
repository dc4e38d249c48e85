import { elements, formatShape } from "../../ops/op.ts";
import type { FloatTensor } from "../../types.ts";
import { gather } from "./broadcast.ts";
import { type Context, type Converter, floatTensor, isValue, type Operand } from "./context.ts";
import type { Constant } from "./tensor.ts";
import type { Value } from "./value.ts";

/** A kind of recurrent layer. */
interface Kind {
  readonly op: "gru" | "lstm" | "rnn";
  /** For each gate of ours its place among ONNX's: LSTM has i, o, f, c there and i, f, c, o here. */
  readonly gates: readonly number[];
}

const kinds = {
  GRU: { op: "gru", gates: [0, 1, 2] },
  LSTM: { op: "lstm", gates: [0, 2, 3, 1] },
  RNN: { op: "rnn", gates: [0] },
} as const satisfies Readonly<Record<string, Kind>>;

/** Functions of states and gates by ONNX's names. */
const functions: Readonly<Record<string, string>> = {
  HardSigmoid: "hard_sigmoid",
  Sigmoid: "sigmoid",
  Tanh: "tanh",
};

function convert({ op, gates }: Kind): Converter {
  return (context) => {
    const { attributes } = context;
    refuseExtras(context);
    const x = context.value(0);
    const batchFirst = attributes.flag("layout");
    const [stepAxis, batchAxis] = batchFirst ? [1, 0] : [0, 1];
    if (x.shape.length !== 3 || x.shape[batchAxis] !== 1) {
      throw context.error(
        `runs over a tensor of ${formatShape(x.shape)}; intnic takes a sequence of steps with a ` +
          `batch of 1`,
      );
    }
    const { tensor, places } = context.arrange(x, [[stepAxis], [2]], 1);
    const steps = x.shape[stepAxis]!;
    const recurrent = context.constant(2);
    const hidden = recurrent.shape[2] ?? 0;
    const direction = attributes.string("direction", "forward");
    if (!["forward", "reverse", "bidirectional"].includes(direction)) {
      throw context.error(`has the direction ${direction}`);
    }
    const directions = direction === "bidirectional" ? 2 : 1;
    checkShapes(context, { gates: gates.length, directions, features: x.shape[2]!, hidden });
    const used = context.node.outputs.map((name) => context.parts.used.has(name));
    if (used[2]) throw context.error("gives its cell state; intnic gives outputs only");
    const run = (which: number, returnSequences: boolean) => {
      const parameters = parametersOf(context, { gates, which, hidden, places });
      return context.add(op, [tensor], {
        hidden,
        returnSequences,
        reverse: direction === "reverse" || which === 1,
        stateful: false,
        ...functionsOf(context, op, which),
        ...(op === "gru" ? { resetAfter: attributes.flag("linear_before_reset") } : {}),
      }, { parameters });
    };
    const join = (tensors: readonly string[], axis: number) =>
      tensors.length === 1 ? tensors[0]! : context.add("concat", tensors, { axis });
    const each = Array.from({ length: directions }, (_, which) => which);
    const size = directions * hidden;
    const lastShape = batchFirst ? [1, directions, hidden] : [directions, 1, hidden];
    const last = (tensors: readonly string[]) => {
      const y = join(tensors.map((name) => context.parts.reshape(name, [hidden])), 0);
      return context.ordered(y, lastShape, batchFirst ? [1, 2] : [0, 2]);
    };
    if (!used[0]) {
      const y = used[1] ? last(each.map((which) => run(which, false))) : undefined;
      return [y, y].filter((value) => value !== undefined);
    }
    const sequences = each.map((which) => run(which, true));
    const shape = batchFirst ? [1, steps, directions, hidden] : [steps, directions, 1, hidden];
    const y = context.ordered(
      context.parts.reshape(join(sequences, 1), [steps, size]),
      shape,
      batchFirst ? [1, 2, 3] : [0, 1, 3],
    );
    if (!used[1]) return [y];
    // The step that ran last, which is the first if it ran backwards.
    const ends = sequences.map((name, which) => {
      const begin = direction === "reverse" || which === 1 ? 0 : steps - 1;
      if (steps === 1) return name;
      return context.add("slice", [name], { begin: [begin, 0], size: [1, hidden], stride: [1, 1] });
    });
    return [y, last(ends)] satisfies Value[];
  };
}

/** @throws {UserError} for what ONNX allows and intnic does not have */
function refuseExtras(context: Context): void {
  const { attributes } = context;
  if (attributes.has("clip") && attributes.float("clip", 0) > 0) {
    throw context.error("limits its sums (clip), which intnic does not");
  }
  if (attributes.flag("input_forget")) throw context.error("couples input and forget gates");
  const lengths = context.optional(4);
  if (isValue(lengths)) throw context.notConstant(4);
  const steps = context.value(0).shape[attributes.flag("layout") ? 1 : 0];
  if (lengths !== undefined && [...lengths.data].some((length) => length !== steps)) {
    throw context.error(`ends after [${[...lengths.data]}] of ${steps} steps; intnic runs all`);
  }
  for (const index of [5, 6, 7]) {
    const given: Operand | undefined = context.optional(index);
    if (isValue(given)) throw context.notConstant(index);
    if (given?.data.some((value) => value !== 0)) {
      throw context.error(
        index === 7
          ? "has peepholes, connections from the cell to its gates, which intnic has not"
          : "starts from a state that is not zero",
      );
    }
  }
}

function checkShapes(
  context: Context,
  { gates, directions, features, hidden }: {
    readonly gates: number;
    readonly directions: number;
    readonly features: number;
    readonly hidden: number;
  },
): void {
  const wanted = [
    [directions, gates * hidden, features],
    [directions, gates * hidden, hidden],
    [directions, 2 * gates * hidden],
  ];
  wanted.forEach((shape, i) => {
    const found = i < 2 ? context.constant(i + 1) : context.optionalConstant(3);
    if (found !== undefined && formatShape(found.shape) !== formatShape(shape)) {
      throw context.error(
        `has weights of ${formatShape(found.shape)} at place ${i + 1}; ${
          formatShape(shape)
        } would ` +
          `be right`,
      );
    }
  });
}

/** The parameters of one direction, the gates in our order. */
function parametersOf(
  context: Context,
  { gates, which, hidden, places }: {
    readonly gates: readonly number[];
    readonly which: number;
    readonly hidden: number;
    readonly places: Int32Array | undefined;
  },
): Map<string, FloatTensor> {
  const rows = gates.length * hidden;
  const block = (constant: Constant | undefined, width: number, from: number) => {
    const data = new Float32Array(rows * width);
    if (constant === undefined) return data;
    const source = floatTensor(constant).data;
    gates.forEach((gate, i) => {
      const first = from + gate * hidden * width;
      data.set(source.subarray(first, first + hidden * width), i * hidden * width);
    });
    return data;
  };
  const [input, recurrent] = [context.constant(1), context.constant(2)];
  const features = input.shape[2]!;
  const kernel = block(input, features, which * rows * features);
  for (let row = 0; row < rows && places !== undefined; row++) {
    kernel.set(gather(kernel.slice(row * features, (row + 1) * features), places), row * features);
  }
  const biases = context.optionalConstant(3);
  const bias = block(biases, 1, which * 2 * rows);
  const more = block(biases, 1, which * 2 * rows + rows);
  const tensor = (data: Float32Array, ...shape: number[]) => ({ shape, data });
  const parameters = new Map<string, FloatTensor>([
    ["kernel", tensor(kernel, rows, features)],
    ["recurrent", tensor(block(recurrent, hidden, which * elements([rows, hidden])), rows, hidden)],
  ]);
  // Only where a gate comes between them does it matter which of the two a bias is.
  if (context.node.op === "GRU" && context.attributes.flag("linear_before_reset")) {
    parameters.set("bias", tensor(bias, rows)).set("recurrentBias", tensor(more, rows));
  } else parameters.set("bias", tensor(bias.map((b, i) => b + more[i]!), rows));
  return parameters;
}

function functionsOf(context: Context, op: Kind["op"], which: number) {
  const usual = op === "rnn"
    ? ["Tanh"]
    : op === "gru"
    ? ["Sigmoid", "Tanh"]
    : ["Sigmoid", "Tanh", "Tanh"];
  const all = context.attributes.strings("activations");
  const own = all.length === 0
    ? usual
    : all.slice(which * usual.length, (which + 1) * usual.length);
  const names = own.map((name) => Object.hasOwn(functions, name) ? functions[name] : undefined);
  const last = op === "lstm" ? [1, 2] : [usual.length - 1];
  const same = new Set(last.map((i) => names[i])).size === 1;
  if (names.length !== usual.length || names.includes(undefined) || !same) {
    throw context.error(
      `has the activations ${own.join(", ")}; intnic knows ${Object.keys(functions).join(", ")}, ` +
        `one for the gates and one for states`,
    );
  }
  const hard = own.includes("HardSigmoid")
    ? {
      hardSigmoid: {
        alpha: context.attributes.floats("activation_alpha")?.[0] ?? 0.2,
        beta: context.attributes.floats("activation_beta")?.[0] ?? 0.5,
      },
    }
    : {};
  const gate = op === "rnn" ? {} : { recurrentActivation: names[0]! };
  return { activation: names[usual.length - 1]!, ...gate, ...hard };
}

/** Converters of recurrent operators. */
export const recurrent: Readonly<Record<string, Converter>> = Object.fromEntries(
  Object.entries(kinds).map(([name, kind]) => [name, convert(kind)]),
);
