import { UserError } from "../errors.ts";
import { reciprocal } from "../quantize/fixed_exp.ts";
import { doublingHigh } from "../quantize/requant.ts";
import { PROBABILITY } from "./encodings.ts";
import {
  checkColumns,
  defineExponentials,
  exponentialKernels,
  exponentialOf,
  exponentials,
  sumExponentials,
} from "./exponentials.ts";
import { elements, type Op } from "./op.ts";
import { recodeTable, sameEncoding } from "./recode.ts";
import { lookup } from "./unary.ts";

/** What a softmax needs to know. */
export interface Softmax {
  /** Factor of the inputs, positive; 1 in most networks. */
  readonly beta: number;
}

/**
 * e^(βx) over the sum of e^(βx) along the last axis. The output has scale 1/256 and zero point −128
 * unless the model brings others; then its codes are looked up by those.
 *
 * By either rounding rule its bytes are those of TensorFlow Lite's reference kernel for int8, which
 * are within one code of the real value.
 */
export const softmax: Op<Softmax> = {
  quantization: PROBABILITY,
  inPlace: () => true,
  macs: () => 0,

  infer(node, inputs) {
    const { beta } = node.attributes;
    if (!(beta > 0 && Number.isFinite(beta))) {
      throw new UserError(`Softmax ${node.name} has a beta of ${beta}; it must be positive.`);
    }
    checkColumns(node, inputs[0]!);
    return inputs[0]!;
  },

  float(node, { inputs }) {
    const { beta } = node.attributes;
    const columns = inputs[0]!.at(-1)!;
    return ([x], y) => {
      for (let first = 0; first < y.length; first += columns) {
        const row = x!.subarray(first, first + columns);
        const most = row.reduce((a, b) => Math.max(a, b));
        const exps = Float64Array.from(row, (value) => Math.exp(beta * (value - most)));
        const sum = exps.reduce((a, b) => a + b);
        exps.forEach((value, c) => y[first + c] = value / sum);
      }
    };
  },

  reference(node, { inputs, output }) {
    const exps = exponentials(node.attributes.beta * inputs[0]!.scale);
    const columns = inputs[0]!.shape.at(-1)!;
    const recode = recodeTable(PROBABILITY, output, "single");
    return ([x], y) => {
      for (let first = 0; first < y.length; first += columns) {
        const row = x!.slice(first, first + columns);
        const { most, sum } = sumExponentials(row, exps);
        const zeros = Math.clz32(sum);
        const scale = reciprocal((sum << zeros >>> 0) - 2 ** 31);
        row.forEach((value, c) => {
          // The product / 2^(35 − zeros), rounded: a probability in 1/256.
          const product = doublingHigh(scale, exponentialOf(exps, most - value));
          const code = ((product >> 22 >> (12 - zeros)) + 1) >> 1;
          y[first + c] = recode[Math.min(255, code)]!;
        });
      }
    };
  },

  emit(node, { inputs, output }, name) {
    const exps = exponentials(node.attributes.beta * inputs[0]!.scale);
    const columns = inputs[0]!.shape.at(-1)!;
    const count = elements(inputs[0]!.shape);
    const table = `model_exps_${name}`;
    const constants = defineExponentials(table, exps);
    const arguments_ = ["x", count / columns, columns, table, exps.length - 1, "y"];
    const body = `intnic_softmax(${arguments_.join(", ")});`;
    const kernels = [...exponentialKernels, "softmax"];
    const common = { weightBytes: 0, scratchBytes: 0 };
    if (sameEncoding(output, PROBABILITY)) return { ...common, kernels, constants, body };
    const recode = lookup(recodeTable(PROBABILITY, output, "single"), name);
    return {
      ...common,
      kernels: [...kernels, "lookup"],
      constants: constants + recode.constants,
      body: `${body}\n${recode.apply("y", count)}`,
    };
  },
};
