import { elements } from "../ops/op.ts";
import type { CLayer, CProgram, Optimize, QuantizedGraph, QuantizedNode } from "../types.ts";
import type { Chain } from "./chain.ts";
import type { Emitted } from "./layers.ts";
import { type Limits, planLayers } from "./limits.ts";

import { type KernelSources, kernelText } from "./kernel_text.ts";
import type { ArenaPlan, Place } from "./arena.ts";
import { formatList, indent, toComment, toIdentifiers } from "./literals.ts";
import { arenaComment, describeTensor, header, layerComment, titleComment } from "./text.ts";
import { q16Entry } from "./q16.ts";

/** How to write a program. */
export interface GenerateOptions {
  /** Default `balanced`. */
  readonly optimize?: Optimize;
  /**
   * Write every layer's output, one after the other in the order of `CProgram.layers`, behind the
   * network's own; for looking at a program, not for use: no layers are computed in strips. Default
   * false.
   */
  readonly trace?: boolean;
  /** What the program must fit into; where the level's best is too large, the next best is taken. */
  readonly limits?: Limits;
}

/**
 * Writes a quantized graph as plain C: `model.h` and `model.c`, C99, self-contained but for
 * `<stdint.h>`, integer arithmetic only, no library calls, no allocation.
 *
 * The header declares `model_infer` (int8 in and out), `model_infer_in` (the same, with the
 * caller's arena) and, where the scales allow, `model_infer_q16` (Q16.16 in and out).
 */
export function generateC(
  network: QuantizedGraph,
  kernels: KernelSources,
  { optimize = "balanced", trace = false, limits }: GenerateOptions = {},
): CProgram {
  const { graph, layers, arena } = planLayers(network, { kernels, optimize }, {
    strips: !trace,
    ...(limits === undefined ? {} : { limits }),
  });
  const input = graph.tensors.get(graph.input)!;
  const output = graph.tensors.get(graph.output)!;
  const size = (tensor: string) => elements(graph.tensors.get(tensor)!.shape);
  const traced = trace ? layers.reduce((sum, { node }) => sum + size(node.output), 0) : 0;
  const sizes = {
    input: size(graph.input),
    output: size(graph.output) + traced,
    arena: Math.max(1, arena.bytes),
  };
  const q16 = trace
    ? { supported: false, kernels: [], source: "" }
    : q16Entry(input, output, graph.rounding);
  const stateful = arena.state.size > 0;
  const used = new Set(layers.flatMap(({ emission }) => emission.kernels));
  const rest = q16.kernels.filter((name) => !used.has(name));
  const sources = (names: Iterable<string>) => [...names].map((name) => kernelText(kernels, name));
  const source = [
    titleComment(graph, layers.map(({ node }) => node)),
    `#include "model.h"\n`,
    LAYER_MACRO,
    ...sources(used),
    ...layers.map((layer) => layerFunction(layer, graph)),
    constantTensors(graph),
    arenaComment(arena),
    trace ? TRACE : "",
    runFunction(layers, graph, arena, trace),
    resetFunction(layers, arena),
    ENTRIES,
    stateful ? RESET_ENTRY : "",
    ...sources(rest),
    q16.source,
    "#endif\n",
  ];
  return {
    name: graph.name,
    files: new Map([
      ["model.h", header(graph, sizes, { q16: q16.supported, stateful })],
      ["model.c", source.filter((part) => part !== "").join("\n")],
    ]),
    arena: { bytes: arena.bytes, slots: arena.slots },
    layers: layers.map((layer) => describeLayer(layer, graph, arena)),
    inputBytes: sizes.input,
    outputBytes: sizes.output,
    optimize,
    stateful,
  };
}

// Kept as functions of their own, the layers can be told apart in a debugger and a profile.
const LAYER_MACRO = `#if defined(__GNUC__) && !defined(__clang__)
#define MODEL_LAYER static __attribute__((noinline, noclone))
#elif defined(__clang__)
#define MODEL_LAYER static __attribute__((noinline))
/* Kernels bring small functions that not every model calls. */
#pragma clang diagnostic ignored "-Wunused-function"
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

const TRACE = `static void model_trace(const int8_t *from, int32_t bytes, int8_t *to)
{
    for (int32_t i = 0; i < bytes; i++)
        to[i] = from[i];
}
`;

const RESET_ENTRY = `void model_reset(void)
{
    model_reset_in(model_arena.bytes);
}
`;

function layerFunction(
  { node, identifier, emission, kernel, why, chain }: Emitted,
  graph: QuantizedGraph,
): string {
  const parameters = [
    ...(chain === undefined ? [] : ["int32_t strip"]),
    ...node.inputs.map((_, i) => `const int8_t *${i === 0 ? "x" : `x${i}`}`),
    ...(emission.scratchBytes > 0 ? ["int8_t *scratch"] : []),
    ...(emission.state === undefined ? [] : ["int8_t *state"]),
    "int8_t *y",
  ];
  return `${layerComment(node, graph, { kernel, why })}
${emission.constants}
MODEL_LAYER void model_layer_${identifier}(${parameters.join(", ")})
{
${indent(emission.body)}
}
`;
}

function runFunction(
  layers: readonly Emitted[],
  graph: QuantizedGraph,
  arena: ArenaPlan,
  trace: boolean,
): string {
  const constants = constantNames(graph);
  const place = (tensor: string) =>
    constants.get(tensor) ?? pointer(arena.places.get(tensor) as Exclude<Place, "constant">);
  const size = (tensor: string) => elements(graph.tensors.get(tensor)!.shape);
  let traced = size(graph.output);
  const calls = layers.map(({ node, identifier, chain }) => {
    const bytes = [arena.scratch.get(node.name), arena.state.get(node.name)]
      .filter((offset) => offset !== undefined)
      .map((offset) => pointer({ offset }));
    const strip = chain === undefined ? [] : ["strip"];
    const values = [...strip, ...node.inputs.map(place), ...bytes, place(node.output)];
    const call = `model_layer_${identifier}(${values.join(", ")});`;
    if (chain !== undefined) return chainLoop(chain, node, call);
    if (!trace) return call;
    const from = `${place(node.output)}, ${size(node.output)}`;
    const to = `output + ${traced}`;
    traced += size(node.output);
    return `${call}\nmodel_trace(${from}, ${to});`;
  });
  // A network may give the same whatever it is given.
  const reads = graph.nodes.some(({ inputs }) => inputs.includes(graph.input));
  const unused = (arena.bytes === 0 ? "(void)arena;\n" : "") + (reads ? "" : "(void)input;\n");
  return `/* ${describeTensor("input", graph.tensors.get(graph.input)!)} -> ${
    describeTensor("output", graph.tensors.get(graph.output)!)
  } */
static void model_run(int8_t *arena, const int8_t *input, int8_t *output)
{
${indent(unused + calls.join("\n"))}
}
`;
}

/** A layer's call in the loop over the strips of its chain, or the part of that loop it is. */
function chainLoop({ layers, strips }: Chain, node: QuantizedNode, call: string): string {
  const head = node === layers[0]!.node
    ? `for (int32_t strip = 0; strip < ${strips}; strip++) {\n`
    : "";
  return `${head}${indent(call)}${node === layers.at(-1)!.node ? "\n}" : ""}`;
}

/** Definitions of the tensors that never change. */
function constantTensors(graph: QuantizedGraph): string {
  return [...constantNames(graph)].map(([tensor, name]) => {
    const codes = graph.constants.get(tensor)!;
    return `/* ${toComment(tensor)}: ${describeTensor("int8", graph.tensors.get(tensor)!)} */
static const int8_t ${name}[${codes.length}] = {\n${formatList(codes)}\n};
`;
  }).join("\n");
}

/** The C array of each constant tensor. */
function constantNames(graph: QuantizedGraph): Map<string, string> {
  const tensors = [...graph.constants.keys()];
  const identifiers = toIdentifiers(tensors);
  return new Map(tensors.map((tensor, i) => [tensor, `model_constant_${identifiers[i]}`]));
}

/** Puts the state of all layers back to the start; nothing if there is none. */
function resetFunction(layers: readonly Emitted[], arena: ArenaPlan): string {
  if (arena.state.size === 0) return "";
  const blocks = layers.filter(({ emission }) => emission.state !== undefined).map(
    ({ node, emission }) => {
      const at = pointer({ offset: arena.state.get(node.name)! });
      return `{\n${indent(`int8_t *state = ${at};\n\n${emission.state!.reset}`)}\n}`;
    },
  );
  return `void model_reset_in(void *memory)
{
    int8_t *arena = (int8_t *)memory;

${indent(blocks.join("\n"))}
}
`;
}

function pointer(place: Exclude<Place, "constant">): string {
  if (typeof place === "string") return place;
  return place.offset === 0 ? "arena" : `arena + ${place.offset}`;
}

function describeLayer(
  { node, identifier, emission, kernel, why }: Emitted,
  graph: QuantizedGraph,
  {
    slots,
  }: ArenaPlan,
): CLayer {
  const step = graph.nodes.indexOf(node);
  const live = slots.filter(({ from, to }) => from <= step && step <= to);
  return {
    name: node.name,
    op: node.op,
    macs: node.macs,
    kernel,
    why,
    symbol: `model_layer_${identifier}`,
    weightsSymbol: `model_weights_${identifier}`,
    weightBytes: emission.weightBytes,
    arenaBytes: live.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}
