import { formatList } from "../codegen/literals.ts";
import { quantizedLinear } from "../ops/op.ts";
import { codesOf } from "./codes.ts";
import type { Kernel } from "./kernel.ts";
import { rangeFields } from "./scale.ts";

/** Outputs computed at once. */
const GROUP = 8;
/** Inputs whose products with bytes add up to less than 2³¹. */
const MOST = 2 ** 31 / (128 * 255);

/**
 * Dense layers on cores with words of 64 bits (`firmware/kernels/rv64/dense_bytes8.c`): the weights of
 * eight outputs in a word, multiplied two at a time.
 */
export const denseBytes8: Kernel = {
  name: "bytes",
  file: "byte_sums8",

  plan(node, { inputs, output, rounding }) {
    const linear = quantizedLinear(node);
    const outputs = linear.bias.length;
    const taps = linear.weights.length / outputs;
    if (taps >= MOST) return "its sums of bytes may leave their half of a word";
    const codes = codesOf(node, inputs[0]!.zeroPoint, output, rounding, "high");
    if (typeof codes === "string") return codes;
    const packed = pack(linear.weights, outputs);
    const bytes = 8 * packed.length;
    return {
      cycles: packed.length * 26 + outputs * (25 + codes.cycles / 4) + 4 * taps,
      extraFlash: bytes - linear.weights.length,
      scratch: 0,
      why: "eight outputs at once, their weights in a word of which two are multiplied at once",
      emit: (name) => ({
        kernels: [
          "noinline",
          ...codes.kernels,
          "byte_sums8",
          `dense_bytes8@INTNIC_CODES=${codes.name}`,
        ],
        constants:
          `static const uint64_t model_weights_${name}[${packed.length}] = {\n${
            formatList(packed)
          }\n};\n` + codes.define(name, 1),
        weightBytes: bytes,
        scratchBytes: 0,
        body: `static const struct intnic_dense_bytes8 layer = {
    .weights = model_weights_${name}, .scales = model_scales_${name},
    .inputs = ${taps}, .outputs = ${outputs},
    .range = ${rangeFields(node)},
};
intnic_dense_bytes8_${codes.name}(&layer, x, y);`,
      }),
    };
  },
};

/** For every eight outputs a word an input, each weight with 128 added, from the lowest byte on. */
function pack(weights: Int8Array, outputs: number): string[] {
  const taps = weights.length / outputs;
  const byte = (o: number, i: number) =>
    ((o < outputs ? weights[o * taps + i]! : 0) + 128).toString(16).padStart(2, "0");
  return Array.from({ length: Math.ceil(outputs / GROUP) * taps }, (_, word) => {
    const [first, i] = [Math.floor(word / taps) * GROUP, word % taps];
    const bytes = Array.from({ length: GROUP }, (_, k) => byte(first + GROUP - 1 - k, i));
    return `0x${bytes.join("")}u`;
  });
}
