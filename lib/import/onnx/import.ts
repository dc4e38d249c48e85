import { UserError } from "../../errors.ts";
import { removeDead } from "../../graph/passes/remove_dead.ts";
import { verify } from "../../graph/verify.ts";
import { opOf } from "../../ops/mod.ts";
import { elements, formatShape } from "../../ops/op.ts";
import type { EdgeType, Graph, Model, Node, Rounding, Shape } from "../../types.ts";
import { Unsupported } from "../unsupported.ts";
import { combine, scalarOf } from "./broadcast.ts";
import { Context, type Converter, isValue } from "./context.ts";
import { elementwise } from "./elementwise.ts";
import { GraphParts } from "./graph_parts.ts";
import { fold, isFoldable } from "./fold.ts";
import { linear } from "./linear.ts";
import { inputOrder, sorted } from "./order.ts";
import { recogniseFunctions } from "./patterns.ts";
import { pools } from "./pools.ts";
import { quantized } from "./quantized.ts";
import { recurrent } from "./recurrent.ts";
import { reductions } from "./reductions.ts";
import { type OnnxFile, type OnnxNode, type OnnxPort, OPSETS, readOnnx } from "./schema.ts";
import { shapes } from "./shapes.ts";
import { type Constant, readTensor, typeOf } from "./tensor.ts";
import { axisOrder, isPlain, orderedValue, type Value } from "./value.ts";

const converters: Readonly<Record<string, Converter>> = {
  ...elementwise,
  ...linear,
  ...pools,
  ...quantized,
  ...recurrent,
  ...reductions,
  ...shapes,
};

/** How a file is read other than as a network to be deployed; for tests. */
export interface OnnxOptions {
  /** Inputs that are given now, by name. */
  readonly constants?: ReadonlyMap<string, Constant>;
  /**
   * What becomes of the first dimension of the input: it must be 1 or open (`drop`), or stays
   * whatever it is (`keep`); `one` takes the first dimension that is longer than 1 for 1.
   */
  readonly batch?: "drop" | "keep" | "one";
  /** True: a network that computes nothing gets a product with 1. */
  readonly trivial?: boolean;
}

/** A graph, and how its input and output lie in comparison with ONNX's. */
export interface OnnxImport {
  readonly graph: Graph;
  readonly input: Value;
  readonly output: Value;
}

/**
 * Reads an ONNX model as a float graph: images with their channels last, without a batch dimension,
 * constants computed, and quantization that it brings kept as encodings and codes.
 *
 * @throws {UserError} naming the node and tensor that cannot be deployed, or the damage
 */
export function readOnnxModel(model: Model, options: OnnxOptions = {}): OnnxImport {
  const [bytes] = model.files.values();
  const file = readOnnx(bytes!, model.path);
  const parts = new GraphParts(model.files, file.opset);
  if (file.opset < OPSETS.oldest || file.opset > OPSETS.newest) {
    parts.notes.add(
      `${model.path} uses version ${file.opset} of the ONNX operators; intnic knows ` +
        `${OPSETS.oldest} to ${OPSETS.newest} and took it for the nearest of these.`,
    );
  }
  for (const [name, constant] of options.constants ?? []) parts.operands.set(name, constant);
  const nodes = recogniseFunctions(file);
  const [port, ...others] = file.outputs;
  if (port === undefined) throw new UserError(`${model.path} has no outputs.`);
  if (others.length > 0) {
    parts.notes.add(
      `The network's output is ${port.name}; its other outputs are left out: ` +
        `${others.map(({ name }) => name).join(", ")}.`,
    );
  }
  const inputs = file.inputs.filter(({ name }) =>
    !file.initializers.has(name) && !options.constants?.has(name)
  );
  const steps = sorted(nodes, port.name, {
    known: (name) =>
      file.initializers.has(name) || parts.operands.has(name) ||
      inputs.some((input) => input.name === name),
    path: model.path,
  });
  for (const name of [port.name, ...steps.flatMap((node) => node.inputs)]) parts.used.add(name);
  const input = addInput(inputs.filter(({ name }) => parts.used.has(name)), {
    steps,
    parts,
    model,
    options,
  });
  const unsupported = new Unsupported();
  for (const node of steps) {
    const context = new Context(node, parts);
    // Of what comes after a node that failed, nothing but the operator is looked at.
    if (isKnown(node) && !loadInputs(context, file, unsupported)) continue;
    unsupported.attempt(node.name, node.op, () => convert(context));
  }
  unsupported.end(model.path);
  const operand = parts.operands.get(port.name);
  if (!isValue(operand)) {
    throw new UserError(`The output ${port.name} of ${model.path} does not depend on its input.`);
  }
  const output = finishOutput(operand, port, parts, options.trivial === true);
  const edges = { input: edgeOf(inputs, input.tensor), output: edgeOf([port], port.name) };
  if (edges.input !== "float32" && !parts.encodings.has(input.tensor)) {
    throw new UserError(
      `The input ${input.tensor} of ${model.path} is made of whole numbers without a scale; intnic ` +
        `takes reals, or int8 and uint8 that are dequantized.`,
    );
  }
  return { graph: graphOf(model, parts, { input, output, edges }), input, output };
}

function graphOf(
  model: Model,
  parts: GraphParts,
  { input, output, edges }: {
    readonly input: Value;
    readonly output: Value;
    readonly edges: NonNullable<Graph["edges"]>;
  },
): Graph {
  parts.encodeBeforeActivations();
  const live = removeDead({ nodes: parts.nodes, output: output.tensor });
  const read = new Set([...live.nodes.flatMap(({ inputs }) => inputs), output.tensor]);
  const written = new Set([...live.nodes.map((node) => node.output), input.tensor]);
  const constants = new Map([...parts.constants].filter(([name]) => read.has(name)));
  const encodings = new Map(
    [...parts.encodings].filter(([name]) => constants.has(name) || written.has(name)),
  );
  return verify({
    name: model.name,
    nodes: live.nodes,
    ...(constants.size > 0 ? { constants } : {}),
    ...(encodings.size > 0 ? { encodings, rounding: roundingOf(live.nodes, parts) } : {}),
    input: input.tensor,
    output: output.tensor,
    edges,
    ...(parts.inputOrder === undefined ? {} : { inputOrder: parts.inputOrder }),
    notes: [...parts.notes],
  }, parts.shapeOf(input.tensor));
}

/**
 * The rule `single`, which is nearest to what ONNX's operators say, unless a layer's output steps
 * are finer than four of its accumulator's: then `tflite`, which has them too.
 */
function roundingOf(nodes: readonly Node[], parts: GraphParts): Rounding {
  const fine = nodes.some(({ codes, inputs, output }) => {
    const [from, to] = [parts.encodingOf(inputs[0]!), parts.encodingOf(output)];
    if (codes === undefined || from === undefined || to === undefined) return false;
    return codes.scales.some((scale) => from.scale * scale / to.scale >= 0.25);
  });
  return fine ? "tflite" : "single";
}

/** Makes the constants that a node reads known; false if one of its inputs has failed. */
function loadInputs(context: Context, file: OnnxFile, unsupported: Unsupported): boolean {
  const { node, parts } = context;
  for (const name of node.inputs) {
    if (name === "" || parts.operands.has(name)) continue;
    const message = file.initializers.get(name);
    if (message === undefined) return false;
    const tensor = unsupported.attempt(
      node.name,
      node.op,
      () => readTensor(message, name, parts.files),
    );
    if (tensor === undefined) return false;
    parts.operands.set(name, tensor);
  }
  return true;
}

/** True for operators that are converted, or computed at import. */
function isKnown({ op }: OnnxNode): boolean {
  return Object.hasOwn(converters, op) || isFoldable(op);
}

function convert(context: Context): void {
  const { node, parts } = context;
  const folded = fold(context);
  const converter = Object.hasOwn(converters, node.op) ? converters[node.op] : undefined;
  if (folded === undefined && converter === undefined) {
    throw new UserError(
      `Node ${node.name} is the operator ${node.op}, which intnic cannot deploy.`,
    );
  }
  const outputs = folded ?? converter!(context);
  outputs.forEach((operand, i) => {
    const name = node.outputs[i] ?? "";
    if (name === "") return;
    if (isValue(operand) && operand.shape.includes(0)) {
      throw context.error(
        `makes a tensor of shape ${formatShape(operand.shape)}, without elements`,
      );
    }
    parts.operands.set(name, operand);
  });
}

/** The type of the numbers of a port; reals of all sizes are taken for float32. */
function edgeOf(ports: readonly OnnxPort[], name: string): EdgeType {
  const type = typeOf(ports.find((port) => port.name === name)?.type ?? 1);
  return type === "int8" || type === "uint8" || type === "int32" || type === "int64"
    ? type
    : "float32";
}

/** Makes the network's input known. */
function addInput(
  inputs: readonly OnnxPort[],
  { steps, parts, model, options }: {
    readonly steps: Parameters<typeof inputOrder>[0];
    readonly parts: GraphParts;
    readonly model: Model;
    readonly options: OnnxOptions;
  },
): Value {
  const [port] = inputs;
  if (port === undefined || inputs.length > 1) {
    throw new UserError(
      `${model.path} has ${inputs.length} inputs${
        port === undefined ? "" : ` (${inputs.map(({ name }) => name).join(", ")})`
      }; intnic deploys networks with one.`,
    );
  }
  const type = typeOf(port.type);
  if (type !== "float" && type !== "int8" && type !== "uint8") {
    throw new UserError(
      `The input ${port.name} of ${model.path} is of ONNX data type ${port.type} (${
        type ?? "unknown"
      }); intnic takes reals, int8 and uint8.`,
    );
  }
  const shape = inputShape(port, model.path, options.batch);
  const order = inputOrder(steps, port.name, shape);
  const axes = order.filter((axis) => axis > 0 || shape[0] !== 1 || shape.length === 1);
  const dimensions = axes.length === 0 ? [1] : axes.map((axis) => shape[axis]!);
  parts.shapes.set(port.name, dimensions);
  const value = orderedValue(port.name, shape, axes);
  parts.operands.set(port.name, value);
  if (!isPlain(value)) parts.notes.add(noteOf("input", value));
  const dropped = axes.includes(0) ? 0 : 1;
  if (axes.some((axis, i) => axis !== i + dropped)) {
    const own = axes.map((axis) => axis - dropped);
    parts.inputOrder = { shape: shape.slice(dropped), axes: own };
  }
  return value;
}

/** The input's shape with a batch of one. */
function inputShape(
  { name, shape }: OnnxPort,
  path: string,
  batch: OnnxOptions["batch"] = "drop",
): Shape {
  if (shape === undefined) throw new UserError(`The input ${name} of ${path} has no shape.`);
  const long = shape.findIndex((d) => d !== 1);
  const fixed = shape.map((d, axis) => {
    if (batch === "one" && axis === long) return 1;
    if (typeof d === "number" && d > 0) return d;
    // A recurrent network's batch may be its second dimension.
    if (axis === 0 || (axis === 1 && shape.length === 3 && typeof shape[0] === "number")) return 1;
    throw new UserError(
      `The input ${name} of ${path} has no fixed size for dimension ${axis} (${
        d ?? "?"
      }); export ` +
        `the model with fixed sizes, all but the batch.`,
    );
  });
  if (!fixed.every(Number.isSafeInteger) || fixed.length > 8 || elements(fixed) > 2 ** 28) {
    throw new UserError(`The input ${name} of ${path} has the impossible shape [${shape}].`);
  }
  const sequence = fixed.length === 3 && fixed[1] === 1;
  if (batch === "drop" && fixed.length > 1 && fixed[0] !== 1 && !sequence) {
    throw new UserError(
      `The input ${name} of ${path} is a batch of ${fixed[0]} (${
        formatShape(fixed)
      }); intnic runs ` +
        `one sample at a time: export the model with a batch of 1 or an open one.`,
    );
  }
  return fixed;
}

/** The output with each of its dimensions in one piece. */
function finishOutput(
  value: Value,
  port: OnnxPort,
  parts: GraphParts,
  trivial: boolean,
): Value {
  const node = { name: port.name, op: "output", inputs: [], outputs: [], attributes: new Map() };
  const context = new Context(node, parts);
  let output = axisOrder(value) === undefined ? context.plain(value) : value;
  if (trivial && !parts.nodes.some(({ op }) => opOf(op).emit !== undefined)) {
    output = combine(context, "mul", output, scalarOf(1));
  }
  if (!isPlain(output)) parts.notes.add(noteOf("output", output));
  return output;
}

function noteOf(what: string, value: Value): string {
  const axes = axisOrder(value)!;
  return `The ${what} ${value.tensor}, ${
    formatShape(value.shape)
  } in the model, has its dimensions ` +
    `in the order ${axes.join(", ")} here: ${formatShape(axes.map((axis) => value.shape[axis]!))}.`;
}
