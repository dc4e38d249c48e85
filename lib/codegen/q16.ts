import { elements } from "../ops/op.ts";
import { fromQ16, toQ16 } from "../quantize/q16.ts";
import type { QuantizedTensor } from "../types.ts";

/** The Q16.16 entry of a program, empty if its scales cannot be expressed. */
export interface Q16Entry {
  readonly supported: boolean;
  readonly kernels: readonly string[];
  readonly source: string;
}

/** Writes `model_infer_q16` around `model_run`. */
export function q16Entry(input: QuantizedTensor, output: QuantizedTensor): Q16Entry {
  const before = fromQ16(input);
  const after = toQ16(output);
  if (before === undefined || after === undefined) {
    return { supported: false, kernels: [], source: "" };
  }
  const channel = ({ fixed }: typeof before) => `{ 0, ${fixed.multiplier}, ${-fixed.shift - 2} }`;
  return {
    supported: true,
    kernels: ["minmax", "mul_high", "requantize", "q16"],
    source: `void model_infer_q16(const int32_t *input, int32_t *output)
{
    static const struct intnic_channel from_q16 = ${channel(before)};
    static const struct intnic_channel to_q16 = ${channel(after)};
    static const struct intnic_output codes = { ${2 * input.zeroPoint + 1}, -128, 127 };
    static int8_t x[MODEL_INPUT_SIZE];
    static int8_t y[MODEL_OUTPUT_SIZE];

    intnic_from_q16(input, ${elements(input.shape)}, &from_q16, &codes, x);
    model_run(model_arena.bytes, x, y);
    intnic_to_q16(y, ${
      elements(output.shape)
    }, &to_q16, ${output.zeroPoint}, ${after.prescale}, output);
}
`,
  };
}
