import { rowLoops, strides } from "../codegen/loops.ts";
import { UserError } from "../errors.ts";
import type { Shape } from "../types.ts";
import { displaced, emitCopies, requirePlain } from "./movement.ts";
import { elements, formatShape, type Op } from "./op.ts";
import { defineRecoding, recodeTable, sameEncoding } from "./recode.ts";

/** The axis along which the inputs follow one another. */
export interface Concat {
  readonly axis: number;
}

/**
 * Joins any number of tensors along one axis. An input whose scale and zero point are the output's
 * is copied; any other is brought to them, rounded as `recode.ts` says, by a table of 256 bytes. In
 * models for TensorFlow Lite Micro all are the same.
 */
export const concat: Op<Concat> = {
  quantization: "range",
  inPlace: () => false,

  infer(node, inputs) {
    requirePlain(node);
    const { axis } = node.attributes;
    const [first] = inputs;
    if (first === undefined || !Number.isInteger(axis) || axis < 0 || axis >= first.length) {
      throw new UserError(
        `Layer ${node.name} joins ${inputs.map(formatShape).join(", ")} along dimension ${axis}, ` +
          `which they do not have.`,
      );
    }
    const odd = inputs.findIndex((shape) =>
      shape.length !== first.length || shape.some((size, i) => i !== axis && size !== first[i])
    );
    if (odd >= 0) {
      throw new UserError(
        `Layer ${node.name} joins ${node.inputs[0]} of ${formatShape(first)} and ` +
          `${node.inputs[odd]} of ${
            formatShape(inputs[odd]!)
          } along dimension ${axis}; all other ` +
          `dimensions must be equal.`,
      );
    }
    return first.with(axis, inputs.reduce((sum, shape) => sum + shape[axis]!, 0));
  },

  macs: () => 0,

  float({ attributes }, { inputs, output }) {
    const parts = layOut(attributes, inputs, output);
    return (values, y) =>
      parts.forEach(({ first, run, pitch }, k) => {
        for (let from = 0, to = first; from < values[k]!.length; from += run, to += pitch) {
          y.set(values[k]!.subarray(from, from + run), to);
        }
      });
  },

  reference({ attributes }, { inputs, output, rounding }) {
    const parts = layOut(attributes, inputs.map(({ shape }) => shape), output.shape);
    const tables = inputs.map((input) => recodeTable(input, output, rounding));
    return (values, y) =>
      parts.forEach(({ first, run, pitch }, k) => {
        const codes = values[k]!.map((code) => tables[k]![code + 128]!);
        for (let from = 0, to = first; from < codes.length; from += run, to += pitch) {
          y.set(codes.subarray(from, from + run), to);
        }
      });
  },

  emit({ attributes }, { inputs, output, rounding }, name) {
    const kernels = new Set<string>();
    let constants = "";
    const parts = layOut(attributes, inputs.map(({ shape }) => shape), output.shape);
    const body = parts.map(({ first, run, pitch }, k) => {
      const input = inputs[k]!;
      const axes = [
        { size: elements(input.shape) / run, steps: [run, pitch] },
        { size: run, steps: [1, 1] },
      ];
      const arrays = [k === 0 ? "x" : `x${k}`, displaced("y", first)] as const;
      if (sameEncoding(input, output)) {
        const copies = emitCopies(axes, arrays);
        for (const kernel of copies.kernels) kernels.add(kernel);
        return copies.body;
      }
      const table = `model_codes_${name}_${k}`;
      kernels.add("recode");
      constants += defineRecoding(table, recodeTable(input, output, rounding));
      return rowLoops(
        axes,
        arrays,
        ([x, y], { size, steps }) => `intnic_recode(${x}, ${size}, ${table}, ${y}, ${steps[1]});`,
      );
    }).join("\n");
    return { kernels: [...kernels], constants, weightBytes: 0, scratchBytes: 0, body };
  },
};

/** Where each input's runs of neighbouring elements go in the output. */
function layOut({ axis }: Concat, inputs: readonly Shape[], output: Shape) {
  const inner = strides(output)[axis]!;
  const pitch = inner * output[axis]!;
  let first = 0;
  return inputs.map((shape) => {
    const part = { first, run: inner * shape[axis]!, pitch };
    first += part.run;
    return part;
  });
}
