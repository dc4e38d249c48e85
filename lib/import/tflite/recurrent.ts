/**
 * Recurrent layers over a fixed number of steps, of float32 activations. Their state starts from
 * zero at every inference, as after the reset of TensorFlow Lite's variables.
 *
 * @module
 */
import { UserError } from "../../errors.ts";
import { elements, formatShape } from "../../ops/op.ts";
import type { FloatTensor, Shape } from "../../types.ts";
import type { Builder, Value } from "./builder.ts";
import type { Converter } from "./common.ts";
import type { TfliteOperator } from "./file.ts";
import { activations, options } from "./schema.ts";

/** Inputs of a UNIDIRECTIONAL_SEQUENCE_LSTM, each for the gates i, f, g and o. */
const LSTM = { input: [1, 2, 3, 4], recurrent: [5, 6, 7, 8], bias: [12, 13, 14, 15] } as const;

/** Its inputs for what intnic's layer does not have. */
const LSTM_EXTRAS = [
  ...[9, 10, 11].map((at) => [at, "peepholes"] as const),
  ...[16, 17].map((at) => [at, "a projection"] as const),
  ...[20, 21, 22, 23].map((at) => [at, "layer normalization"] as const),
];

export const sequenceLstm: Converter = (operator, build) => {
  requireFloat(operator);
  const { sequenceLstm: fields } = options;
  const table = operator.options(fields.union);
  for (const [at, what] of LSTM_EXTRAS) {
    if (operator.inputs[at] !== undefined) {
      throw new UserError(`Layer ${operator.name} has ${what}, which intnic's LSTM has not.`);
    }
  }
  if (table.float32(fields.cellClip) !== 0 || table.float32(fields.projectionClip) !== 0) {
    throw new UserError(`Layer ${operator.name} clips its cells, which intnic's LSTM does not.`);
  }
  if (table.bool(fields.diagonal)) {
    throw new UserError(`Layer ${operator.name} has diagonal recurrent weights; give them whole.`);
  }
  requireTanh(operator, table.int8(fields.activation));
  const parameters = new Map([
    ["kernel", stack(operator, build, LSTM.input)],
    ["recurrent", stack(operator, build, LSTM.recurrent)],
    ["bias", stack(operator, build, LSTM.bias)],
  ]);
  const [, hidden] = parameters.get("recurrent")!.shape;
  add(operator, build, "lstm", {
    x: steps(operator, build, table.bool(fields.timeMajor)),
    hidden: hidden!,
    parameters,
  });
};

export const sequenceRnn: Converter = (operator, build) => {
  requireFloat(operator);
  const { sequenceRnn: fields } = options;
  const table = operator.options(fields.union);
  requireTanh(operator, table.int8(fields.activation));
  const parameters = new Map([
    ["kernel", stack(operator, build, [1])],
    ["recurrent", stack(operator, build, [2])],
    ["bias", stack(operator, build, [3])],
  ]);
  add(operator, build, "rnn", {
    x: steps(operator, build, table.bool(fields.timeMajor)),
    hidden: parameters.get("recurrent")!.shape[1]!,
    parameters,
  });
};

interface Layer {
  readonly x: Value;
  readonly hidden: number;
  readonly parameters: ReadonlyMap<string, FloatTensor>;
}

function add(
  operator: TfliteOperator,
  build: Builder,
  op: "lstm" | "rnn",
  { x, hidden, parameters }: Layer,
): void {
  const value = build.node(operator, op, [x], operator.output, {
    attributes: { hidden, returnSequences: true, reverse: false, stateful: false },
    constants: { parameters },
  });
  build.bind(operator, operator.output, value);
}

function requireFloat(operator: TfliteOperator): void {
  const x = operator.input(0);
  if (x.type !== "float32") {
    throw new UserError(
      `Layer ${operator.name} is a recurrent layer of ${x.type} values; intnic quantizes recurrent ` +
        `layers itself. Convert the model with float32 activations.`,
    );
  }
}

function requireTanh(operator: TfliteOperator, code: number): void {
  if (activations[code] !== "tanh") {
    throw new UserError(
      `Layer ${operator.name} has the activation ${
        activations[code] ?? code
      }; intnic's recurrent ` +
        `layers have tanh.`,
    );
  }
}

/** The input as steps × features. */
function steps(operator: TfliteOperator, build: Builder, timeMajor: boolean): Value {
  const x = operator.input(0);
  const [first, second, features] = x.shape;
  if (x.shape.length !== 3 || (timeMajor ? second : first) !== 1) {
    throw new UserError(
      `Layer ${operator.name} reads ${x.name} of ${
        formatShape(x.shape)
      }; a batch of one, steps and ` +
        `features are needed.`,
    );
  }
  return build.reshape(
    build.read(x),
    [timeMajor ? first! : second!, features!],
    `${operator.name} steps`,
  );
}

/** The constants of all gates, one below the other. */
function stack(operator: TfliteOperator, build: Builder, inputs: readonly number[]): FloatTensor {
  const parts = inputs.map((at) => build.constants.floats(operator.input(at)));
  const shape: Shape = parts[0]!.shape;
  if (shape.length === 0 || parts.some((part) => formatShape(part.shape) !== formatShape(shape))) {
    throw new UserError(
      `Layer ${operator.name} has gates of different shapes: ` +
        `${parts.map((part) => formatShape(part.shape)).join(", ")}.`,
    );
  }
  build.constants.charge(operator.input(inputs[0]!), 4 * inputs.length * elements(shape));
  const data = new Float32Array(inputs.length * elements(shape));
  parts.forEach((part, i) => data.set(part.data, i * elements(shape)));
  return { shape: [inputs.length * shape[0]!, ...shape.slice(1)], data };
}
