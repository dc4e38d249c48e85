/**
 * Functions of one value. As int8 has 256 codes, the integer meaning of each is a table made at
 * generation time, 256 bytes of flash, and the C of all is one loop, `lookup.c`.
 *
 * @module
 */
import type { Attributes, Encoding, Node, QuantizedNode } from "../types.ts";
import { activationRange } from "./activation.ts";
import { elements, type Op, type Quantization, type QuantizedContext } from "./op.ts";
import { defineRecoding } from "./recode.ts";

/** What tells one function from the other. */
export interface Unary<A extends Attributes> {
  readonly quantization: Quantization;
  /** The function, in double precision; NaN outside its domain, where the integer output is 0. */
  real(x: number, attributes: A): number;
  /** @throws {UserError} if the attributes make no sense */
  check?(node: Node<A>): void;
  /**
   * Where TensorFlow Lite Micro has an int8 kernel: its output codes as a function of the input code
   * with the zero point taken away; undefined if it would refuse these encodings.
   */
  tflite?(context: QuantizedContext, attributes: A): ((x: number) => number) | undefined;
}

/**
 * The op of a function. By the rule `single` every code is the correctly rounded one: at most half an
 * output step from the function at the input's real value. By the rule `tflite` it is what the
 * kernel of TensorFlow Lite Micro gives, or where there is none, what TensorFlow Lite's tables hold,
 * which are computed in single precision.
 */
export function unary<A extends Attributes>(definition: Unary<A>): Op<A> {
  return {
    quantization: definition.quantization,
    inPlace: () => true,
    macs: () => 0,

    infer(node, inputs) {
      definition.check?.(node);
      return inputs[0]!;
    },

    float({ attributes, activation }) {
      const [low, high] = activationRange(activation);
      return ([x], y) => {
        for (let i = 0; i < y.length; i++) {
          y[i] = Math.min(high, Math.max(low, definition.real(x![i]!, attributes)));
        }
      };
    },

    reference(node, context) {
      const table = tableOf(definition, node, context);
      return ([x], y) => {
        for (let i = 0; i < y.length; i++) y[i] = table[x![i]! + 128]!;
      };
    },

    emit(node, context, name) {
      const { constants, apply } = lookup(tableOf(definition, node, context), name);
      return {
        kernels: ["lookup"],
        constants,
        weightBytes: 0,
        scratchBytes: 0,
        body: apply("x", elements(context.output.shape)),
      };
    },
  };
}

/** The C of a table: its definition, and the statement that looks up `count` codes. */
export function lookup(table: Int8Array, name: string) {
  return {
    constants: defineRecoding(`model_table_${name}`, table),
    apply: (from: string, count: number) =>
      `intnic_lookup(${from}, ${count}, model_table_${name}, y);`,
  };
}

/** The output code for every input code from −128 on. */
function tableOf<A extends Attributes>(
  { real, tflite }: Unary<A>,
  { attributes, clamp }: QuantizedNode<A>,
  context: QuantizedContext,
): Int8Array {
  const { inputs: [input], output, rounding } = context;
  if (rounding === "single") {
    return fillTable(clamp, correctlyRounded((x) => real(x, attributes), input!, output));
  }
  const kernel = tflite?.(context, attributes) ??
    roundedSingly((x) => real(x, attributes), context);
  return fillTable(clamp, (code) => kernel(code - input!.zeroPoint));
}

function fillTable(
  [low, high]: readonly [number, number],
  code: (input: number) => number,
): Int8Array {
  return Int8Array.from(
    { length: 256 },
    (_, i) => Math.min(high, Math.max(low, code(i - 128))),
  );
}

function correctlyRounded(real: (x: number) => number, input: Encoding, output: Encoding) {
  return (code: number) => {
    const value = real(input.scale * (code - input.zeroPoint));
    return Math.round(orZero(value) / output.scale) + output.zeroPoint;
  };
}

/** As TensorFlow Lite fills its tables: single precision, half away from zero. */
export function roundedSingly(
  real: (x: number) => number,
  { inputs: [input], output }: QuantizedContext,
): (x: number) => number {
  const inverse = Math.fround(1 / output.scale);
  return (x) => {
    const value = Math.fround(real(Math.fround(input!.scale * x)));
    return roundAway(Math.fround(orZero(value) * inverse)) + output.zeroPoint;
  };
}

/** Nearest whole number, half away from zero, as C's `round`. */
export function roundAway(value: number): number {
  return Math.sign(value) * Math.round(Math.abs(value));
}

function orZero(value: number): number {
  return Number.isNaN(value) ? 0 : value;
}
