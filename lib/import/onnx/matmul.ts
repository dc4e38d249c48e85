import { elements, formatShape } from "../../ops/op.ts";
import { combine } from "./broadcast.ts";
import { type Context, type Converter, floatTensor, isValue, type Operand } from "./context.ts";
import type { Constant } from "./tensor.ts";
import { plainValue, transposed, type Value } from "./value.ts";
import { addLinear } from "./weights.ts";

/**
 * Multiplies every row of a value (its last axis, or another) by a constant matrix: a dense layer if
 * there is one row, else a convolution of 1×1.
 *
 * @param axis of the value that is summed over
 * @returns a value whose axis of that place is the output
 */
function multiplyRows(
  context: Context,
  x: Value,
  axis: number,
  { matrix, transposed, factor = 1, bias }: {
    readonly matrix: Constant;
    /** False: inputs × outputs. True: outputs × inputs. */
    readonly transposed: boolean;
    readonly factor?: number;
    readonly bias?: Constant | undefined;
  },
): Value {
  const [inputs, outputs] = transposed
    ? [matrix.shape.at(-1)!, matrix.shape.at(-2)!]
    : [matrix.shape.at(-2)!, matrix.shape.at(-1)!];
  if (inputs !== x.shape[axis] || elements(matrix.shape) !== inputs * outputs) {
    throw context.error(
      `multiplies ${formatShape(x.shape)} by a matrix of ${formatShape(matrix.shape)}; that does ` +
        `not fit`,
    );
  }
  const rows = context.axesOf(x).filter((other) => other !== axis);
  const { tensor, places } = context.arrange(x, [rows, [axis]], 1);
  const count = elements(x.shape) / inputs;
  const source = new Int32Array(inputs * outputs);
  for (let o = 0, at = 0; o < outputs; o++) {
    for (let i = 0; i < inputs; i++) {
      const from = places?.[i] ?? i;
      source[at++] = transposed ? o * inputs + from : from * outputs + o;
    }
  }
  const weights = { constant: matrix, source, factor, bias };
  const outputAxis = matrix.shape.length - (transposed ? 2 : 1);
  const shape = x.shape.map((size, i) => i === axis ? outputs : size);
  if (count === 1) {
    const y = addLinear(context, "dense", context.parts.reshape(tensor, [inputs]), {}, {
      ...weights,
      shape: [outputs, inputs],
      outputAxis,
    });
    return plainValue(y, shape);
  }
  const none = { top: 0, bottom: 0, left: 0, right: 0 };
  const window = { kernel: [1, 1], stride: [1, 1], dilation: [1, 1], padding: none };
  const y = addLinear(
    context,
    "conv2d",
    context.parts.reshape(tensor, [1, count, inputs]),
    window,
    {
      ...weights,
      shape: [outputs, 1, 1, inputs],
      outputAxis,
    },
  );
  return context.ordered(y, shape, [...rows, axis]);
}

export const gemm: Converter = (context) => {
  const { attributes } = context;
  const [alpha, beta] = [attributes.float("alpha", 1), attributes.float("beta", 1)];
  const [a, b] = [context.operand(0), context.operand(1)];
  const flip = (value: Value, transpose: boolean) => transpose ? 0 : value.shape.length - 1;
  if (a.shape.length !== 2 || b.shape.length !== 2) {
    throw context.error(
      `multiplies ${formatShape(a.shape)} by ${formatShape(b.shape)}, no matrices`,
    );
  }
  const [transA, transB] = [attributes.flag("transA"), attributes.flag("transB")];
  const addend = context.optional(2);
  let y: Value;
  if (isValue(a) && !isValue(b)) {
    const outputs = b.shape[transB ? 0 : 1]!;
    const fused = addend !== undefined && !isValue(addend) &&
      (beta === 1 || addend.quantized === undefined) &&
      (elements(addend.shape) === 1 || addend.shape.at(-1) === outputs) &&
      elements(addend.shape) <= outputs;
    const bias = fused ? scaled(addend as Constant, beta) : undefined;
    const x = transA ? turned(a) : a;
    y = multiplyRows(context, x, flip(x, false), {
      matrix: b,
      transposed: transB,
      factor: alpha,
      bias,
    });
    if (fused || addend === undefined) return [y];
  } else if (isValue(b) && !isValue(a)) {
    const x = transB ? turned(b) : b;
    y = multiplyRows(context, x, 0, { matrix: a, transposed: !transA, factor: alpha });
  } else throw context.notConstant(1);
  if (addend === undefined) return [y];
  if (isValue(addend) && beta !== 1) throw context.error(`adds ${beta} times a computed tensor`);
  return [combine(context, "add", y, isValue(addend) ? addend : scaled(addend, beta))];
};

/** A matrix with rows and columns exchanged; nothing moves. */
function turned(value: Value): Value {
  return transposed(value, [1, 0]);
}

function scaled(constant: Constant, factor: number): Constant {
  if (factor === 1) return constant;
  const { shape, data } = floatTensor(constant);
  return { shape, type: "float", data: data.map((v) => factor * v) };
}

export const matMul: Converter = (context) => {
  const [a, b] = [context.operand(0), context.operand(1)];
  if (isValue(a) && !isValue(b)) {
    if (b.shape.length < 2 || elements(b.shape.slice(0, -2)) !== 1) {
      return [vectorOrStack(context, a, b)];
    }
    return [multiplyRows(context, a, a.shape.length - 1, { matrix: b, transposed: false })];
  }
  if (isValue(b) && !isValue(a)) {
    if (a.shape.length === 2 && b.shape.length >= 2) {
      return [multiplyRows(context, b, b.shape.length - 2, { matrix: a, transposed: true })];
    }
    throw context.error(
      `multiplies a constant of ${formatShape(a.shape)} by ${formatShape(b.shape)}; intnic takes ` +
        `one constant matrix`,
    );
  }
  throw context.error(
    `multiplies two computed tensors; intnic multiplies by constant weights. Attention is not ` +
      `supported`,
  );
};

/** A product with a constant vector, whose axis is gone afterwards. */
function vectorOrStack(context: Context, a: Value, b: Constant): Operand {
  if (b.shape.length !== 1) {
    throw context.error(
      `multiplies by a stack of matrices of ${formatShape(b.shape)}; intnic takes one matrix`,
    );
  }
  const matrix = { ...b, shape: [b.shape[0]!, 1] };
  const y = multiplyRows(context, a, a.shape.length - 1, { matrix, transposed: false });
  return context.reshaped(y, a.shape.slice(0, -1));
}
