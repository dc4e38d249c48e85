import { opOf } from "../../ops/mod.ts";
import type { Pad } from "../../ops/pad.ts";
import type { Slice } from "../../ops/slice.ts";
import type { Transpose } from "../../ops/transpose.ts";
import type { Graph, Node, Shape } from "../../types.ts";
import { verify } from "../verify.ts";
import { removeDead } from "./remove_dead.ts";

/**
 * Leaves out nodes whose output is one of their inputs: reshapes to the same shape, transposes by
 * the identity, slices of everything, pads by nothing, a concat of one, add or sub of 0, mul by 1.
 * Reshapes of reshapes and transposes of transposes become one; a transpose that moves only
 * dimensions of 1 becomes a reshape, which costs nothing.
 *
 * Where the model says how the output is quantized, arithmetic stays as it is: it may be there to
 * change the scale.
 */
export function removeNoops(graph: Graph): Graph {
  const nodes: Node[] = [];
  // Of each tensor whose node was left out, the one that has the same values.
  const aliases = new Map<string, string>();
  const resolve = (name: string) => aliases.get(name) ?? name;
  const producers = new Map<string, Node>();
  for (const original of graph.nodes) {
    const inputs = original.inputs.map(resolve);
    const node = simplify({ ...original, inputs }, graph, producers);
    const same = passedThrough(node, graph);
    // Something has to write the output.
    const needed = node.output === graph.output && same !== undefined && !producers.has(same);
    if (same !== undefined && !needed) {
      aliases.set(node.output, same);
    } else {
      nodes.push(node);
      producers.set(node.output, node);
    }
  }
  const smaller = removeDead({ ...graph, nodes, output: resolve(graph.output) });
  // A network of nothing else keeps what it has.
  if (!smaller.nodes.some(({ op }) => opOf(op).emit !== undefined)) return graph;
  return verify(smaller, graph.tensors.get(graph.input)!);
}

/** The same node with the moves before it taken in, or a cheaper one that does the same. */
function simplify(node: Node, graph: Graph, producers: ReadonlyMap<string, Node>): Node {
  const [first = ""] = node.inputs;
  const before = producers.get(first);
  const merges = before?.op === node.op && before.activation === "none";
  if (node.op === "reshape") return merges ? { ...node, inputs: before.inputs } : node;
  if (node.op !== "transpose") return node;
  const { permutation } = node.attributes as Transpose;
  if (merges) {
    const inner = (before.attributes as Transpose).permutation;
    const attributes = { permutation: permutation.map((axis) => inner[axis]!) };
    return simplify({ ...node, inputs: before.inputs, attributes }, graph, producers);
  }
  const shape = graph.tensors.get(first)!;
  if (!isAscending(permutation.filter((axis) => shape[axis] !== 1)) || isAscending(permutation)) {
    return node;
  }
  const attributes = { shape: graph.tensors.get(node.output)! };
  return simplify({ ...node, op: "reshape", attributes }, graph, producers);
}

/** The input that the node's output is equal to, if there is one. */
function passedThrough({ op, inputs, output, attributes, activation }: Node, graph: Graph) {
  const [first, second] = inputs as [string, string?];
  const shape = (name: string): Shape => graph.tensors.get(name)!;
  const sameShape = (name: string) => String(shape(name)) === String(shape(output));
  if (activation !== "none") return undefined;
  switch (op) {
    case "reshape":
      return sameShape(first) ? first : undefined;
    case "transpose":
      return isAscending((attributes as Transpose).permutation) ? first : undefined;
    case "slice":
      return sameShape(first) && (attributes as Slice).stride.every((step) => step > 0)
        ? first
        : undefined;
    case "pad": {
      const { before, after } = attributes as Pad;
      return [...before, ...after].every((count) => count === 0) ? first : undefined;
    }
    case "concat":
      return inputs.length === 1 && keepsEncoding(graph, first, output) ? first : undefined;
    case "add":
    case "sub":
    case "mul": {
      if (graph.encodings?.has(output)) return undefined;
      const neutral = op === "mul" ? 1 : 0;
      if (sameShape(first) && isAll(graph, second!, neutral)) return first;
      const swaps = op !== "sub" && sameShape(second!) && isAll(graph, first, neutral);
      return swaps ? second : undefined;
    }
    default:
      return undefined;
  }
}

function isAscending(list: readonly number[]): boolean {
  return list.every((value, i) => i === 0 || value > list[i - 1]!);
}

/** True if a tensor is a constant that holds nothing but `value`. */
function isAll(graph: Graph, tensor: string, value: number): boolean {
  return graph.constants?.get(tensor)?.data.every((other) => other === value) ?? false;
}

/** True if the model does not ask for another scale or zero point behind the node. */
function keepsEncoding({ encodings }: Graph, input: string, output: string): boolean {
  const [before, after] = [encodings?.get(input), encodings?.get(output)];
  return after === undefined ||
    (before?.scale === after.scale && before.zeroPoint === after.zeroPoint);
}
