import { elements, type QuantizedContext } from "../ops/op.ts";
import type { Window } from "../ops/window.ts";
import type { QuantizedNode, QuantizedTensor } from "../types.ts";

/** A run of rows of an image: the first, and the one behind the last. */
export type Rows = readonly [from: number, to: number];

/** A layer that computes some rows of its output from some rows of its input, as one of its own. */
export interface Strip {
  readonly node: QuantizedNode;
  readonly context: QuantizedContext;
  /** The rows of its input that it sees. */
  readonly input: Rows;
}

/** Ops with a window that slides over rows. */
const windowed: ReadonlySet<string> = new Set([
  "conv2d",
  "depthwise_conv2d",
  "max_pool",
  "average_pool",
]);

/** Whether a layer can be computed in strips of rows. */
export function comesInStrips(node: QuantizedNode, { inputs, output }: QuantizedContext): boolean {
  if (output.shape.length !== 3 || "pool" in node.attributes) return false;
  if (windowed.has(node.op)) return true;
  return node.op === "add" && inputs.every(({ shape }) => same(shape, output.shape));
}

/** The layer that computes those rows of a layer's output. Padding is left where it is seen. */
export function stripOf(node: QuantizedNode, context: QuantizedContext, rows: Rows): Strip {
  const [from, to] = rows;
  const output = withRows(context.output, to - from);
  const macs = Math.round(node.macs * (to - from) / context.output.shape[0]!);
  if (!windowed.has(node.op)) {
    const inputs = context.inputs.map((tensor) => withRows(tensor, to - from));
    return { node: { ...node, macs }, context: { ...context, inputs, output }, input: rows };
  }
  const window = node.attributes as Window;
  const { kernel, stride, dilation, padding } = window;
  const height = context.inputs[0]!.shape[0]!;
  const first = from * stride[0] - padding.top;
  const end = (to - 1) * stride[0] - padding.top + (kernel[0] - 1) * dilation[0] + 1;
  // A window that lies wholly outside still has to be told how far.
  const input: Rows = [
    Math.min(height - 1, Math.max(0, first)),
    Math.max(1, Math.min(height, end)),
  ];
  const attributes = {
    ...window,
    padding: { ...padding, top: input[0] - first, bottom: end - input[1] },
  };
  const inputs = [withRows(context.inputs[0]!, input[1] - input[0])];
  return {
    node: { ...node, macs, attributes },
    context: { ...context, inputs, output },
    input,
  };
}

/** Bytes of one row of an image. */
export function rowBytes({ shape }: QuantizedTensor): number {
  return elements(shape.slice(1));
}

function withRows(tensor: QuantizedTensor, rows: number): QuantizedTensor {
  return { ...tensor, shape: [rows, ...tensor.shape.slice(1)] };
}

function same(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, i) => size === b[i]);
}
