import { opOf } from "../ops/mod.ts";
import { elements, type Emission } from "../ops/op.ts";
import type { CLayer, CProgram, QuantizedGraph, QuantizedNode } from "../types.ts";
import { type ArenaPlan, type Place, planArena } from "./arena.ts";
import { indent, toIdentifiers } from "./literals.ts";
import { arenaComment, describeTensor, header, layerComment, titleComment } from "./text.ts";
import { q16Entry } from "./q16.ts";

/** C source of the kernels, by file name without extension; see `loadKernels`. */
export type KernelSources = ReadonlyMap<string, string>;

/** A layer that has code. */
interface Emitted {
  readonly node: QuantizedNode;
  readonly identifier: string;
  readonly emission: Emission;
}

/**
 * Writes a quantized graph as plain C: `model.h` and `model.c`, C99, self-contained but for
 * `<stdint.h>`, integer arithmetic only, no library calls, no allocation.
 *
 * The header declares `model_infer` (int8 in and out), `model_infer_in` (the same, with the
 * caller's arena) and, where the scales allow, `model_infer_q16` (Q16.16 in and out).
 */
export function generateC(graph: QuantizedGraph, kernels: KernelSources): CProgram {
  const layers = emitLayers(graph);
  const arena = planArena(
    graph,
    new Map(layers.map(({ node, emission }) => [node.name, emission.scratchBytes])),
  );
  const input = graph.tensors.get(graph.input)!;
  const output = graph.tensors.get(graph.output)!;
  const sizes = {
    input: elements(input.shape),
    output: elements(output.shape),
    arena: Math.max(1, arena.bytes),
  };
  const q16 = q16Entry(input, output);
  const used = new Set(layers.flatMap(({ emission }) => emission.kernels));
  const rest = q16.kernels.filter((name) => !used.has(name));
  const sources = (names: Iterable<string>) =>
    [...names].map((name) => kernels.get(name) ?? missingKernel(name));
  const source = [
    titleComment(graph, layers.map(({ node }) => node)),
    `#include "model.h"\n`,
    LAYER_MACRO,
    ...sources(used),
    ...layers.map((layer) => layerFunction(layer, graph)),
    arenaComment(arena),
    runFunction(layers, graph, arena),
    ENTRIES,
    ...sources(rest),
    q16.source,
    "#endif\n",
  ];
  return {
    name: graph.name,
    files: new Map([
      ["model.h", header(graph, sizes, q16.supported)],
      ["model.c", source.filter((part) => part !== "").join("\n")],
    ]),
    arena: { bytes: arena.bytes, slots: arena.slots },
    layers: layers.map((layer) => describeLayer(layer, graph, arena)),
    inputBytes: sizes.input,
    outputBytes: sizes.output,
  };
}

// Kept as functions of their own, the layers can be told apart in a debugger and a profile.
const LAYER_MACRO = `#if defined(__GNUC__) && !defined(__clang__)
#define MODEL_LAYER static __attribute__((noinline, noclone))
#elif defined(__clang__)
#define MODEL_LAYER static __attribute__((noinline))
#else
#define MODEL_LAYER static
#endif
`;

const ENTRIES = `void model_infer_in(void *arena, const int8_t *input, int8_t *output)
{
    model_run((int8_t *)arena, input, output);
}

#ifndef MODEL_CALLER_ARENA

static union {
    int8_t bytes[MODEL_ARENA_SIZE];
    int32_t aligned;
} model_arena;

void model_infer(const int8_t *input, int8_t *output)
{
    model_run(model_arena.bytes, input, output);
}
`;

function emitLayers(graph: QuantizedGraph): Emitted[] {
  const nodes = graph.nodes.filter((node) => opOf(node.op).emit !== undefined);
  const identifiers = toIdentifiers(nodes.map((node) => node.name));
  return nodes.map((node, i) => {
    const context = {
      inputs: node.inputs.map((name) => graph.tensors.get(name)!),
      output: graph.tensors.get(node.output)!,
    };
    const identifier = identifiers[i]!;
    return { node, identifier, emission: opOf(node.op).emit!(node, context, identifier) };
  });
}

function layerFunction({ node, identifier, emission }: Emitted, graph: QuantizedGraph): string {
  const scratch = emission.scratchBytes > 0 ? ", int8_t *scratch" : "";
  return `${layerComment(node, graph)}
${emission.constants}
MODEL_LAYER void model_layer_${identifier}(const int8_t *x${scratch}, int8_t *y)
{
${indent(emission.body)}
}
`;
}

function runFunction(layers: readonly Emitted[], graph: QuantizedGraph, arena: ArenaPlan): string {
  const calls = layers.map(({ node, identifier, emission }) => {
    const x = pointer(arena.places.get(node.inputs[0]!)!);
    const y = pointer(arena.places.get(node.output)!);
    const scratch = emission.scratchBytes > 0
      ? `, ${pointer({ offset: arena.scratch.get(node.name)! })}`
      : "";
    return `model_layer_${identifier}(${x}${scratch}, ${y});`;
  });
  const unused = arena.bytes === 0 ? "(void)arena;\n" : "";
  return `/* ${describeTensor("input", graph.tensors.get(graph.input)!)} -> ${
    describeTensor("output", graph.tensors.get(graph.output)!)
  } */
static void model_run(int8_t *arena, const int8_t *input, int8_t *output)
{
${indent(unused + calls.join("\n"))}
}
`;
}

function pointer(place: Place): string {
  if (typeof place === "string") return place;
  return place.offset === 0 ? "arena" : `arena + ${place.offset}`;
}

function describeLayer({ node, identifier, emission }: Emitted, graph: QuantizedGraph, {
  slots,
}: ArenaPlan): CLayer {
  const step = graph.nodes.indexOf(node);
  const live = slots.filter(({ from, to }) => from <= step && step <= to);
  return {
    name: node.name,
    op: node.op,
    macs: node.macs,
    symbol: `model_layer_${identifier}`,
    weightsSymbol: `model_weights_${identifier}`,
    weightBytes: emission.weightBytes,
    arenaBytes: live.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

function missingKernel(name: string): never {
  throw new Error(`The kernel ${name} was not loaded; loadKernels reads them all.`);
}
