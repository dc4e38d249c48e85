/**
 * What layers that run over steps and feed their output back have in common: lstm, gru and rnn. The
 * input is `[steps, features]`, the output `[steps, hidden]` or, without sequences, `[hidden]`.
 *
 * `Node.parameters` has `kernel` of `[gates·hidden, features]`, `recurrent` of
 * `[gates·hidden, hidden]`, `bias` of `[gates·hidden]`, and maybe `recurrentBias` of the same shape,
 * which is added to what the state gives; the order of the gates is the op's.
 *
 * Integer arithmetic: int8 weights symmetric per row, int8 input, the state as int16 of scale 2^−15:
 * small states would lose too much in int8, and those that change slowly would stick. Sums become
 * fixed point of 12 fractional bits (`rows.ts`, with the proof that none overflows), functions give
 * Q0.15 (`squash.ts`). The output's scale is calibrated. Both rounding rules mean the same.
 *
 * @module
 */
import { formatList } from "../codegen/literals.ts";
import { UserError } from "../errors.ts";
import {
  applyRows,
  defineRows,
  packRows,
  quantizeRows,
  rescale,
  type Rows,
  type Shifted,
  toShifted,
} from "../quantize/rows.ts";
import type { Encoding, FloatTensor, Node, QuantizedNode } from "../types.ts";
import { type Emission, formatShape, type Op, type QuantizedContext, type Stateful } from "./op.ts";
import {
  checkSquash,
  floatSquash,
  integerSquash,
  type Squash,
  squashFields,
  type SquashName,
} from "./squash.ts";

/** What a recurrent layer needs to know. */
export interface Recurrent {
  /** Units. */
  readonly hidden: number;
  /** True for the output of every step, in the order of the input; false for that of the last. */
  readonly returnSequences: boolean;
  /** True to run from the last step to the first. */
  readonly reverse: boolean;
  /** True to go on where the previous inference ended; else every inference starts from zero. */
  readonly stateful: boolean;
  /** Of candidates and cells; `tanh` unless told. */
  readonly activation?: SquashName;
  /** Of gates; `sigmoid` unless told. */
  readonly recurrentActivation?: SquashName;
  /** Numbers of a hard sigmoid; slope 0.2 and offset 0.5 unless told. */
  readonly hardSigmoid?: { readonly alpha: number; readonly beta: number };
}

/** The float state of one layer. */
export interface FloatState {
  readonly hidden: Float64Array;
  /** What the op keeps besides. */
  readonly cell: Float64Array;
}

/** The integer state of one layer. */
export interface IntegerState {
  /** Q0.15. */
  readonly hidden: Int16Array;
  /** What the op keeps besides, in its own fixed point. */
  readonly cell: Int32Array;
}

/** The two functions of a layer. */
export interface Functions {
  readonly activate: (x: number) => number;
  readonly gate: (x: number) => number;
}

/** One float step: `fromInput` has the rows' sums over the input, bias included. */
export type FloatStep = (
  state: FloatState,
  fromInput: Float64Array,
  /** The sum of one row over a state, recurrent bias included. */
  row: (row: number, state: Float64Array) => number,
  functions: Functions,
) => void;

/** One integer step: `sums` has the rows' results for the input, and room for more. */
export type IntegerStep = (
  state: IntegerState,
  sums: Int32Array,
  /** The state's rows. */
  rows: Rows,
  functions: Functions,
) => void;

/** What tells one recurrent op from the other. */
export interface Cell<A extends Recurrent> {
  readonly gates: number;
  /** Bytes a unit of `IntegerState.cell` in C: 0 or 4. */
  readonly cellBytes: number;
  readonly floatStep: (attributes: A) => FloatStep;
  readonly integerStep: (attributes: A) => IntegerStep;
  /** True if `recurrentBias` may not be added to `bias` for the rows of that gate. */
  keepsBias(attributes: A, gate: number): boolean;
  /** int32 values a unit that a step adds up. */
  sums(attributes: A): number;
  /** The C function, its kernel files, and how many int16 of further scratch a unit takes. */
  kernel(attributes: A): {
    readonly name: string;
    readonly files: readonly string[];
    readonly scratch: number;
  };
}

/** What `Op.quantize` makes of the parameters. */
interface Parameters {
  readonly input: Rows;
  readonly state: Rows;
}

/** The op of a cell. */
export function recurrent<A extends Recurrent>(cell: Cell<A>): Op<A> {
  return {
    quantization: "range",
    inPlace: () => false,

    infer(node, inputs) {
      const { attributes } = node;
      const [steps, features, ...rest] = inputs[0]!;
      if (features === undefined || rest.length > 0) {
        throw new UserError(
          `Layer ${node.name} (${node.op}) reads a tensor of ${formatShape(inputs[0]!)}; it must ` +
            `be steps×features.`,
        );
      }
      const rows = cell.gates * attributes.hidden;
      checkParameter(node, "kernel", [rows, features]);
      checkParameter(node, "recurrent", [rows, attributes.hidden]);
      checkParameter(node, "bias", [rows]);
      if (node.parameters?.has("recurrentBias")) checkParameter(node, "recurrentBias", [rows]);
      checkSquash(node.name, activationOf(attributes));
      checkSquash(node.name, gateOf(attributes));
      return attributes.returnSequences ? [steps!, attributes.hidden] : [attributes.hidden];
    },

    macs({ attributes: { hidden } }, { inputs }) {
      const [steps, features] = inputs[0] as [number, number];
      return steps * cell.gates * hidden * (features + hidden);
    },

    float(node, { inputs }) {
      const { attributes } = node;
      const [steps, features] = inputs[0] as [number, number];
      const { hidden } = attributes;
      const { kernel, recurrent: weights, bias, recurrentBias } = parametersOf(cell, node);
      const state = { hidden: new Float64Array(hidden), cell: new Float64Array(hidden) };
      const fromInput = new Float64Array(cell.gates * hidden);
      const step = cell.floatStep(attributes);
      const functions = functionsOf(attributes, floatSquash);
      const row = (o: number, of: Float64Array) => dot(weights.data, o, of, 0, recurrentBias[o]!);
      const reset = () => {
        state.hidden.fill(0);
        state.cell.fill(0);
      };
      const run: Stateful<(x: readonly Float32Array[], y: Float32Array) => void> = ([x], y) => {
        if (!attributes.stateful) reset();
        for (let t = 0; t < steps; t++) {
          const at = attributes.reverse ? steps - 1 - t : t;
          for (let o = 0; o < fromInput.length; o++) {
            fromInput[o] = dot(kernel.data, o, x!, at * features, bias[o]!, features);
          }
          step(state, fromInput, row, functions);
          if (attributes.returnSequences) y.set(state.hidden, at * hidden);
        }
        if (!attributes.returnSequences) y.set(state.hidden);
      };
      return Object.assign(run, { reset });
    },

    quantize(node, { inputs }): Parameters {
      const { kernel, recurrent: weights, bias, recurrentBias } = parametersOf(cell, node);
      return {
        input: quantizeRows(node.name, kernel, bias, { ...inputs[0]!, largest: 128 }),
        state: quantizeRows(node.name, weights, recurrentBias, STATE),
      };
    },

    reference(node, { inputs, output }) {
      const { attributes } = node;
      const [steps, features] = inputs[0]!.shape as [number, number];
      const { hidden } = attributes;
      const { input, state: rows } = node.parameters as Parameters;
      const state = { hidden: new Int16Array(hidden), cell: new Int32Array(hidden) };
      const sums = new Int32Array(cell.sums(attributes) * hidden);
      const step = cell.integerStep(attributes);
      const functions = functionsOf(attributes, integerSquash);
      const factor = outputFactor(output);
      const reset = () => {
        state.hidden.fill(0);
        state.cell.fill(0);
      };
      const show = (y: Int8Array, at: number) =>
        state.hidden.forEach((value, u) => {
          const code = rescale(value, factor) + output.zeroPoint;
          y[at + u] = Math.min(127, Math.max(-128, code));
        });
      const run: Stateful<(x: readonly Int8Array[], y: Int8Array) => void> = ([x], y) => {
        if (!attributes.stateful) reset();
        for (let t = 0; t < steps; t++) {
          const at = attributes.reverse ? steps - 1 - t : t;
          applyInput(input, x!, at * features, sums);
          step(state, sums, rows, functions);
          if (attributes.returnSequences) show(y, at * hidden);
        }
        if (!attributes.returnSequences) show(y, 0);
      };
      return Object.assign(run, { reset });
    },

    emit: (node, context, name) => emit(cell, node, context, name),
  };
}

function applyInput(rows: Rows, x: Int8Array, at: number, to: Int32Array): void {
  applyRows(rows, { first: 0, end: rows.bias.length, x, at, to, offset: 0, add: false });
}

function emit<A extends Recurrent>(
  cell: Cell<A>,
  node: QuantizedNode<A>,
  { inputs, output }: QuantizedContext,
  name: string,
): Emission {
  const { attributes } = node;
  const { hidden, stateful } = attributes;
  const [steps, features] = inputs[0]!.shape as [number, number];
  const { input, state } = node.parameters as Parameters;
  const kernel = cell.kernel(attributes);
  // The rows of a GRU's candidate are a run of their own: its kernel applies them by themselves.
  const runs = cell.gates === 3 ? [2 * hidden, hidden] : [cell.gates * hidden];
  const packed = [...packRows(input, [cell.gates * hidden]), ...packRows(state, runs)];
  const sumBytes = 4 * cell.sums(attributes) * hidden;
  const stateBytes = (cell.cellBytes + 2) * hidden;
  const gated = 2 * kernel.scratch * hidden;
  // Wide values before bytes, so that all are aligned.
  const memory = stateful ? "state" : `(scratch + ${sumBytes})`;
  const gatedAt = `scratch + ${sumBytes + (stateful ? 0 : stateBytes)}`;
  const factor = outputFactor(output);
  const arguments_ = [
    "&layer",
    "x",
    "(int32_t *)(void *)scratch",
    ...(gated > 0 ? [`(int16_t *)(void *)(${gatedAt})`] : []),
    ...(cell.cellBytes > 0 ? [`(int32_t *)(void *)${memory}`] : []),
    cell.cellBytes > 0
      ? `(int16_t *)(void *)(${memory} + ${cell.cellBytes * hidden})`
      : `(int16_t *)(void *)${memory}`,
    "y",
  ];
  const clear = `intnic_fill(0, ${stateBytes}, ${memory});`;
  return {
    kernels: [
      "noinline",
      "minmax",
      "mul_high",
      "dot4",
      "fill",
      "squash",
      "recurrent",
      ...kernel.files,
    ],
    constants:
      `static const int8_t model_weights_${name}[${packed.length}] = {\n${
        formatList(packed)
      }\n};\n` +
      defineRows(`model_input_rows_${name}`, input) +
      defineRows(`model_state_rows_${name}`, state),
    weightBytes: packed.length,
    scratchBytes: sumBytes + gated + (stateful ? 0 : stateBytes),
    ...(stateful ? { state: { bytes: stateBytes, reset: clear } } : {}),
    body: `static const struct intnic_recurrent layer = {
    .input_weights = model_weights_${name},
    .state_weights = model_weights_${name} + ${input.weights.length},
    .input_rows = model_input_rows_${name}, .state_rows = model_state_rows_${name},
    .steps = ${steps}, .features = ${features}, .hidden = ${hidden},
    .reverse = ${Number(attributes.reverse)}, .sequences = ${Number(attributes.returnSequences)},
    .activation = ${squashFields(activationOf(attributes))},
    .gate = ${squashFields(gateOf(attributes))},
    .output = { 0, ${factor.multiplier}, ${factor.left}, ${factor.right} },
    .output_zero = ${output.zeroPoint},
};

${stateful ? "" : `${clear}\n`}${kernel.name}(${arguments_.join(", ")});`,
  };
}

function activationOf({ activation = "tanh", hardSigmoid }: Recurrent): Squash {
  return { name: activation, ...(hardSigmoid ?? { alpha: 0.2, beta: 0.5 }) };
}

function gateOf({ recurrentActivation = "sigmoid", hardSigmoid }: Recurrent): Squash {
  return { name: recurrentActivation, ...(hardSigmoid ?? { alpha: 0.2, beta: 0.5 }) };
}

function functionsOf(
  attributes: Recurrent,
  make: (squash: Squash) => (x: number) => number,
): Functions {
  return { activate: make(activationOf(attributes)), gate: make(gateOf(attributes)) };
}

function parameter(node: Node, name: string): FloatTensor {
  const tensor = node.parameters?.get(name);
  if (tensor === undefined) {
    throw new UserError(`Layer ${node.name} (${node.op}) is without its ${name}.`);
  }
  return tensor;
}

function checkParameter(node: Node, name: string, shape: readonly number[]): void {
  const tensor = parameter(node, name);
  if (formatShape(tensor.shape) !== formatShape(shape)) {
    throw new UserError(
      `The ${name} of layer ${node.name} (${node.op}) has shape ${formatShape(tensor.shape)}; ` +
        `its input and its units ask for ${formatShape(shape)}.`,
    );
  }
}

/** The constants, biases added up wherever that means the same. */
function parametersOf<A extends Recurrent>(cell: Cell<A>, node: Node<A>) {
  const { hidden } = node.attributes;
  const bias = parameter(node, "bias").data.slice();
  const recurrentBias = node.parameters?.get("recurrentBias")?.data.slice() ??
    new Float32Array(bias.length);
  for (let o = 0; o < bias.length; o++) {
    if (cell.keepsBias(node.attributes, Math.floor(o / hidden))) continue;
    bias[o]! += recurrentBias[o]!;
    recurrentBias[o] = 0;
  }
  return {
    kernel: parameter(node, "kernel"),
    recurrent: parameter(node, "recurrent"),
    bias,
    recurrentBias,
  };
}

function dot(
  weights: Float32Array,
  row: number,
  x: Float32Array | Float64Array,
  at: number,
  start: number,
  taps = x.length,
): number {
  let sum = start;
  for (let k = 0; k < taps; k++) sum += weights[row * taps + k]! * x[at + k]!;
  return sum;
}

/** How the state's values stand for real ones. */
const STATE = { scale: 2 ** -15, zeroPoint: 0, largest: 32767 };

/** What makes output codes, less their zero point, of the state. */
function outputFactor({ scale }: Encoding): Shifted {
  // From 2^10 on, all but zero saturate; more would leave int32 when shifted.
  return toShifted(Math.min(2 ** 10, STATE.scale / scale));
}

/** a·b, both in Q0.15, rounded. */
export function product(a: number, b: number): number {
  return (a * b + 16384) >> 15;
}
