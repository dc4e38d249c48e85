import { formatList } from "../codegen/literals.ts";
import { UserError } from "../errors.ts";
import { expNegative, ONE, reciprocal } from "../quantize/fixed_exp.ts";
import { doublingHigh, requantizeTflite, toFixedPointTflite } from "../quantize/requant.ts";
import type { QuantizedTensor } from "../types.ts";
import { PROBABILITY } from "./encodings.ts";
import { recodeTable, sameEncoding } from "./recode.ts";
import { elements, type Op } from "./op.ts";
import { lookup } from "./unary.ts";

/** What a softmax needs to know. */
export interface Softmax {
  /** Factor of the inputs, positive; 1 in most networks. */
  readonly beta: number;
}

/** Most columns whose sum of exponentials the Q12.19 accumulator holds. */
const MAX_COLUMNS = 4095;

/** Integer bits of the scaled difference that is exponentiated. */
const DIFFERENCE_BITS = 5;

/**
 * e^(βx) over the sum of e^(βx) along the last axis. The output has scale 1/256 and zero point −128
 * unless the model brings others; then its codes are looked up by those.
 *
 * By either rounding rule its bytes are those of TensorFlow Lite's reference kernel for int8, which
 * are within one code of the real value. As the difference of an input to the largest of its row is
 * one of 256, the exponentials are a table made here (at most 1 KB of flash).
 */
export const softmax: Op<Softmax> = {
  quantization: PROBABILITY,
  inPlace: () => true,
  macs: () => 0,

  infer(node, inputs) {
    const { beta } = node.attributes;
    const columns = inputs[0]!.at(-1)!;
    if (!(beta > 0 && Number.isFinite(beta))) {
      throw new UserError(`Softmax ${node.name} has a beta of ${beta}; it must be positive.`);
    }
    if (columns > MAX_COLUMNS) {
      throw new UserError(
        `Softmax ${node.name} is taken over ${columns} values; at most ${MAX_COLUMNS} are possible.`,
      );
    }
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
    const exps = exponentials(inputs[0]!.scale, node.attributes);
    const columns = inputs[0]!.shape.at(-1)!;
    const recode = recodeTable(PROBABILITY, output, "single");
    return ([x], y) => {
      for (let first = 0; first < y.length; first += columns) {
        const row = x!.slice(first, first + columns);
        const most = row.reduce((a, b) => Math.max(a, b));
        const exp = (value: number) => exps[Math.min(most - value, exps.length - 1)]!;
        const sum = row.reduce((total, value) => total + ((exp(value) + 2048) >>> 12), 0);
        const zeros = Math.clz32(sum);
        const scale = reciprocal((sum << zeros >>> 0) - 2 ** 31);
        row.forEach((value, c) => {
          // The product / 2^(35 − zeros), rounded: a probability in 1/256.
          const code = ((doublingHigh(scale, exp(value)) >> 22 >> (12 - zeros)) + 1) >> 1;
          y[first + c] = recode[Math.min(255, code)]!;
        });
      }
    };
  },

  emit(node, { inputs, output }, name) {
    const exps = exponentials(inputs[0]!.scale, node.attributes);
    const columns = inputs[0]!.shape.at(-1)!;
    const count = elements(inputs[0]!.shape);
    const table = `model_exps_${name}`;
    const constants = `static const int32_t ${table}[${exps.length}] = {\n${
      formatList(exps)
    }\n};\n`;
    const arguments_ = ["x", count / columns, columns, table, exps.length - 1, "y"];
    const body = `intnic_softmax(${arguments_.join(", ")});`;
    const common = { weightBytes: 0, scratchBytes: 0 };
    const kernels = ["minmax", "mul_high", "doubling_high", "softmax"];
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

/**
 * e^(−β·scale·d) in Q0.31 for d = 0, 1, …; what lies behind the end is as the last entry. Values so
 * small that neither the sum nor any output can show them are zero.
 */
function exponentials(scale: QuantizedTensor["scale"], { beta }: Softmax): Int32Array {
  const factor = beta * scale * 2 ** (31 - DIFFERENCE_BITS);
  // A step so large that only the largest input counts; its shift would not fit an int32.
  if (factor >= 2 ** 30) return Int32Array.of(ONE, 0);
  const { multiplier, shift } = toFixedPointTflite(factor);
  // Differences that the shift would carry beyond the integer bits count as infinite.
  const radius = Math.floor(31 * 2 ** (31 - DIFFERENCE_BITS) / 2 ** Math.max(0, shift));
  const exps: number[] = [];
  for (let d = 0; d < 256; d++) {
    const exp = d > radius
      ? 0
      : expNegative(requantizeTflite(-d, multiplier, shift), DIFFERENCE_BITS);
    // 2048 is half of the sum's last bit.
    exps.push(exp < 2048 ? 0 : exp);
    if (exp < 2048) break;
  }
  return Int32Array.from(exps);
}
