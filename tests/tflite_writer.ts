import { Builder } from "npm:flatbuffers@25.9.23";
import { fields, operatorCode, type TensorType, tensorTypes } from "../lib/import/tflite/schema.ts";
import type { Shape } from "../lib/types.ts";

/** Scales and zero points as a file has them. */
export interface Quantization {
  readonly scales: readonly number[];
  readonly zeroPoints: readonly number[];
  readonly dimension?: number;
}

/** A tensor of a file to be written. */
export interface TensorParts {
  readonly name?: string;
  readonly type: TensorType;
  readonly shape: Shape;
  readonly quantization?: Quantization;
  /** Of a constant. */
  readonly data?: ArrayBufferView;
}

/** One field of a table of options: its number, how it is stored, its value. */
export type OptionField = readonly [field: number, type: "i8" | "i32" | "f32", value: number];

/** An operator of a file to be written; tensors by number. */
export interface OperatorParts {
  readonly kind: string;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly options?: { readonly union: number; readonly fields: readonly OptionField[] };
}

/**
 * Builds TensorFlow Lite files, one tensor and operator at a time. Only what tests need: one
 * subgraph, one buffer a constant.
 */
export class TfliteWriter {
  readonly #tensors: TensorParts[] = [];
  readonly #operators: OperatorParts[] = [];
  readonly #variables = new Set<number>();

  /** Adds a tensor and gives its number. */
  tensor(parts: TensorParts): number {
    return this.#tensors.push(parts) - 1;
  }

  /** Adds an operator; its outputs are tensors added before. */
  operator(parts: OperatorParts): void {
    this.#operators.push(parts);
  }

  /** Marks a tensor as one that keeps its values from one inference to the next. */
  markVariable(tensor: number): void {
    this.#variables.add(tensor);
  }

  /** The file, with these tensors at its edges. */
  finish(inputs: readonly number[], outputs: readonly number[], version = 3): Uint8Array {
    const file = new Builder(1024);
    // Buffer 0 is the empty one, for tensors that are computed.
    const constants = this.#tensors.filter(({ data }) => data !== undefined);
    const buffers = [undefined, ...constants].map((tensor) => {
      const data = tensor === undefined ? undefined : bytes(file, tensor.data!);
      file.startObject(1);
      if (data !== undefined) file.addFieldOffset(fields.buffer.data, data, 0);
      return file.endObject();
    });
    const tensors = this.#tensors.map((tensor, i) =>
      this.#writeTensor(file, tensor, i, 1 + constants.indexOf(tensor))
    );
    const kinds = [...new Set(this.#operators.map(({ kind }) => kind))];
    const operators = this.#operators.map((parts) => writeOperator(file, parts, kinds));
    const codes = kinds.map((kind) => writeCode(file, kind));
    const subgraph = this.#writeSubgraph(file, { tensors, operators, inputs, outputs });
    const model = {
      codes: offsets(file, codes),
      subgraphs: offsets(file, [subgraph]),
      buffers: offsets(file, buffers),
    };
    file.startObject(5);
    file.addFieldInt32(fields.model.version, version, 0);
    file.addFieldOffset(fields.model.operatorCodes, model.codes, 0);
    file.addFieldOffset(fields.model.subgraphs, model.subgraphs, 0);
    file.addFieldOffset(fields.model.buffers, model.buffers, 0);
    file.finish(file.endObject(), "TFL3");
    return file.asUint8Array().slice();
  }

  #writeTensor(file: Builder, tensor: TensorParts, index: number, buffer: number): number {
    const { type, shape, quantization, data } = tensor;
    const name = file.createString(tensor.name ?? `t${index}`);
    const dimensions = int32s(file, shape);
    const scales = quantization === undefined ? 0 : writeQuantization(file, quantization);
    const { tensor: slot } = fields;
    file.startObject(7);
    file.addFieldOffset(slot.shape, dimensions, 0);
    file.addFieldInt8(slot.type, tensorTypes.indexOf(type), 0);
    file.addFieldInt32(slot.buffer, data === undefined ? 0 : buffer, 0);
    file.addFieldOffset(slot.name, name, 0);
    if (scales !== 0) file.addFieldOffset(slot.quantization, scales, 0);
    file.addFieldInt8(slot.variable, this.#variables.has(index) ? 1 : 0, 0);
    return file.endObject();
  }

  #writeSubgraph(file: Builder, parts: Readonly<Record<string, readonly number[]>>): number {
    const { subgraph: slot } = fields;
    const tensors = offsets(file, parts.tensors!);
    const operators = offsets(file, parts.operators!);
    const inputs = int32s(file, parts.inputs!);
    const outputs = int32s(file, parts.outputs!);
    file.startObject(4);
    file.addFieldOffset(slot.tensors, tensors, 0);
    file.addFieldOffset(slot.inputs, inputs, 0);
    file.addFieldOffset(slot.outputs, outputs, 0);
    file.addFieldOffset(slot.operators, operators, 0);
    return file.endObject();
  }
}

function writeQuantization(file: Builder, { scales, zeroPoints, dimension }: Quantization): number {
  const { quantization: slot } = fields;
  file.startVector(4, scales.length, 4);
  for (const scale of scales.toReversed()) file.addFloat32(scale);
  const scaleVector = file.endVector();
  file.startVector(8, zeroPoints.length, 8);
  for (const zero of zeroPoints.toReversed()) file.addInt64(BigInt(zero));
  const zeroVector = file.endVector();
  file.startObject(7);
  file.addFieldOffset(slot.scale, scaleVector, 0);
  file.addFieldOffset(slot.zeroPoint, zeroVector, 0);
  file.addFieldInt32(slot.dimension, dimension ?? 0, 0);
  return file.endObject();
}

function writeOperator(file: Builder, parts: OperatorParts, kinds: readonly string[]): number {
  const { operator: slot } = fields;
  const inputs = int32s(file, parts.inputs);
  const outputs = int32s(file, parts.outputs);
  let options = 0;
  if (parts.options !== undefined) {
    file.startObject(1 + Math.max(0, ...parts.options.fields.map(([field]) => field)));
    file.forceDefaults(true);
    for (const [field, type, value] of parts.options.fields) {
      if (type === "i8") file.addFieldInt8(field, value, 0);
      else if (type === "i32") file.addFieldInt32(field, value, 0);
      else file.addFieldFloat32(field, value, 0);
    }
    file.forceDefaults(false);
    options = file.endObject();
  }
  file.startObject(5);
  file.addFieldInt32(slot.code, kinds.indexOf(parts.kind), 0);
  file.addFieldOffset(slot.inputs, inputs, 0);
  file.addFieldOffset(slot.outputs, outputs, 0);
  file.addFieldInt8(slot.optionsType, parts.options?.union ?? 0, 0);
  if (options !== 0) file.addFieldOffset(slot.options, options, 0);
  return file.endObject();
}

function writeCode(file: Builder, kind: string): number {
  const code = operatorCode(kind);
  const custom = code < 0 ? file.createString(kind) : 0;
  const number = code < 0 ? operatorCode("CUSTOM") : code;
  file.startObject(4);
  file.addFieldInt8(fields.operatorCode.shortCode, Math.min(127, number), 0);
  if (custom !== 0) file.addFieldOffset(fields.operatorCode.custom, custom, 0);
  file.addFieldInt32(2, 1, 0);
  file.addFieldInt32(fields.operatorCode.code, number, 0);
  return file.endObject();
}

/** Data of a constant, aligned as runtimes want it. */
function bytes(file: Builder, data: ArrayBufferView): number {
  const values = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  file.startVector(1, values.length, 16);
  for (const value of values.toReversed()) file.addInt8(value);
  return file.endVector();
}

function int32s(file: Builder, values: readonly number[]): number {
  file.startVector(4, values.length, 4);
  for (const value of values.toReversed()) file.addInt32(value);
  return file.endVector();
}

function offsets(file: Builder, values: readonly number[]): number {
  file.startVector(4, values.length, 4);
  for (const value of values.toReversed()) file.addOffset(value);
  return file.endVector();
}
