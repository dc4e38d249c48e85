import { elements } from "../../ops/op.ts";
import type { Activation, NodeContext, Value } from "./values.ts";

/** Adds constants to the bias of the operation that gives `value`, if it is one that has a bias. */
function mergeBias(context: NodeContext, value: Activation, added: Float32Array): boolean {
  const { builder } = context;
  const writer = (tensor: string) => builder.nodes.find(({ output }) => output === tensor);
  let node = writer(value.tensor);
  if (node?.op === "reshape" && builder.shape(node.output).at(-1) === added.length) {
    node = writer(node.inputs[0]!);
  }
  if (node?.bias?.length !== added.length) return false;
  const bias = node.bias.map((b, i) => b + added[i]!);
  builder.replace(node.output, (before) => ({ ...before, bias }));
  return true;
}

/**
 * Makes an addition of one constant a channel part of the convolution or product before it, where
 * nothing else reads that; undefined if it must stay an operation of its own.
 *
 * @param sign −1 where the constant is subtracted
 */
export function addBias(context: NodeContext, sign: 1 | -1): Value[] | undefined {
  const [first, second] = context.inputs;
  const swapped = first?.kind === "constant" && sign === 1;
  const at = swapped ? 1 : 0;
  const value = swapped ? second : first;
  const constant = swapped ? first : second;
  if (value?.kind !== "activation" || constant?.kind !== "constant") return undefined;
  const channels = value.shape.at(-1)!;
  const whole = constant.shape.at(-1) === channels && elements(constant.shape) === channels;
  if (!whole || constant.shape.length > value.shape.length || !context.soleReader(at)) {
    return undefined;
  }
  const added = Float32Array.from(constant.data, (b) => sign * b);
  return mergeBias(context, value, added) ? [value] : undefined;
}
