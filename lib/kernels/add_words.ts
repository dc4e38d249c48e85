import { elements } from "../ops/op.ts";
import { wholeSumOf } from "../ops/whole_sum.ts";
import type { Kernel } from "./kernel.ts";
import { rangeFields } from "./scale.ts";

/** 256 times a factor stays in int32 below this. */
const MAX_FACTOR = 2 ** 23;

/** Sums of two tensors of one shape on cores with SMLAW (`firmware/kernels/dsp/add_words.c`). */
export const addWords: Kernel = {
  name: "words",
  file: "add_words",

  plan(node, { inputs, output, rounding }) {
    const count = elements(output.shape);
    if (inputs.some(({ shape }) => elements(shape) !== count)) return "one input is repeated";
    const whole = wholeSumOf(node, rounding);
    if (whole === undefined) return "it takes more than one rounding";
    const { factors: [factor, factor1], offset, shift } = whole;
    if (Math.max(Math.abs(factor), Math.abs(factor1)) >= MAX_FACTOR) {
      return `its factors, ${factor} and ${factor1}, are too long`;
    }
    if (shift < 1) return "it does not shift";
    return {
      cycles: 6.5 * count + 50,
      extraFlash: 0,
      scratch: 0,
      why: "four outputs at once",
      emit: () => ({
        kernels: ["noinline", "minmax", "range", "limit", `add_words@INTNIC_SHIFT=${shift}`],
        constants: "",
        weightBytes: 0,
        scratchBytes: 0,
        body: `static const struct intnic_add_words layer = {
    .factor = ${factor}, .factor1 = ${factor1}, .offset = ${offset}, .count = ${count},
    .range = ${rangeFields(node)},
};
intnic_add_words_${shift}(&layer, x, x1, y);`,
      }),
    };
  },
};
