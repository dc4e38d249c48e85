import { type BatchNorm, channelAffine } from "../../ops/batch_norm.ts";
import { elements } from "../../ops/op.ts";
import { noPadding, type Window } from "../../ops/window.ts";
import type { FloatTensor, Graph, Node } from "../../types.ts";
import { verify } from "../verify.ts";

/** A factor and an addend for each channel of the last dimension. */
interface Affine {
  readonly scale: Float64Array;
  readonly shift: Float64Array;
}

/** Ops whose outputs are sums of products, one channel for each row of weights. */
const linear = new Set(["conv2d", "conv2d_transpose", "dense", "depthwise_conv2d"]);

/**
 * Makes batch normalization, and products and sums with one constant a channel, part of the weights
 * and biases of the layer before them, or else of the one behind them if that adds no padding, which
 * stands for zeros behind them and not before. A normalization that has no such neighbour becomes a
 * depthwise convolution of 1×1.
 *
 * Layers that others read too, or that have an activation in between, stay as they are, and so do
 * those between which the model says how values are quantized.
 */
export function foldBatchNorm(graph: Graph): Graph {
  let nodes = [...graph.nodes];
  let output = graph.output;
  for (let i = 0; i < nodes.length; i++) {
    const node = nodes[i]!;
    const affine = affineOf(node, graph);
    if (affine === undefined) continue;
    const source = dataInput(node, graph);
    const encoded = [source, node.output].some((name) => graph.encodings?.has(name));
    const before = encoded
      ? undefined
      : producerOf(nodes, source, { graph, output, channels: affine.scale.length });
    const after = encoded || before !== undefined
      ? undefined
      : onlyReader(nodes, node.output, output);
    const folded = before !== undefined
      ? scaleOutputs(nodes[before]!, affine)
      : after !== undefined && node.activation === "none"
      ? scaleInputs(nodes[after]!, affine)
      : undefined;
    if (folded !== undefined) {
      const index = before ?? after!;
      nodes[index] = before === undefined ? folded : { ...folded, activation: node.activation };
      nodes.splice(i, 1);
      nodes = nodes.map((other) => rename(other, node.output, source));
      if (output === node.output) output = source;
      i--;
    } else if (node.op === "batch_norm") {
      const alone = asDepthwise(node, affine, graph);
      nodes.splice(i, 1, ...alone);
      i += alone.length - 1;
    }
  }
  const read = new Set(nodes.flatMap(({ inputs }) => inputs));
  const constants = new Map([...graph.constants ?? []].filter(([name]) => read.has(name)));
  return verify({ ...graph, nodes, output, constants }, graph.tensors.get(graph.input)!);
}

/** What the node does to each channel, if that is all it does. */
function affineOf(node: Node, graph: Graph): Affine | undefined {
  if (node.op === "batch_norm") return channelAffine(node as Node<BatchNorm>);
  if (node.op !== "add" && node.op !== "sub" && node.op !== "mul") return undefined;
  const source = dataInput(node, graph);
  const shape = graph.tensors.get(source)!;
  const constant = node.inputs.map((name) => graph.constants?.get(name)).find((found) => found);
  const channels = shape.at(-1)!;
  if (constant === undefined || `${graph.tensors.get(node.output)}` !== `${shape}`) {
    return undefined;
  }
  if (graph.constants!.has(source) || !isPerChannel(constant, channels)) return undefined;
  const at = (c: number) => constant.data[constant.data.length === 1 ? 0 : c]!;
  const swapped = node.op === "sub" && source === node.inputs[1];
  const sign = node.op === "sub" && !swapped ? -1 : 1;
  const each = (f: (c: number) => number) =>
    Float64Array.from({ length: channels }, (_, c) => f(c));
  return node.op === "mul"
    ? { scale: each(at), shift: each(() => 0) }
    : { scale: each(() => swapped ? -1 : 1), shift: each((c) => sign * at(c)) };
}

function isPerChannel({ shape, data }: FloatTensor, channels: number): boolean {
  return data.length === 1 || (data.length === channels && shape.at(-1) === channels);
}

/** The input that is no constant. */
function dataInput(node: Node, graph: Graph): string {
  return node.inputs.find((name) => !graph.constants?.has(name)) ?? node.inputs[0]!;
}

/** Index of the linear layer that writes a tensor, through reshapes that keep channels last. */
function producerOf(
  nodes: readonly Node[],
  tensor: string,
  { graph, output, channels }: {
    readonly graph: Graph;
    readonly output: string;
    readonly channels: number;
  },
): number | undefined {
  const at = nodes.findIndex((node) => node.output === tensor);
  const node = nodes[at];
  if (node === undefined || tensor === output || node.activation !== "none") return undefined;
  if (readersOf(nodes, tensor).length !== 1) return undefined;
  if (linear.has(node.op)) {
    return node.codes === undefined && node.weights!.shape[0] === channels ? at : undefined;
  }
  const [source] = node.inputs as [string];
  if (node.op !== "reshape" || graph.tensors.get(source)?.at(-1) !== channels) return undefined;
  return producerOf(nodes, source, { graph, output, channels });
}

/** Index of the linear layer that alone reads a tensor. */
function onlyReader(nodes: readonly Node[], tensor: string, output: string): number | undefined {
  const [reader, ...others] = readersOf(nodes, tensor);
  if (reader === undefined || others.length > 0 || tensor === output) return undefined;
  return linear.has(reader.op) && reader.codes === undefined ? nodes.indexOf(reader) : undefined;
}

function readersOf(nodes: readonly Node[], tensor: string): Node[] {
  return nodes.flatMap((node) => node.inputs.filter((name) => name === tensor).map(() => node));
}

function rename(node: Node, from: string, to: string): Node {
  if (!node.inputs.includes(from)) return node;
  return { ...node, inputs: node.inputs.map((name) => name === from ? to : name) };
}

/** The layer with its outputs multiplied and added to. */
function scaleOutputs(node: Node, { scale, shift }: Affine): Node {
  const { shape, data } = node.weights!;
  const taps = data.length / shape[0]!;
  return {
    ...node,
    weights: { shape, data: data.map((w, i) => w * scale[Math.floor(i / taps)]!) },
    bias: node.bias!.map((b, o) => b * scale[o]! + shift[o]!),
  };
}

/** The layer for inputs that are not yet multiplied and added to; undefined if there is none. */
function scaleInputs(node: Node, { scale, shift }: Affine): Node | undefined {
  const moves = shift.some((value) => value !== 0);
  if (node.op !== "dense") {
    const { padding } = node.attributes as Window;
    const padded = Object.values(padding).some((count) => count > 0);
    // Beside zeros, transposed convolution also leaves out taps.
    if (moves && (padded || node.op === "conv2d_transpose")) return undefined;
  }
  const channelOf = inputChannels(node, scale.length);
  if (channelOf === undefined) return undefined;
  const { shape, data } = node.weights!;
  const taps = data.length / shape[0]!;
  return {
    ...node,
    weights: { shape, data: data.map((w, i) => w * scale[channelOf(i)]!) },
    bias: node.bias!.map((b, o) => {
      let sum = b;
      for (let i = o * taps; i < (o + 1) * taps; i++) sum += data[i]! * shift[channelOf(i)]!;
      return sum;
    }),
  };
}

/** The input channel that each weight multiplies. */
function inputChannels(node: Node, channels: number): ((index: number) => number) | undefined {
  const { shape, data } = node.weights!;
  const outputs = shape[0]!;
  const taps = data.length / outputs;
  if (node.op === "depthwise_conv2d") {
    return outputs % channels === 0
      ? (i) => Math.floor(i / taps / (outputs / channels))
      : undefined;
  }
  const depth = node.op === "dense" ? channels : shape.at(-1)!;
  const groups = channels / depth;
  if (taps % depth !== 0 || !Number.isInteger(groups)) return undefined;
  return (i) => Math.floor(Math.floor(i / taps) / (outputs / groups)) * depth + i % depth;
}

/** A normalization as a convolution of each channel by itself, for inputs of any shape. */
function asDepthwise(node: Node, { scale, shift }: Affine, graph: Graph): Node[] {
  const shape = graph.tensors.get(node.output)!;
  const channels = scale.length;
  const window = { kernel: [1, 1], stride: [1, 1], dilation: [1, 1], padding: noPadding };
  const convolution: Node = {
    ...node,
    op: "depthwise_conv2d",
    attributes: window,
    weights: { shape: [channels, 1, 1], data: Float32Array.from(scale) },
    bias: Float32Array.from(shift),
  };
  delete (convolution as { parameters?: unknown }).parameters;
  if (shape.length === 3) return [convolution];
  const [before, image] = [`${node.name}/image`, `${node.name}/normalized`];
  const none = { activation: "none" } as const;
  const rows = [1, elements(shape) / channels, channels];
  const common = { ...none, op: "reshape" };
  return [
    { ...common, name: before, inputs: node.inputs, output: before, attributes: { shape: rows } },
    { ...convolution, inputs: [before], output: image },
    {
      ...common,
      name: `${node.name}/reshape`,
      inputs: [image],
      output: node.output,
      attributes: { shape },
    },
  ];
}
