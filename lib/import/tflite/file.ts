import { UserError } from "../../errors.ts";
import { elements, formatShape } from "../../ops/op.ts";
import type { Encoding, Shape } from "../../types.ts";
import { Table } from "./reader.ts";
import { fields, operatorName, type TensorType, tensorTypes } from "./schema.ts";

/** Far beyond any network for a microcontroller; a damaged file must not keep us busy for long. */
const MOST = { operators: 4096, tensors: 65_536, buffers: 65_536, codes: 4096, edges: 256 };
const MAX_RANK = 8;
const MAX_CHANNELS = 65_536;

/** Bytes of one element, for the types that intnic reads. */
const elementBytes: Partial<Record<TensorType, number>> = {
  float32: 4,
  float16: 2,
  int32: 4,
  int64: 8,
  int8: 1,
  uint8: 1,
  int16: 2,
};

/** Scales and zero points, one for the whole tensor or one for each slice along a dimension. */
export interface TensorQuantization {
  readonly scales: readonly number[];
  readonly zeroPoints: readonly number[];
  readonly dimension: number;
}

/** One tensor of the file; what is costly to read is read when it is asked for. */
export class TfliteTensor {
  readonly index: number;
  readonly name: string;
  readonly type: TensorType;
  /** As in the file, the batch dimension included. */
  readonly shape: Shape;
  /** Of a constant; empty for a tensor that is computed. */
  readonly data: Uint8Array;
  /** Whether it keeps its values from one inference to the next. */
  readonly variable: boolean;
  readonly #table: Table;
  #quantization: TensorQuantization | null | undefined;

  constructor(index: number, table: Table, buffers: readonly (() => Uint8Array)[], path: string) {
    const { shape, type, buffer, name, variable, sparsity } = fields.tensor;
    this.index = index;
    this.#table = table;
    this.name = table.text(name) || `tensor ${index}`;
    const known = tensorTypes[table.int8(type)];
    if (known === undefined) {
      throw new UserError(
        `Tensor ${this.name} of ${path} has the element type ${table.int8(type)}, which intnic ` +
          `does not know.`,
      );
    }
    this.type = known;
    this.shape = table.int32s(shape, MAX_RANK);
    if (!this.shape.every((dimension) => dimension >= 1)) {
      throw new UserError(
        `Tensor ${this.name} of ${path} has shape ${formatShape(this.shape)}; all dimensions ` +
          `must be known and positive.`,
      );
    }
    this.variable = table.bool(variable);
    if (table.table(sparsity) !== undefined) {
      throw new UserError(
        `Tensor ${this.name} of ${path} is stored sparse; intnic reads dense tensors. Convert the ` +
          `model without sparsity.`,
      );
    }
    const at = table.uint32(buffer);
    const data = buffers[at];
    if (data === undefined && at !== 0) {
      throw new UserError(
        `Tensor ${this.name} of ${path} asks for buffer ${at}, but there are ${buffers.length}.`,
      );
    }
    this.data = data?.() ?? new Uint8Array();
    this.#checkData(path);
  }

  /** Whether its values are in the file. */
  get constant(): boolean {
    return this.data.length > 0;
  }

  /** What the file says of its quantization; undefined if it is not quantized. */
  get quantization(): TensorQuantization | undefined {
    if (this.#quantization === undefined) this.#quantization = this.#readQuantization() ?? null;
    return this.#quantization ?? undefined;
  }

  /**
   * Scale and zero point of an int8 tensor with one of each; a uint8 tensor is taken as the int8
   * tensor with codes 128 smaller.
   * @throws {UserError} if it has none, or they make no sense
   */
  encoding(): Encoding {
    const { quantization } = this;
    if (quantization?.scales.length !== 1) {
      throw new UserError(
        `Tensor ${this.name} is ${this.type} and has ${quantization?.scales.length ?? 0} scales; ` +
          `an activation needs exactly one.`,
      );
    }
    const zeroPoint = quantization.zeroPoints[0]! - (this.type === "uint8" ? 128 : 0);
    if (!(zeroPoint >= -128 && zeroPoint <= 127)) {
      throw new UserError(
        `Tensor ${this.name} has the zero point ${quantization.zeroPoints[0]}, which is outside ` +
          `the range of ${this.type}.`,
      );
    }
    return { scale: quantization.scales[0]!, zeroPoint };
  }

  #checkData(path: string): void {
    if (!this.constant) return;
    const size = elementBytes[this.type];
    if (size === undefined) {
      throw new UserError(
        `Tensor ${this.name} of ${path} holds ${this.type} values; intnic reads ` +
          `${Object.keys(elementBytes).join(", ")}.`,
      );
    }
    if (this.data.length !== size * elements(this.shape)) {
      throw new UserError(
        `Tensor ${this.name} of ${path} has shape ${formatShape(this.shape)} of ${this.type}, ` +
          `which takes ${size * elements(this.shape)} bytes; its buffer has ${this.data.length}.`,
      );
    }
  }

  #readQuantization(): TensorQuantization | undefined {
    const { scale, zeroPoint, detailsType, dimension } = fields.quantization;
    const table = this.#table.table(fields.tensor.quantization);
    if (table === undefined || table.lengthOf(scale, 4) === 0) return undefined;
    if (table.uint8(detailsType) !== 0) {
      throw new UserError(
        `Tensor ${this.name} is quantized in a custom or blockwise way; intnic reads one scale a ` +
          `tensor or one a channel.`,
      );
    }
    const scales = table.float32s(scale, MAX_CHANNELS);
    const zeroPoints = table.int64s(zeroPoint, MAX_CHANNELS);
    const bad = scales.find((value) => !(value > 0 && Number.isFinite(value)));
    if (bad !== undefined) {
      throw new UserError(
        `Tensor ${this.name} has the scale ${bad}; scales must be positive and finite.`,
      );
    }
    if (zeroPoints.length !== 0 && zeroPoints.length !== scales.length) {
      throw new UserError(
        `Tensor ${this.name} has ${scales.length} scales but ${zeroPoints.length} zero points.`,
      );
    }
    return {
      scales,
      zeroPoints: zeroPoints.length === 0 ? scales.map(() => 0) : zeroPoints,
      dimension: table.int32(dimension),
    };
  }
}

/** One operator of the file. */
export class TfliteOperator {
  /** In capitals, as TensorFlow Lite calls it. */
  readonly kind: string;
  /** What the layer is called: its kind and its place in the file. */
  readonly name: string;
  /** Undefined where an optional input is left out. */
  readonly inputs: readonly (TfliteTensor | undefined)[];
  readonly outputs: readonly TfliteTensor[];
  readonly #table: Table;

  constructor(
    index: number,
    kind: string,
    table: Table,
    tensors: readonly TfliteTensor[],
  ) {
    this.kind = kind;
    this.name = `${kind.toLowerCase()}_${index}`;
    this.#table = table;
    const { inputs, outputs } = fields.operator;
    this.inputs = table.int32s(inputs, MOST.edges).map((i) =>
      i === -1 ? undefined : this.#tensor(tensors, i)
    );
    this.outputs = table.int32s(outputs, MOST.edges).map((i) => this.#tensor(tensors, i));
  }

  /** An input that the operator cannot be without. */
  input(at: number): TfliteTensor {
    const tensor = this.inputs[at];
    if (tensor === undefined) {
      throw new UserError(`Layer ${this.name} has no input ${at}, which every ${this.kind} needs.`);
    }
    return tensor;
  }

  /** Its only output. */
  get output(): TfliteTensor {
    if (this.outputs.length !== 1) {
      throw new UserError(
        `Layer ${this.name} has ${this.outputs.length} outputs; a ${this.kind} has one.`,
      );
    }
    return this.outputs[0]!;
  }

  /**
   * Its options.
   * @param union their number in the schema's union
   * @throws {UserError} if it has none, or another operator's
   */
  options(union: number): Table {
    const type = this.#table.uint8(fields.operator.optionsType);
    const options = this.#table.table(fields.operator.options);
    if (type !== union || options === undefined) {
      throw new UserError(
        `Layer ${this.name} has options of kind ${type} instead of ${union}, those of a ` +
          `${this.kind}; the file is damaged.`,
      );
    }
    return options;
  }

  #tensor(tensors: readonly TfliteTensor[], index: number): TfliteTensor {
    const tensor = tensors[index];
    if (tensor === undefined) {
      throw new UserError(
        `Layer ${this.name} names tensor ${index}, but the model has ${tensors.length} tensors.`,
      );
    }
    return tensor;
  }
}

/** A TensorFlow Lite file: its first subgraph. */
export interface TfliteFile {
  readonly path: string;
  readonly operators: readonly TfliteOperator[];
  readonly inputs: readonly TfliteTensor[];
  readonly outputs: readonly TfliteTensor[];
  readonly subgraphs: number;
}

/**
 * Reads a `.tflite` file.
 * @throws {UserError} if it is damaged, naming what is
 */
export function readTflite(bytes: Uint8Array, path: string): TfliteFile {
  const root = Table.root(bytes, path, "TFL3");
  const version = root.uint32(fields.model.version);
  if (version !== 3) {
    throw new UserError(`${path} has version ${version} of the file format; intnic reads 3.`);
  }
  const codes = root.tables(fields.model.operatorCodes, MOST.codes).map(readCode);
  const subgraphs = root.tables(fields.model.subgraphs, MOST.codes);
  const [subgraph] = subgraphs;
  if (subgraph === undefined) throw new UserError(`${path} has no subgraph.`);
  const buffers = root.tables(fields.model.buffers, MOST.buffers).map((table) => () => {
    const data = table.bytes(fields.buffer.data);
    const offset = table.uint64(fields.buffer.offset);
    // Data that the tables have no room for lies behind them; offsets 0 and 1 say there is none.
    return data.length > 0 || offset <= 1
      ? data
      : table.slice(offset, table.uint64(fields.buffer.size));
  });
  const tensors = subgraph.tables(fields.subgraph.tensors, MOST.tensors).map((table, index) =>
    new TfliteTensor(index, table, buffers, path)
  );
  const edges = (field: number) =>
    subgraph.int32s(field, MOST.edges).map((index) => {
      const tensor = tensors[index];
      if (tensor === undefined) {
        throw new UserError(
          `${path} names tensor ${index} as input or output, but has ${tensors.length} tensors.`,
        );
      }
      return tensor;
    });
  const operators = subgraph.tables(fields.subgraph.operators, MOST.operators).map(
    (table, index) => {
      const at = table.uint32(fields.operator.code);
      const kind = codes[at];
      if (kind === undefined) {
        throw new UserError(
          `Operator ${index} of ${path} has code ${at}, but there are ${codes.length} codes.`,
        );
      }
      return new TfliteOperator(index, kind, table, tensors);
    },
  );
  return {
    path,
    operators,
    inputs: edges(fields.subgraph.inputs),
    outputs: edges(fields.subgraph.outputs),
    subgraphs: subgraphs.length,
  };
}

/** Name of an operator: codes above 127 came later and have a field of their own. */
function readCode(table: Table): string {
  const { shortCode, custom, code } = fields.operatorCode;
  const name = operatorName(Math.max(table.int8(shortCode), table.int32(code)));
  return name === "CUSTOM" ? `CUSTOM ${table.text(custom)}` : name;
}
