import { UserError } from "../../errors.ts";
import { activationRange } from "../../ops/activation.ts";
import { opOf } from "../../ops/mod.ts";
import type { Pad } from "../../ops/pad.ts";
import { sameEncoding } from "../../ops/recode.ts";
import type { Window } from "../../ops/window.ts";
import type { Graph, Node } from "../../types.ts";
import { verify } from "../verify.ts";

/**
 * Makes pads of height and width part of the windows that read them: zeros before a convolution or
 * an average pool that counts them, and before a max pool where they cannot be the largest or the
 * result is limited to what is not negative; the lowest values before a max pool. A pad whose every
 * reader takes it in is left out.
 */
export function foldPads(graph: Graph): Graph {
  const producers = new Map<string, Node>();
  let nodes = graph.nodes.map((original) => {
    let node = original;
    for (;;) {
      const pad = producers.get(node.inputs[0] ?? "");
      const folded = pad?.op === "pad" ? fold(node, pad as Node<Pad>, graph, producers) : undefined;
      if (folded === undefined) break;
      node = folded;
    }
    producers.set(node.output, node);
    return node;
  });
  // Backwards, so that of pads one behind the other all can go.
  for (const pad of nodes.filter(({ op }) => op === "pad").reverse()) {
    const read = pad.output === graph.output ||
      nodes.some(({ inputs }) => inputs.includes(pad.output));
    const folded = graph.nodes.some(({ inputs }) => inputs.includes(pad.output));
    if (!read && folded) nodes = nodes.filter((node) => node !== pad);
  }
  return verify({ ...graph, nodes }, graph.tensors.get(graph.input)!);
}

/** The node with the pad's rows and columns in its own padding, if that means the same. */
function fold(
  node: Node,
  pad: Node<Pad>,
  graph: Graph,
  producers: ReadonlyMap<string, Node>,
): Node | undefined {
  const { before, after, value } = pad.attributes;
  const [source] = pad.inputs as [string];
  if (before.length !== 3 || before[2] !== 0 || after[2] !== 0) return undefined;
  if (!keepsEncoding(graph, source, pad.output)) return undefined;
  const attributes = paddedAs(node, value, producers.get(source));
  if (attributes === undefined) return undefined;
  const { top, bottom, left, right } = attributes.padding;
  const padding = {
    top: top + before[0]!,
    bottom: bottom + after[0]!,
    left: left + before[1]!,
    right: right + after[1]!,
  };
  const folded = { ...node, inputs: [source], attributes: { ...attributes, padding } };
  return fits(folded, graph) ? folded : undefined;
}

/** The attributes with which padding of `value` becomes the op's own, if there are such. */
function paddedAs(node: Node, value: number, producer: Node | undefined): Window | undefined {
  const window = node.attributes as Window & { readonly countPadding?: boolean };
  switch (node.op) {
    case "conv2d":
    case "depthwise_conv2d":
      return value === 0 ? window : undefined;
    case "average_pool": {
      const { top, bottom, left, right } = window.padding;
      const counts = window.countPadding || top + bottom + left + right === 0;
      return value === 0 && counts ? { ...window, countPadding: true } as Window : undefined;
    }
    case "max_pool": {
      const notNegative = isNotNegative(node) ||
        (producer !== undefined && isNotNegative(producer));
      return value <= LOWEST || (value === 0 && notNegative) ? window : undefined;
    }
    default:
      return undefined;
  }
}

/** What exporters write for −∞ is no larger than this. */
const LOWEST = -1e30;

function isNotNegative({ op, activation }: Node): boolean {
  return op === "relu" || activationRange(activation)[0] >= 0;
}

/** False where a window would see nothing but padding, which a max pool cannot have. */
function fits(node: Node, graph: Graph): boolean {
  try {
    opOf(node.op).infer(node, node.inputs.map((name) => graph.tensors.get(name)!));
    return true;
  } catch (error) {
    if (error instanceof UserError) return false;
    throw error;
  }
}

/** True unless the model gives the padded tensor a scale and zero point of its own. */
function keepsEncoding({ encodings }: Graph, source: string, padded: string): boolean {
  const [before, after] = [encodings?.get(source), encodings?.get(padded)];
  return after === undefined || (before !== undefined && sameEncoding(before, after));
}
