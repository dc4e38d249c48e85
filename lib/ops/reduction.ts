import { collapseAxes, rowLoops, strides } from "../codegen/loops.ts";
import { channelShift, outputFields, requantizeKernels } from "../codegen/pack.ts";
import { UserError } from "../errors.ts";
import { type PrescaledFactor, prescaledFactor } from "../quantize/prescale.ts";
import { roundingRule, toFixedPointTflite } from "../quantize/requant.ts";
import type { Node, Shape } from "../types.ts";
import { activationRange } from "./activation.ts";
import { elements, formatShape, type Op, type QuantizedContext } from "./op.ts";

/** Which dimensions are taken together. */
export interface Reduction {
  /** Distinct, each 0…rank − 1. */
  readonly axes: readonly number[];
  /** Whether they stay, with size 1. */
  readonly keepDims: boolean;
}

/** Loops over the summed values that the kernel has. */
const LOOPS = 2;

/**
 * Mean or sum over some of the axes. The codes less their zero point are summed and requantized; the
 * mean's division is part of the factor. By the rule `tflite` the factor is that of TensorFlow Lite
 * Micro's reference kernel, which divides the multiplier and drops the remainder.
 */
export function reduction(kind: "mean" | "sum"): Op<Reduction> {
  return {
    quantization: "range",
    inPlace: () => false,
    infer: reducedShape,
    macs: () => 0,

    float(node, { inputs, output }) {
      const { kept, summed } = offsets(inputs[0]!, node.attributes);
      const divisor = kind === "mean" ? summed.length : 1;
      const [low, high] = activationRange(node.activation);
      if (kept.length !== elements(output)) throw new Error("A reduction's shapes disagree.");
      return ([x], y) =>
        kept.forEach((start, i) => {
          const sum = summed.reduce((sum, offset) => sum + x![start + offset]!, 0);
          y[i] = Math.min(high, Math.max(low, sum / divisor));
        });
    },

    quantize(node, context) {
      const { shape, zeroPoint } = context.inputs[0]!;
      const count = reducedCount(shape, node.attributes);
      const factor = factorOf(kind, count, count * (128 + Math.abs(zeroPoint)), context);
      if (factor !== undefined) return factor;
      throw new UserError(
        `Layer ${node.name} stores the ${kind} of ${count} values in steps of ` +
          `${context.output.scale}, and int32 does not hold the sum of that many steps of its ` +
          `input, ${context.inputs[0]!.scale}; fewer values or a larger output scale would fit.`,
      );
    },

    reference(node, { inputs, output, rounding }) {
      const { kept, summed } = offsets(inputs[0]!.shape, node.attributes);
      const { prescale, multiplier, shift } = node.parameters as PrescaledFactor;
      const { requantize } = roundingRule(rounding);
      const bias = -summed.length * inputs[0]!.zeroPoint;
      const [low, high] = node.clamp;
      return ([x], y) =>
        kept.forEach((start, i) => {
          const sum = summed.reduce((sum, offset) => sum + x![start + offset]!, bias);
          const q = requantize(sum * prescale, multiplier, shift) + output.zeroPoint;
          y[i] = Math.min(high, Math.max(low, q));
        });
    },

    emit(node, { inputs, output, rounding }) {
      const [input] = inputs as [typeof output];
      const { prescale, multiplier, shift } = node.parameters as PrescaledFactor;
      const [outer, inner] = [...summedAxes(input.shape, node.attributes).toReversed(), one, one]
        .slice(0, LOOPS).toReversed() as [typeof one, typeof one];
      const bias = -reducedCount(input.shape, node.attributes) * input.zeroPoint;
      const steps = strides(output.shape);
      // The output's own axes; those of one element are left out, whatever the input's steps.
      let at = 0;
      const rows = splitAxes(input.shape, node.attributes).kept.map(({ size, step }) => {
        while (node.attributes.keepDims && node.attributes.axes.includes(at)) at++;
        return { size, steps: [step, steps[at++]!] };
      });
      return {
        kernels: [...requantizeKernels(rounding), "reduce"],
        constants: "",
        weightBytes: 0,
        scratchBytes: 0,
        body: `static const struct intnic_reduce layer = {
    .outer = ${outer.size}, .outer_step = ${outer.steps[0]},
    .inner = ${inner.size}, .inner_step = ${inner.steps[0]},
    .prescale = ${prescale},
    .total = { ${bias + 0}, ${multiplier}, ${channelShift(shift, rounding)} },
    .output = ${outputFields(node, output, rounding)},
};

${
          rowLoops(rows, ["x", "y"], ([x, y], { size, steps }) =>
            `intnic_reduce(&layer, ${x}, ${steps[0]}, ${size}, ${y});`)
        }`,
      };
    },
  };
}

const one = { size: 1, steps: [1] } as const;

function reducedShape(node: Node<Reduction>, [input]: readonly Shape[]): Shape {
  const { axes, keepDims } = node.attributes;
  const rank = input!.length;
  if (
    new Set(axes).size !== axes.length ||
    !axes.every((axis) => Number.isInteger(axis) && axis >= 0 && axis < rank)
  ) {
    throw new UserError(
      `Layer ${node.name} (${node.op}) reduces the axes ${axes.join(", ")} of ` +
        `${formatShape(input!)}; they must be different ones of 0 to ${rank - 1}.`,
    );
  }
  if (summedAxes(input!, node.attributes).length > LOOPS) {
    throw new UserError(
      `Layer ${node.name} (${node.op}) reduces the axes ${axes.join(", ")} of ` +
        `${
          formatShape(input!)
        }, which lie apart in more than ${LOOPS} places; two reductions one ` +
        `after the other would do.`,
    );
  }
  return input!.flatMap((size, axis) => !axes.includes(axis) ? [size] : keepDims ? [1] : []);
}

/** How many values become one. */
function reducedCount(shape: Shape, { axes }: Reduction): number {
  return axes.reduce((product, axis) => product * shape[axis]!, 1);
}

/** The axes that stay and those that are summed, each with its distance in the input. */
function splitAxes(shape: Shape, { axes }: Reduction) {
  const all = strides(shape).map((step, axis) => ({ axis, step, size: shape[axis]! }));
  return {
    kept: all.filter(({ axis }) => !axes.includes(axis)),
    summed: all.filter(({ axis }) => axes.includes(axis)),
  };
}

/** The fewest loops over the summed values. */
function summedAxes(shape: Shape, attributes: Reduction) {
  return collapseAxes(
    splitAxes(shape, attributes).summed.map(({ size, step }) => ({ size, steps: [step] })),
  );
}

/** Where each output's values begin in the input, and where they lie from there. */
function offsets(shape: Shape, attributes: Reduction) {
  const { kept, summed } = splitAxes(shape, attributes);
  const expand = (axes: typeof kept) =>
    axes.reduce(
      (starts, { size, step }) =>
        starts.flatMap((start) => Array.from({ length: size }, (_, i) => start + i * step)),
      [0],
    );
  return { kept: expand(kept), summed: expand(summed) };
}

/** The factor from the sum to the output's codes. */
function factorOf(
  kind: "mean" | "sum",
  count: number,
  bound: number,
  { inputs, output, rounding }: QuantizedContext,
): PrescaledFactor | undefined {
  const ratio = inputs[0]!.scale / output.scale;
  if (kind === "sum") return prescaledFactor(ratio, bound, rounding);
  if (rounding === "single") return prescaledFactor(ratio / count, bound, rounding);
  if (ratio >= 2 ** 29) return undefined;
  const fixed = toFixedPointTflite(ratio);
  const places = Math.min(31 - Math.clz32(count), 31 + fixed.shift);
  const shift = fixed.shift - places;
  if (bound * 2 ** Math.max(0, shift) > 2 ** 31 - 1 - 256) return undefined;
  const multiplier = Number((BigInt(fixed.multiplier) << BigInt(places)) / BigInt(count));
  return { prescale: 1, multiplier, shift };
}
