/**
 * LSTM, GRU and simple RNN layers of tfjs, alone or in both directions.
 *
 * @module
 */
import { UserError } from "../../errors.ts";
import { formatShape } from "../../ops/op.ts";
import type { FloatTensor } from "../../types.ts";
import { isRecord, show } from "./files.ts";
import {
  inputOf,
  type LayerContext,
  type LayerConverter,
  oneOf,
  requireSetting,
  title,
  weight,
} from "./layer.ts";
import { outputsFirst } from "./linear.ts";
import { requireSteps } from "./weighted_layers.ts";

/** A kind of recurrent layer: our op, and how many rows of weights it has a unit. */
interface Kind {
  readonly op: "lstm" | "gru" | "rnn";
  readonly gates: number;
}

const kinds: Readonly<Record<string, Kind>> = {
  // The gates i, f, c, o; z, r, h: in the order that the ops have them.
  GRU: { op: "gru", gates: 3 },
  LSTM: { op: "lstm", gates: 4 },
  SimpleRNN: { op: "rnn", gates: 1 },
};

/** Functions of states and gates, by name without underscores and in lower case. */
const functions: Readonly<Record<string, string>> = {
  hardsigmoid: "hard_sigmoid",
  sigmoid: "sigmoid",
  tanh: "tanh",
};

const convertRecurrent: LayerConverter = (context) => {
  const { layer: { config }, name } = context;
  const backwards = config.go_backwards === true;
  const y = addRecurrent(context, backwards);
  if (!backwards || config.return_sequences !== true) return y;
  // Keras gives the steps in the order in which they ran; the op, in that of the input.
  return backTurned(context, [name, "turned"], y);
};

function backTurned(
  { builder }: Pick<LayerContext, "builder">,
  name: readonly string[],
  tensor: string,
): string {
  const [steps, units] = builder.shape(tensor) as [number, number];
  const attributes = { begin: [steps - 1, 0], size: [steps, units], stride: [-1, 1] };
  return builder.add(name, "slice", [tensor], attributes);
}

/** Adds the op of a recurrent layer, with the outputs of all steps in the order of the input. */
function addRecurrent(context: LayerContext, reverse: boolean): string {
  const { layer: { config, className }, builder, name } = context;
  const { op, gates } = kinds[className]!;
  const [, features] = requireSteps(context);
  requireSetting(context, "return_state", false);
  const kernel = weight(context, "kernel", 2);
  const recurrent = weight(context, "recurrent_kernel", 2);
  const [hidden, rows] = recurrent.shape as [number, number];
  requireSetting(context, "units", hidden);
  if (rows !== gates * hidden || formatShape(kernel.shape) !== `${features}×${rows}`) {
    throw new UserError(
      `${title(context)} has weights of ${formatShape(kernel.shape)} and ` +
        `${formatShape(recurrent.shape)}; its input of ${features} features asks for ` +
        `${features}×${gates * hidden} and ${hidden}×${gates * hidden}.`,
    );
  }
  const resetAfter = op === "gru" && config.reset_after === true;
  const activation = functionOf(context, "activation", "tanh");
  const gate = op === "rnn"
    ? "sigmoid"
    : functionOf(context, "recurrent_activation", "hardSigmoid");
  const attributes = {
    hidden,
    returnSequences: config.return_sequences === true,
    reverse,
    stateful: config.stateful === true,
    activation,
    recurrentActivation: gate,
    ...(activation === "hard_sigmoid" || gate === "hard_sigmoid"
      ? { hardSigmoid: { alpha: 0.2, beta: 0.5 } }
      : {}),
    ...(op === "gru" ? { resetAfter } : {}),
  };
  const parameters = new Map<string, FloatTensor>([
    ["kernel", outputsFirst(kernel)],
    ["recurrent", outputsFirst(recurrent)],
    ...biasesOf(context, rows, resetAfter),
  ]);
  return builder.add(name, op, [inputOf(context)], attributes, { parameters });
}

/** The bias, and with `reset_after` that of what the state gives. */
function biasesOf(
  context: LayerContext,
  rows: number,
  resetAfter: boolean,
): [string, FloatTensor][] {
  const vector = (data: Float32Array): FloatTensor => ({ shape: [rows], data });
  if (context.layer.config.use_bias === false) return [["bias", vector(new Float32Array(rows))]];
  const { shape, data } = weight(context, "bias", resetAfter ? 2 : 1);
  const wanted = resetAfter ? [2, rows] : [rows];
  if (formatShape(shape) !== formatShape(wanted)) {
    throw new UserError(
      `${title(context)} has biases of ${formatShape(shape)}; ${formatShape(wanted)} would be ` +
        `right.`,
    );
  }
  if (!resetAfter) return [["bias", vector(data)]];
  return [["bias", vector(data.slice(0, rows))], ["recurrentBias", vector(data.slice(rows))]];
}

function functionOf({ layer, name }: LayerContext, key: string, whenAbsent: string): string {
  const given = layer.config[key] ?? whenAbsent;
  const plain = typeof given === "string" ? given.replaceAll("_", "").toLowerCase() : "";
  if (Object.hasOwn(functions, plain)) return functions[plain]!;
  throw new UserError(
    `Layer ${name} (${layer.className}) has ${key} ${show(given)}; intnic knows ` +
      `${Object.values(functions).join(", ")} there.`,
  );
}

const convertBidirectional: LayerConverter = (context) => {
  const { layer: { config }, builder, name } = context;
  const inner = config.layer;
  const kind = isRecord(inner) ? String(inner.class_name) : "";
  if (!isRecord(inner) || !isRecord(inner.config) || !Object.hasOwn(kinds, kind)) {
    throw new UserError(
      `Layer ${name} runs ${kind === "" ? "a layer without a description" : `a ${kind}`} in both ` +
        `directions; intnic knows ${Object.keys(kinds).join(", ")} there.`,
    );
  }
  requireSetting(
    { ...context, layer: { ...context.layer, config: inner.config } },
    "go_backwards",
    false,
  );
  const mode = oneOf(context, "merge_mode", ["concat", "sum", "mul", "ave"]);
  const settings = inner.config;
  const direction = (which: "forward" | "backward") => {
    const layer = {
      className: kind,
      name: `${which}_${settings.name}`,
      config: settings,
      inputs: [],
    };
    return addRecurrent({ ...context, layer, name: `${name}/${which}` }, which === "backward");
  };
  const both = [direction("forward"), direction("backward")];
  if (mode === "concat") {
    return builder.add(name, "concat", both, { axis: builder.shape(both[0]!).length - 1 });
  }
  if (mode === "mul") return builder.add(name, "mul", both);
  const sum = builder.add(name, "add", both);
  if (mode === "sum") return sum;
  return builder.add([name, "mean"], "mul", [sum, builder.scalar([name, "half"], 0.5)]);
};

/** Converters by class name. */
export const recurrentLayers: Readonly<Record<string, LayerConverter>> = {
  Bidirectional: convertBidirectional,
  ...Object.fromEntries(Object.keys(kinds).map((kind) => [kind, convertRecurrent])),
};
