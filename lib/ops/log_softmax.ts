import { logarithm } from "../quantize/fixed_exp.ts";
import { divideByPowerOfTwo, requantizeTflite } from "../quantize/requant.ts";
import {
  checkColumns,
  defineExponentials,
  differenceOf,
  exponentialKernels,
  exponentials,
  sumExponentials,
} from "./exponentials.ts";
import { elements, type Op } from "./op.ts";
import { recodeTable, sameEncoding } from "./recode.ts";
import { lookup } from "./unary.ts";

/** For values from −15.9 to 0. */
const ENCODING = { scale: 1 / 16, zeroPoint: 127 };

/**
 * The logarithm of softmax along the last axis: x − ln Σe^x. The output has scale 1/16 and zero point
 * 127 unless the model brings others; then its codes are looked up by those.
 *
 * By either rounding rule its bytes are those of TensorFlow Lite's reference kernel for int8. They are
 * within 0.51 codes of the real value, but for inputs so far below the largest that it gives the
 * lowest code: from 15.5 below on for the worst input scales, from 31 for the best.
 */
export const logSoftmax: Op = {
  quantization: ENCODING,
  inPlace: () => true,
  macs: () => 0,

  infer(node, inputs) {
    checkColumns(node, inputs[0]!);
    return inputs[0]!;
  },

  float(_node, { inputs }) {
    const columns = inputs[0]!.at(-1)!;
    return ([x], y) => {
      for (let first = 0; first < y.length; first += columns) {
        const row = x!.subarray(first, first + columns);
        const most = row.reduce((a, b) => Math.max(a, b));
        const sum = row.reduce((total, value) => total + Math.exp(value - most), 0);
        row.forEach((value, c) => y[first + c] = value - most - Math.log(sum));
      }
    };
  },

  reference(_node, { inputs, output }) {
    const exps = exponentials(inputs[0]!.scale);
    const { multiplier, shift, radius } = differenceOf(inputs[0]!.scale);
    const columns = inputs[0]!.shape.at(-1)!;
    const recode = recodeTable(ENCODING, output, "single");
    return ([x], y) => {
      for (let first = 0; first < y.length; first += columns) {
        const row = x!.slice(first, first + columns);
        const { most, sum } = sumExponentials(row, exps);
        const log = logarithm(sum);
        row.forEach((value, c) => {
          const below = most - value;
          const real = requantizeTflite(-Math.min(below, radius), multiplier, shift);
          const difference = Math.max(real, -20 * 2 ** 26) - log;
          const code = below > radius ? -128 : divideByPowerOfTwo(difference, 22) + 127;
          y[first + c] = recode[Math.min(127, Math.max(-128, code)) + 128]!;
        });
      }
    };
  },

  emit(_node, { inputs, output }, name) {
    const exps = exponentials(inputs[0]!.scale);
    const { multiplier, shift, radius } = differenceOf(inputs[0]!.scale);
    const columns = inputs[0]!.shape.at(-1)!;
    const count = elements(inputs[0]!.shape);
    const constants = defineExponentials(`model_exps_${name}`, exps);
    const body = `static const struct intnic_log_softmax layer = {
    .exps = model_exps_${name}, .last = ${exps.length - 1}, .radius = ${radius},
    .multiplier = ${multiplier}, .shift = ${shift},
};
intnic_log_softmax(x, ${count / columns}, ${columns}, &layer, y);`;
    const kernels = [...exponentialKernels, "divide_by_power", "log_softmax"];
    const common = { weightBytes: 0, scratchBytes: 0 };
    if (sameEncoding(output, ENCODING)) return { ...common, kernels, constants, body };
    const recode = lookup(recodeTable(ENCODING, output, "single"), name);
    return {
      ...common,
      kernels: [...kernels, "lookup"],
      constants: constants + recode.constants,
      body: `${body}\n${recode.apply("y", count)}`,
    };
  },
};
