import { UserError } from "../errors.ts";
import { optimize } from "../graph/passes/mod.ts";
import { removeDead } from "../graph/passes/remove_dead.ts";
import { verify } from "../graph/verify.ts";
import type { EdgeType, Graph, Model } from "../types.ts";
import { Builder, withoutBatch } from "./tflite/builder.ts";
import { Constants } from "./tflite/constants.ts";
import {
  readTflite,
  type TfliteFile,
  type TfliteOperator,
  type TfliteTensor,
} from "./tflite/file.ts";
import { converters } from "./tflite/operators.ts";
import { Unsupported } from "./unsupported.ts";

/**
 * Imports a TensorFlow Lite model: float32, float32 with float16 or int8 weights, or int8
 * throughout, where every tensor keeps the scale that the file gives it and the rounding rule is
 * TensorFlow Lite's. A float32 or uint8 input or output of an int8 model is the int8 tensor behind
 * it; `Graph.edges` says so.
 *
 * @throws {UserError} naming the layers that intnic cannot deploy, or the damage
 */
export function importTflite(model: Model): Graph {
  const [bytes] = model.files.values() as IterableIterator<Uint8Array>;
  const file = readTflite(bytes!, model.path);
  const input = only(file.inputs, "input", model.path);
  const output = only(file.outputs, "output", model.path);
  const build = new Builder(new Constants(bytes!.length));
  const inputEdge = edgeType(input, ["float32", "int8", "uint8"]);
  const { encoding } = inner(input, file);
  build.input(input, encoding);
  convert(file, build, model.name);
  if (!build.has(output)) {
    throw new UserError(`The output ${output.name} of ${model.path} is written by no layer.`);
  }
  const outputEdge = edgeType(output, ["float32", "int8", "uint8", "int32", "int64"]);
  const quantized = build.encodings.size > 0;
  const notes = file.subgraphs === 1
    ? []
    : [`The model has ${file.subgraphs} subgraphs; the first is deployed.`];
  const graph = removeDead({
    name: model.name,
    nodes: build.nodes,
    input: build.read(input).name,
    output: build.read(output).name,
    constants: build.constantTensors,
    encodings: build.encodings,
    edges: { input: inputEdge, output: outputEdge },
    ...(quantized ? { rounding: "tflite" as const } : {}),
    notes,
  });
  const read = new Set(graph.nodes.flatMap(({ inputs }) => inputs));
  const constants = new Map([...graph.constants].filter(([name]) => read.has(name)));
  return optimize(verify({ ...graph, constants }, withoutBatch(input.shape)));
}

function only(tensors: readonly TfliteTensor[], what: string, path: string): TfliteTensor {
  if (tensors.length !== 1) {
    throw new UserError(`Model ${path} has ${tensors.length} ${what}s; intnic deploys one.`);
  }
  return tensors[0]!;
}

function edgeType(tensor: TfliteTensor, types: readonly EdgeType[]): EdgeType {
  const type = types.find((known) => known === tensor.type);
  if (type === undefined) {
    throw new UserError(
      `Tensor ${tensor.name}, at the edge of the network, holds ${tensor.type} values; intnic ` +
        `deploys ${types.join(", ")}.`,
    );
  }
  return type;
}

/**
 * The encoding of the network's input: its own, or, where a float32 input is first of all quantized,
 * the one that it gets there.
 */
function inner(input: TfliteTensor, { operators }: TfliteFile) {
  if (input.type !== "float32") return { encoding: input.encoding() };
  const readers = operators.filter(({ inputs }) => inputs.includes(input));
  const [first] = readers;
  if (readers.length !== 1 || first?.kind !== "QUANTIZE" || first.output.type !== "int8") {
    return { encoding: undefined };
  }
  return { encoding: first.output.encoding() };
}

/** Adds the nodes of all operators; what depends on an operator that failed is passed over. */
function convert({ operators }: TfliteFile, build: Builder, name: string): void {
  const unsupported = new Unsupported();
  const failed = new Set<TfliteTensor>();
  for (const operator of operators) {
    if (operator.inputs.some((tensor) => tensor !== undefined && failed.has(tensor))) {
      for (const tensor of operator.outputs) failed.add(tensor);
      if (Object.hasOwn(converters, operator.kind)) continue;
    }
    unsupported.attempt(operator.name, operator.kind, () => {
      for (const tensor of operator.outputs) failed.add(tensor);
      convertOperator(operator, build);
      for (const tensor of operator.outputs) failed.delete(tensor);
    });
  }
  unsupported.end(name);
}

function convertOperator(operator: TfliteOperator, build: Builder): void {
  const converter = Object.hasOwn(converters, operator.kind)
    ? converters[operator.kind]
    : undefined;
  if (converter === undefined) {
    throw new UserError(
      `Layer ${operator.name}${writes(operator)} is a ${operator.kind}, which intnic cannot ` +
        `deploy; it deploys ${Object.keys(converters).join(", ")}.`,
    );
  }
  requireTypes(operator, build);
  converter(operator, build);
}

function writes({ outputs }: TfliteOperator): string {
  return outputs[0] === undefined ? "" : `, which computes ${outputs[0].name},`;
}

/** Activations must all be float32 or all int8. */
function requireTypes(operator: TfliteOperator, build: Builder): void {
  const tensors = [
    ...operator.inputs.filter((tensor) => tensor !== undefined && !build.constants.has(tensor)),
    ...operator.outputs,
  ] as TfliteTensor[];
  const types = new Set(tensors.map(({ type }) => type));
  if (operator.kind === "QUANTIZE" || operator.kind === "DEQUANTIZE") {
    types.delete("uint8");
    if (types.has("float32")) types.delete("int8");
  }
  if (operator.kind === "ARG_MAX") {
    types.delete("int32");
    types.delete("int64");
  }
  const bad = tensors.find(({ type }) => type !== "float32" && type !== "int8" && types.has(type));
  if (bad !== undefined) {
    throw new UserError(
      `Layer ${operator.name} works on ${bad.type} values (tensor ${bad.name}); intnic deploys ` +
        `float32 and int8 activations.`,
    );
  }
  if (types.size > 1) {
    throw new UserError(
      `Layer ${operator.name} mixes ${[...types].join(" and ")} activations; they must be of one ` +
        `type.`,
    );
  }
}
