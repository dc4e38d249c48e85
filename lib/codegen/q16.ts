import { channelShift, outputFields, requantizeKernels } from "./pack.ts";
import { elements } from "../ops/op.ts";
import { fromQ16, toQ16 } from "../quantize/q16.ts";
import type { QuantizedTensor, Rounding } from "../types.ts";

/** The Q16.16 entry of a program, empty if its scales cannot be expressed. */
export interface Q16Entry {
  readonly supported: boolean;
  readonly kernels: readonly string[];
  readonly source: string;
}

/** Writes `model_infer_q16` around `model_run`. */
export function q16Entry(
  input: QuantizedTensor,
  output: QuantizedTensor,
  rounding: Rounding,
): Q16Entry {
  const before = fromQ16(input, rounding);
  const after = toQ16(output);
  if (before === undefined || after === undefined) {
    return { supported: false, kernels: [], source: "" };
  }
  const channel = ({ fixed }: typeof before, rule: Rounding) =>
    `{ 0, ${fixed.multiplier}, ${channelShift(fixed.shift, rule)} }`;
  return {
    supported: true,
    kernels: [...requantizeKernels(rounding), "q16"],
    source: `void model_infer_q16(const int32_t *input, int32_t *output)
{
    static const struct intnic_channel from_q16 = ${channel(before, rounding)};
    static const struct intnic_channel to_q16 = ${channel(after, "single")};
    static const struct intnic_output codes = ${
      outputFields({ clamp: [-128, 127] }, input, rounding)
    };
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
