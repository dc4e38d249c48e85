/**
 * Activation functions of tfjs, whether layers of their own or settings of others.
 *
 * @module
 */
import { UserError } from "../../errors.ts";
import type { NodeName } from "../builder.ts";
import { show } from "./files.ts";
import {
  axisOf,
  inputOf,
  inputShape,
  type LayerContext,
  type LayerConverter,
  numberOf,
  requireSetting,
  weight,
} from "./layer.ts";

type Activation = readonly [op: string, attributes: object];

/**
 * By name without underscores and in lower case: tfjs writes hardSigmoid, Keras hard_sigmoid.
 * Where Keras 2 and 3 differ (hard sigmoid), what tfjs computes counts.
 */
const activations: Readonly<Record<string, Activation>> = {
  elu: ["elu", { alpha: 1 }],
  exponential: ["exp", {}],
  gelu: ["gelu", { approximate: false }],
  gelunew: ["gelu", { approximate: true }],
  hardsigmoid: ["hard_sigmoid", { alpha: 0.2, beta: 0.5 }],
  relu: ["relu", {}],
  relu6: ["clip", { low: 0, high: 6 }],
  sigmoid: ["sigmoid", {}],
  silu: ["silu", {}],
  softmax: ["softmax", { beta: 1 }],
  logsoftmax: ["log_softmax", {}],
  swish: ["silu", {}],
  tanh: ["tanh", {}],
};

/** selu(x) = scale · elu(x, alpha): G. Klambauer et al., "Self-Normalizing Neural Networks", 2017. */
const SELU = { alpha: 1.6732632423543772, scale: 1.0507009873554805 } as const;

/**
 * Adds an activation function behind `tensor`.
 *
 * @param kind its name in the model; `linear` adds nothing
 * @param own true if the layer is nothing but the activation, whose node then has its name
 */
export function activate(
  { builder, name }: LayerContext,
  kind: unknown,
  tensor: string,
  own = false,
): string {
  const key = typeof kind === "string" ? kind.replaceAll("_", "").toLowerCase() : "";
  if (key === "linear") return tensor;
  const part = (suffix: string): NodeName => [name, suffix];
  if (key === "selu") {
    const y = builder.add(own ? name : part("selu"), "elu", [tensor], { alpha: SELU.alpha });
    return builder.add(part("scale"), "mul", [y, builder.scalar(part("selu_scale"), SELU.scale)]);
  }
  const found = Object.hasOwn(activations, key) ? activations[key] : undefined;
  if (found === undefined) {
    throw new UserError(
      `Layer ${name} has the activation ${show(kind)}, which intnic cannot deploy; it knows ` +
        `linear, selu, ${Object.keys(activations).join(", ")}.`,
    );
  }
  const [op, attributes] = found;
  return builder.add(own ? name : part(key), op, [tensor], attributes);
}

const convertRelu: LayerConverter = (context) => {
  const { builder, name, layer: { config } } = context;
  const limit = config.max_value ?? config.maxValue ?? null;
  const slope = numberOf(context, "negative_slope", 0);
  requireSetting(context, "threshold", 0);
  const x = inputOf(context);
  if (limit !== null && !(typeof limit === "number" && limit > 0 && limit < Infinity)) {
    throw new UserError(
      `Layer ${name} is a ReLU limited to ${show(limit)}; the limit must be above 0.`,
    );
  }
  if (slope !== 0) {
    const y = builder.add(name, "leaky_relu", [x], { alpha: slope });
    if (limit === null) return y;
    const most = builder.scalar([name, "max_value"], limit as number);
    return builder.add([name, "limit"], "min", [y, most]);
  }
  return limit === null
    ? builder.add(name, "relu", [x])
    : builder.add(name, "clip", [x], { low: 0, high: limit as number });
};

const convertPrelu: LayerConverter = (context) => {
  const { builder, name } = context;
  const slope = builder.constant([name, "alpha"], weight(context, "alpha"));
  return builder.add(name, "prelu", [inputOf(context), slope]);
};

const convertSoftmax: LayerConverter = (context) => {
  const rank = inputShape(context).length;
  const axis = context.layer.config.axis ?? -1;
  if (axisOf(context, axis, rank) !== rank - 1) {
    throw new UserError(
      `Layer ${context.name} is a softmax over axis ${show(axis)}; only the last would be right.`,
    );
  }
  return activate(context, "softmax", inputOf(context), true);
};

const alpha = (op: string, usual: number): LayerConverter => (context) => {
  // Keras 3 calls the slope of a leaky ReLU by another name.
  const key = context.layer.config.alpha == null ? "negative_slope" : "alpha";
  const attributes = { alpha: numberOf(context, key, usual) };
  return context.builder.add(context.name, op, [inputOf(context)], attributes);
};

/** Converters by class name. */
export const activationLayers: Readonly<Record<string, LayerConverter>> = {
  Activation: (context) =>
    activate(context, context.layer.config.activation, inputOf(context), true),
  ELU: alpha("elu", 1),
  LeakyReLU: alpha("leaky_relu", 0.3),
  PReLU: convertPrelu,
  ReLU: convertRelu,
  Softmax: convertSoftmax,
};
