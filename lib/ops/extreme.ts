import { rowLoops } from "../codegen/loops.ts";
import { activationRange } from "./activation.ts";
import { broadcastAxes, broadcastIndices, broadcastShape } from "./broadcast.ts";
import { elements, type Op } from "./op.ts";
import { defineRecoding, recodeTable, sameEncoding } from "./recode.ts";

/**
 * The larger or the smaller of two tensors, broadcast against each other. Where an input's scale and
 * zero point are not the output's, its codes are first brought to the output's, rounded as
 * `recode.ts` says; in the C by a table of 256 bytes an input. In models for TensorFlow Lite Micro
 * all three are the same.
 */
export function extreme(kind: "max" | "min"): Op {
  const choose = kind === "max" ? Math.max : Math.min;
  return {
    quantization: "range",
    inPlace: (_node, { inputs, output }) => elements(inputs[0]!.shape) === elements(output.shape),
    infer: broadcastShape,
    macs: () => 0,

    float(node, { inputs, output }) {
      const [at0, at1] = inputs.map((shape) => broadcastIndices(shape, output));
      const [low, high] = activationRange(node.activation);
      return ([x0, x1], y) => {
        for (let i = 0; i < y.length; i++) {
          y[i] = Math.min(high, Math.max(low, choose(x0![at0![i]!]!, x1![at1![i]!]!)));
        }
      };
    },

    reference(node, { inputs, output, rounding }) {
      const [at0, at1] = inputs.map(({ shape }) => broadcastIndices(shape, output.shape));
      const [code0, code1] = inputs.map((input) => recodeTable(input, output, rounding));
      const [low, high] = node.clamp;
      return ([x0, x1], y) => {
        for (let i = 0; i < y.length; i++) {
          const chosen = choose(code0![x0![at0![i]!]! + 128]!, code1![x1![at1![i]!]! + 128]!);
          y[i] = Math.min(high, Math.max(low, chosen));
        }
      };
    },

    emit(node, { inputs, output, rounding }, name) {
      const axes = broadcastAxes(inputs.map(({ shape }) => shape), output.shape);
      const [low, high] = node.clamp;
      const recoded = !inputs.every((input) => sameEncoding(input, output));
      const kernel = recoded ? `${kind}imum_recoded` : `${kind}imum`;
      const table = (i: number) => `model_codes_${name}_${i}`;
      const tables = recoded ? inputs.map((_, i) => `, ${table(i)}`).join("") : "";
      return {
        kernels: ["minmax", kernel],
        constants: !recoded ? "" : inputs
          .map((input, i) => defineRecoding(table(i), recodeTable(input, output, rounding)))
          .join(""),
        weightBytes: 0,
        scratchBytes: 0,
        body: `static const struct intnic_${kernel} layer = { ${low}, ${high}${tables} };

${
          rowLoops(axes, ["x", "x1", "y"], ([x0, x1, y], { size, steps }) =>
            `intnic_${kernel}(&layer, ${x0}, ${steps[0]}, ${x1}, ${steps[1]}, ${size}, ${y});`)
        }`,
      };
    },
  };
}
