import { gather, spread } from "./broadcast.ts";
import type { Converter } from "./context.ts";
import { conv, convTranspose } from "./conv.ts";
import { gemm, matMul } from "./matmul.ts";

const batchNorm: Converter = (context) => {
  const x = context.value(0);
  const channels = x.shape.length < 2 ? x.shape[0]! : x.shape[1]!;
  if (
    context.attributes.flag("training_mode") ||
    (context.node.outputs[1] ?? "") !== "" && context.opset >= 14
  ) {
    throw context.error("is in training mode; export the model for inference (model.eval())");
  }
  const axis = Math.min(1, x.shape.length - 1);
  const rows = context.axesOf(x).filter((other) => other !== axis);
  const groups = [...rows.map((i) => [i]), [axis]];
  const { tensor, places, order } = context.arrange(x, groups, rows.length);
  // Images whose channels lie last stay images, of one row too.
  const own = context.parts.shapeOf(x.tensor);
  const input = `${order}` === `${x.order}` && own.at(-1) === channels ? x.tensor : tensor;
  const parameters = new Map(["gamma", "beta", "mean", "variance"].map((name, i) => {
    const data = gather(spread(context, context.constant(i + 1), channels), places);
    return [name, { shape: [channels], data }] as const;
  }));
  const epsilon = context.attributes.float("epsilon", 1e-5);
  return [{ ...x, order, tensor: context.add("batch_norm", [input], { epsilon }, { parameters }) }];
};

/** Converters of operators with weights. */
export const linear: Readonly<Record<string, Converter>> = {
  BatchNormalization: batchNorm,
  Conv: conv,
  ConvTranspose: convTranspose,
  Gemm: gemm,
  MatMul: matMul,
};
