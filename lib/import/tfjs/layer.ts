/**
 * What the conversions of single layers share: what they see, and how they read the layer's
 * settings and weights.
 *
 * @module
 */
import { UserError } from "../../errors.ts";
import { requireImage, samePadding, type Window } from "../../ops/window.ts";
import type { FloatTensor, Shape } from "../../types.ts";
import type { GraphBuilder } from "../builder.ts";
import { isDimension, show, type StoredTensor } from "./files.ts";
import type { TfjsLayer } from "./topology.ts";

/** A layer on its way into the graph. */
export interface LayerContext {
  readonly layer: TfjsLayer;
  readonly builder: GraphBuilder;
  /** The tensors it reads. */
  readonly inputs: readonly string[];
  readonly weights: ReadonlyMap<string, StoredTensor>;
  /** What the names of its nodes begin with, where its own name is not unique; else its name. */
  readonly name: string;
}

/** Adds a layer's nodes to the graph; returns the tensor that holds its result. */
export type LayerConverter = (context: LayerContext) => string;

/** Largest kernel, stride and dilation: far beyond any use, and safe in 32-bit index arithmetic. */
const MAX_WINDOW = 4096;

/** The tensor that a layer of one input reads. */
export function inputOf({ inputs }: LayerContext): string {
  return inputs[0]!;
}

/** Shape of the tensor that a layer of one input reads. */
export function inputShape(context: LayerContext): Shape {
  return context.builder.shape(inputOf(context));
}

/** The layer as it is called in messages. */
export function title({ layer, name }: Pick<LayerContext, "layer" | "name">): string {
  return `Layer ${name} (${layer.className})`;
}

/**
 * Shape of a model's input without the batch dimension.
 * @throws {UserError} if `batch_input_shape` leaves any of it open
 */
export function readInputShape({ config, name }: TfjsLayer): Shape {
  const shape = config.batch_input_shape ?? config.batchInputShape;
  if (!Array.isArray(shape) || shape.length < 2 || !shape.slice(1).every(isDimension)) {
    throw new UserError(
      `The first layer, ${name}, has batch_input_shape ${show(shape)}; intnic needs a fixed ` +
        `shape such as [null,28,28,1].`,
    );
  }
  return shape.slice(1) as number[];
}

/** A weight of the layer: `<layer>/<kind>`, possibly below the names of enclosing models. */
export function weight(context: LayerContext, kind: string, rank?: number): FloatTensor {
  const { layer, weights } = context;
  const name = `${layer.name}/${kind}`;
  const found = weights.get(name) ?? only(context, `/${name}`) ??
    only(context, `/${kind}`, `${layer.name}/`) ??
    only(context, `/${kind}`, `/${layer.name}/`);
  if (found === undefined || rank !== undefined && found.shape.length !== rank) {
    throw new UserError(
      `${title(context)} needs the weight ${name}${
        rank === undefined ? "" : ` with ${rank} dimensions`
      }; the manifest has ${found === undefined ? "none of that name" : `shape ${found.shape}`}.`,
    );
  }
  if (!(found.data instanceof Float32Array)) {
    throw new UserError(`The weight ${name} is stored as int32; it must be float32.`);
  }
  return { shape: found.shape, data: found.data };
}

/** The one weight whose name ends with `end` and has `part` in it. */
function only({ weights, layer }: LayerContext, end: string, part = ""): StoredTensor | undefined {
  const found = [...weights.keys()].filter((name) => {
    if (!name.endsWith(end)) return false;
    return part.startsWith("/") ? name.includes(part) : name.startsWith(part);
  });
  if (found.length > 1) {
    throw new UserError(
      `Layer ${layer.name} could have any of the weights ${
        found.join(", ")
      }; every layer needs a ` +
        `name of its own.`,
    );
  }
  return weights.get(found[0] ?? "");
}

/** The bias of a layer, zeros if it has none. */
export function biasOf(context: LayerContext, outputs: number): Float32Array {
  if (context.layer.config.use_bias === false) return new Float32Array(outputs);
  return weight(context, "bias", 1).data;
}

/** Window of a layer over the image `shape`, with the settings `strides`, `dilation_rate`, `padding`. */
export function readWindow(
  context: LayerContext,
  image: Shape,
  kernel: readonly [number, number],
  { stride = [1, 1], dilation = [1, 1] }: Partial<Pick<Window, "stride" | "dilation">> = {},
): Window {
  requireChannelsLast(context);
  const padding = oneOf(context, "padding", ["valid", "same"]);
  requireImage(context.name, image);
  const window = { kernel, stride, dilation };
  for (const [what, [vertical, horizontal]] of Object.entries(window)) {
    if (Math.max(vertical, horizontal) > MAX_WINDOW) {
      throw new UserError(
        `Layer ${context.name} has a ${what} of ${vertical}×${horizontal}; at most ${MAX_WINDOW} ` +
          `is supported.`,
      );
    }
  }
  const none = { top: 0, bottom: 0, left: 0, right: 0 };
  return { ...window, padding: padding === "same" ? samePadding(image, window) : none };
}

/** Two-dimensional settings of a layer, `whenAbsent` where they are left out. */
export function pair(
  { layer, name }: LayerContext,
  key: string,
  whenAbsent?: readonly [number, number],
): readonly [number, number] {
  const value = layer.config[key] ?? whenAbsent;
  const both = Array.isArray(value) ? value : [value, value];
  if (both.length !== 2 || !both.every(isDimension)) {
    throw new UserError(
      `Layer ${name} has ${key} ${show(value)}; it must be two positive whole numbers.`,
    );
  }
  return both as unknown as readonly [number, number];
}

/** A one-dimensional setting of a layer: a number, or a list of one. */
export function along({ layer, name }: LayerContext, key: string, whenAbsent?: number): number {
  const value = layer.config[key] ?? whenAbsent;
  const one = Array.isArray(value) && value.length === 1 ? value[0] : value;
  if (isDimension(one)) return one;
  throw new UserError(
    `Layer ${name} has ${key} ${show(value)}; it must be a positive whole number.`,
  );
}

/** A finite number among the settings. */
export function numberOf({ layer, name }: LayerContext, key: string, whenAbsent: number): number {
  const value = layer.config[key] ?? whenAbsent;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw new UserError(`Layer ${name} has ${key} ${show(value)}; it must be a number.`);
}

/** A text among the settings; the first choice if it is left out. */
export function oneOf<T extends string>(
  { layer, name }: LayerContext,
  key: string,
  choices: readonly [T, ...T[]],
): T {
  const value = layer.config[key] ?? choices[0];
  const choice = choices.find((choice) => choice === value);
  if (choice !== undefined) return choice;
  throw new UserError(
    `Layer ${name} has ${key} ${show(value)}; it must be ${choices.join(" or ")}.`,
  );
}

/** Complains of a setting that has another value than those allowed, or than the first if absent. */
export function requireSetting(context: LayerContext, key: string, ...allowed: unknown[]): void {
  const value = context.layer.config[key] ?? allowed[0];
  if (!allowed.includes(value)) {
    throw new UserError(
      `${title(context)} has ${key} ${show(value)}; only ${allowed[0]} would be right.`,
    );
  }
}

/** Images must lie as height × width × channels. */
export function requireChannelsLast(context: LayerContext): void {
  requireSetting(context, "data_format", "channels_last", "channelsLast");
}

/**
 * An axis of the layer's input, which counts the batch as 0 or from the end, as one of the shape
 * without the batch.
 */
export function axisOf(context: LayerContext, value: unknown, rank: number): number {
  const whole = Number.isSafeInteger(value) ? value as number : NaN;
  const axis = whole < 0 ? whole + rank : whole - 1;
  if (axis >= 0 && axis < rank) return axis;
  throw new UserError(
    `${title(context)} has axis ${show(value)}, but its input has ${rank} dimensions besides the ` +
      `batch.`,
  );
}
