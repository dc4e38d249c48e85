import { formatList } from "../codegen/literals.ts";
import { quantizedLinear } from "../ops/op.ts";
import { codesOf } from "./codes.ts";
import type { Kernel } from "./kernel.ts";
import { rangeFields } from "./scale.ts";

/** Outputs computed at once, and inputs that are filled up to. */
const GROUP = 4;

/**
 * Dense layers on cores without SIMD (`firmware/kernels/lanes/dense_bytes.c`): the weights of four
 * outputs in a word, which need no unpacking but shifts.
 */
export const denseBytes: Kernel = {
  name: "bytes",
  file: "byte_sums",

  plan(node, { inputs, output, rounding }) {
    const linear = quantizedLinear(node);
    const outputs = linear.bias.length;
    const taps = linear.weights.length / outputs;
    const count = Math.ceil(taps / GROUP) * GROUP;
    const codes = codesOf(node, inputs[0]!.zeroPoint, output, rounding);
    if (typeof codes === "string") return codes;
    const packed = pack(linear.weights, { outputs, taps, count });
    const bytes = 4 * packed.length;
    return {
      cycles: packed.length * 15 + outputs * (50 + codes.cycles / 4) + 8 * taps,
      extraFlash: bytes - linear.weights.length,
      scratch: 4 * count,
      why: "four outputs at once, their weights in a word that is only shifted",
      emit: (name) => ({
        kernels: [
          "noinline",
          ...codes.kernels,
          "byte_sums",
          `dense_bytes@INTNIC_CODES=${codes.name}`,
        ],
        constants:
          `static const int32_t model_weights_${name}[${packed.length}] = {\n${
            formatList(packed)
          }\n};\n` + codes.define(name, 1),
        weightBytes: bytes,
        scratchBytes: 4 * count,
        body: `static const struct intnic_dense_bytes layer = {
    .weights = model_weights_${name}, .scales = model_scales_${name},
    .inputs = ${taps}, .outputs = ${outputs},
    .range = ${rangeFields(node)},
};
intnic_dense_bytes_${codes.name}(&layer, x, (int32_t *)(void *)scratch, y);`,
      }),
    };
  },
};

/** For every four outputs a word an input: three weights with 128 added, from the lowest byte on. */
function pack(
  weights: Int8Array,
  { outputs, taps, count }: { outputs: number; taps: number; count: number },
): Int32Array {
  const at = (o: number, i: number) => o < outputs && i < taps ? weights[o * taps + i]! : 0;
  const words = new Int32Array(Math.ceil(outputs / GROUP) * count);
  words.forEach((_, word) => {
    const [o, i] = [Math.floor(word / count) * GROUP, word % count];
    // −2³¹ is a number that C has no literal for; a weight of −128 above zeros would make it.
    words[word] = (at(o, i) + 128) | (at(o + 1, i) + 128) << 8 | (at(o + 2, i) + 128) << 16 |
      at(o + 3, i) << 24;
  });
  return words;
}
