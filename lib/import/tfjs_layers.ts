import { UserError } from "../errors.ts";
import { elements } from "../ops/op.ts";
import { noPadding, samePadding, type Window } from "../ops/window.ts";
import type { FloatTensor, Node, Shape } from "../types.ts";
import type { TfjsLayer } from "./tfjs.ts";

/** What a layer became. */
export interface Conversion {
  readonly nodes: readonly Node[];
  /** The tensor that now holds the layer's result. */
  readonly output: string;
  readonly notes: readonly string[];
}

/** What a layer's conversion may look at. */
export interface LayerContext {
  readonly inputs: readonly string[];
  readonly shapes: readonly Shape[];
  readonly weights: ReadonlyMap<string, FloatTensor>;
  /** True if the layer gives the model's output. */
  readonly last: boolean;
  /** Names that made-up ones must keep clear of. */
  readonly names: ReadonlySet<string>;
}

/** Largest kernel, stride and dilation: far beyond any use, and safe in 32-bit index arithmetic. */
const MAX_WINDOW = 4096;

type Converter = (layer: TfjsLayer, context: LayerContext) => Conversion;

const converters: Readonly<Record<string, Converter>> = {
  Activation: (layer, context) =>
    activation(layer, context, String(layer.config.activation), [], context.inputs[0]!),
  Conv2D: convertConv2d,
  Dense: convertDense,
  Dropout: passThrough,
  Flatten: (layer, context) => reshapeTo(layer, context, [elements(context.shapes[0]!)]),
  MaxPooling2D: convertMaxPool,
  ReLU: convertRelu,
  Reshape: convertReshape,
  Softmax: (layer, context) => activation(layer, context, "softmax", [], context.inputs[0]!),
};

/**
 * Float nodes for one tfjs layer.
 * @throws {UserError} if intnic has no such layer or not with these settings
 */
export function convertLayer(layer: TfjsLayer, context: LayerContext): Conversion {
  const convert = Object.hasOwn(converters, layer.className)
    ? converters[layer.className]
    : undefined;
  if (convert === undefined) {
    throw new UserError(
      `Layer ${layer.name} is a ${layer.className}, which intnic cannot deploy; it knows ` +
        `${Object.keys(converters).join(", ")}.`,
    );
  }
  if (context.inputs.length !== 1) {
    throw new UserError(
      `Layer ${layer.name} (${layer.className}) reads ${context.inputs.length} tensors; it takes one.`,
    );
  }
  return convert(layer, context);
}

/** Input shape without the batch dimension, from `batch_input_shape`. */
export function readInputShape(layer: TfjsLayer): Shape {
  const shape = layer.config.batch_input_shape ?? layer.config.batchInputShape;
  if (!Array.isArray(shape) || shape.length < 2 || !shape.slice(1).every(isDimension)) {
    throw new UserError(
      `The first layer, ${layer.name}, has batch_input_shape ${JSON.stringify(shape)}; intnic ` +
        `needs a fixed shape such as [null,28,28,1].`,
    );
  }
  return shape.slice(1) as number[];
}

function convertDense(layer: TfjsLayer, context: LayerContext): Conversion {
  const kernel = weight(layer, context, "kernel", 2);
  const [inputs, outputs] = kernel.shape as [number, number];
  requireSetting(layer, "units", outputs);
  // [inputs, outputs] → [outputs, inputs]
  const data = new Float32Array(kernel.data.length);
  for (let i = 0; i < inputs; i++) {
    for (let o = 0; o < outputs; o++) data[o * inputs + i] = kernel.data[i * outputs + o]!;
  }
  return linear(layer, context, "dense", {}, { shape: [outputs, inputs], data });
}

function convertConv2d(layer: TfjsLayer, context: LayerContext): Conversion {
  requireSetting(layer, "groups", 1);
  const kernel = weight(layer, context, "kernel", 4);
  const [height, width, channels, outputs] = kernel.shape as [number, number, number, number];
  requireSetting(layer, "filters", outputs);
  const window = readWindow(layer, context, [height, width], [1, 1]);
  // HWIO → OHWI
  const taps = height * width * channels;
  const data = new Float32Array(kernel.data.length);
  for (let t = 0; t < taps; t++) {
    for (let o = 0; o < outputs; o++) data[o * taps + t] = kernel.data[t * outputs + o]!;
  }
  const shape = [outputs, height, width, channels];
  return linear(layer, context, "conv2d", window, { shape, data });
}

/** A layer with weights, and the activation in its config. */
function linear(
  layer: TfjsLayer,
  context: LayerContext,
  op: string,
  attributes: object,
  weights: FloatTensor,
): Conversion {
  const outputs = weights.shape[0]!;
  const bias = layer.config.use_bias === false
    ? new Float32Array(outputs)
    : weight(layer, context, "bias", 1).data;
  const node: Node = {
    name: layer.name,
    op,
    inputs: context.inputs,
    output: layer.name,
    attributes,
    weights,
    bias,
    activation: "none",
  };
  const kind = String(layer.config.activation ?? "linear");
  return activation(layer, context, kind, [node], layer.name);
}

function convertMaxPool(layer: TfjsLayer, context: LayerContext): Conversion {
  const pool = pair(layer, "pool_size");
  return single(layer, context, "max_pool", readWindow(layer, context, pool, pool));
}

function convertRelu(layer: TfjsLayer, context: LayerContext): Conversion {
  const limit = layer.config.max_value ?? layer.config.maxValue ?? null;
  if (limit !== null) {
    throw new UserError(
      `Layer ${layer.name} is a ReLU limited to ${limit}, which is not supported.`,
    );
  }
  requireSetting(layer, "negative_slope", 0);
  requireSetting(layer, "threshold", 0);
  return single(layer, context, "relu", {});
}

function convertReshape(layer: TfjsLayer, context: LayerContext): Conversion {
  const target = layer.config.target_shape;
  if (!Array.isArray(target) || !target.every((d) => d === null || d === -1 || isDimension(d))) {
    throw new UserError(`Layer ${layer.name} has target_shape ${JSON.stringify(target)}.`);
  }
  const known = (target as (number | null)[]).filter(isDimension);
  const rest = elements(context.shapes[0]!) / elements(known);
  return reshapeTo(layer, context, target.map((d) => isDimension(d) ? d : rest));
}

function reshapeTo(layer: TfjsLayer, context: LayerContext, shape: Shape): Conversion {
  return single(layer, context, "reshape", { shape });
}

function passThrough(_layer: TfjsLayer, { inputs }: LayerContext): Conversion {
  return { nodes: [], output: inputs[0]!, notes: [] };
}

/** Adds the node of an activation function, if it needs one, behind `nodes`. */
function activation(
  layer: TfjsLayer,
  { last, names }: LayerContext,
  kind: string,
  nodes: readonly Node[],
  tensor: string,
): Conversion {
  if (kind === "linear") return { nodes, output: tensor, notes: [] };
  if (kind === "relu") {
    const name = nodes.length === 0 ? layer.name : freeName(`${layer.name}/relu`, names);
    const relu = { name, op: "relu", inputs: [tensor], output: name, attributes: {} };
    return { nodes: [...nodes, { ...relu, activation: "none" }], output: name, notes: [] };
  }
  if (kind === "softmax" && last) {
    const note = `The softmax of layer ${layer.name} is left out: the outputs are its inputs ` +
      `(logits), whose largest is the same class.`;
    return { nodes, output: tensor, notes: [note] };
  }
  throw new UserError(
    `Layer ${layer.name} has the activation ${kind}, which intnic cannot deploy there; it knows ` +
      `linear, relu, and softmax at the end of the network.`,
  );
}

function single(
  layer: TfjsLayer,
  { inputs }: LayerContext,
  op: string,
  attributes: object,
): Conversion {
  const node: Node = {
    name: layer.name,
    op,
    inputs,
    output: layer.name,
    attributes,
    activation: "none",
  };
  return { nodes: [node], output: layer.name, notes: [] };
}

/** A weight of the layer: `<layer>/<kind>`, possibly below the name of an enclosing model. */
function weight(
  layer: TfjsLayer,
  { weights }: LayerContext,
  kind: string,
  rank: number,
): FloatTensor {
  const name = `${layer.name}/${kind}`;
  const found = weights.get(name) ??
    [...weights].find(([other]) => other.endsWith(`/${name}`))?.[1];
  if (found === undefined || found.shape.length !== rank) {
    throw new UserError(
      `Layer ${layer.name} (${layer.className}) needs the weight ${name} with ${rank} dimensions; ` +
        `the manifest has ${found === undefined ? "none of that name" : `shape ${found.shape}`}.`,
    );
  }
  return found;
}

/** The window of a layer; pools have no dilation, and their stride defaults to their size. */
function readWindow(
  layer: TfjsLayer,
  { shapes }: LayerContext,
  kernel: readonly [number, number],
  defaultStride: readonly [number, number],
): Window {
  requireSetting(layer, "data_format", "channels_last", "channelsLast");
  const stride = layer.config.strides == null ? defaultStride : pair(layer, "strides");
  const dilated = layer.className === "Conv2D" && layer.config.dilation_rate != null;
  const dilation = !dilated ? [1, 1] as const : pair(layer, "dilation_rate");
  const padding = layer.config.padding ?? "valid";
  if (padding !== "valid" && padding !== "same") {
    throw new UserError(`Layer ${layer.name} has padding "${padding}"; it must be valid or same.`);
  }
  for (const [what, [vertical, horizontal]] of Object.entries({ kernel, stride, dilation })) {
    if (Math.max(vertical, horizontal) > MAX_WINDOW) {
      throw new UserError(
        `Layer ${layer.name} has a ${what} of ${vertical}×${horizontal}; at most ${MAX_WINDOW} ` +
          `is supported.`,
      );
    }
  }
  const window = { kernel, stride, dilation };
  return { ...window, padding: padding === "same" ? samePadding(shapes[0]!, window) : noPadding };
}

/** A setting that is one positive whole number or two of them. */
function pair(layer: TfjsLayer, key: string): readonly [number, number] {
  const value = layer.config[key];
  const both = Array.isArray(value) ? value : [value, value];
  if (both.length !== 2 || !both.every(isDimension)) {
    throw new UserError(
      `Layer ${layer.name} has ${key} ${JSON.stringify(value)}; it must be two positive whole ` +
        `numbers.`,
    );
  }
  return both as unknown as readonly [number, number];
}

function requireSetting(layer: TfjsLayer, key: string, ...allowed: unknown[]): void {
  const value = layer.config[key] ?? allowed[0];
  if (!allowed.includes(value)) {
    throw new UserError(
      `Layer ${layer.name} (${layer.className}) has ${key} ${JSON.stringify(value)}; only ` +
        `${allowed[0]} would be right.`,
    );
  }
}

/** The name wanted, with a number behind it if it is taken. */
export function freeName(wanted: string, taken: ReadonlySet<string>): string {
  let name = wanted;
  for (let i = 2; taken.has(name); i++) name = `${wanted}_${i}`;
  return name;
}

function isDimension(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0;
}
