import { elements, quantizedLinear } from "../ops/op.ts";
import type { Kernel } from "./kernel.ts";
import { filledRun, LANES, packVectors, vectorEmission, vectorFields } from "./vectors.ts";

/**
 * Dense layers on machines with vectors (`firmware/kernels/vectors/dense_vectors.c`): four vectors of
 * outputs at once, four inputs an instruction.
 */
export const denseVectors: Kernel = {
  name: "vectors",
  file: "dense_vectors",

  plan(node, context) {
    const linear = quantizedLinear(node);
    const taps = elements(context.inputs[0]!.shape);
    const outputs = context.output.shape[0]!;
    return {
      cycles: Math.ceil(outputs / LANES) * (filledRun(taps) + 50),
      // Zeros fill whole vectors, but this is no machine that would have to save them.
      extraFlash: 0,
      scratch: 0,
      why: "four vectors of outputs at once",
      emit: (name) => ({
        ...vectorEmission(name, {
          file: "dense_vectors",
          packed: packVectors(linear.weights, outputs, taps),
          linear,
        }, context),
        scratchBytes: 0,
        body: `static const struct intnic_dense_vectors layer = {
    ${vectorFields(name, node, context)}
    .inputs = ${taps}, .outputs = ${outputs},
};
intnic_dense_vectors(&layer, x, y);`,
      }),
    };
  },
};
