import { formatShape } from "../../ops/op.ts";
import type { Context, Converter } from "./context.ts";
import { pick } from "./shapes.ts";

function reduce(op: "mean" | "sum"): Converter {
  return (context) => {
    const x = context.value(0);
    const rank = x.shape.length;
    const given = context.list("axes", 1);
    const none = given === undefined || given.length === 0;
    if (none && context.attributes.flag("noop_with_empty_axes")) return [x];
    const axes = none ? x.shape.map((_, i) => i) : given.map((axis) => context.axis(axis, rank));
    const keep = context.attributes.integer("keepdims", 1) !== 0;
    const kept = x.shape.map((d, axis) => axes.includes(axis) ? 1 : d);
    const shape = keep ? kept : kept.filter((_, axis) => !axes.includes(axis));
    const long = axes.filter((axis) => x.shape[axis]! > 1);
    if (long.length === 0) return [context.reshaped(x, shape)];
    const { tensor, axes: lying } = context.byAxes(x);
    const y = context.add(op, [tensor], {
      axes: long.map((axis) => lying.indexOf(axis)).sort((a, b) => a - b),
      // A tensor has at least one dimension.
      keepDims: long.length === lying.length,
    });
    const rest = lying.filter((axis) => !long.includes(axis));
    return [context.reshaped(context.ordered(y, kept, rest), shape)];
  };
}

/**
 * Softmax over one axis, or over all from it on before opset 13. It is taken over the last dimension
 * of a tensor, whose elements may lie in any order.
 */
function softmax(op: "log_softmax" | "softmax"): Converter {
  return (context) => {
    const x = context.value(0);
    const rank = x.shape.length;
    const one = context.opset >= 13;
    const axis = context.axis(context.attributes.integer("axis", one ? -1 : 1), rank);
    const over = x.shape.map((_, i) => i).filter((i) => one ? i === axis : i >= axis);
    const rows = context.axesOf(x).filter((i) => !over.includes(i));
    const groups = [...rows.map((i) => [i]), over];
    const { tensor, order } = context.arrange(x, groups, rows.length);
    const y = context.add(op, [tensor], op === "softmax" ? { beta: 1 } : {});
    return [{ ...x, tensor: y, order }];
  };
}

const argmax: Converter = (context) => {
  const { attributes } = context;
  const x = context.value(0);
  const axis = context.axis(attributes.integer("axis", 0), x.shape.length);
  if (attributes.flag("select_last_index")) {
    throw context.error("takes the last of equal values; intnic takes the first");
  }
  const { tensor, axes } = context.byAxes(x, [axis]);
  const y = context.add("argmax", [tensor], {
    axis: axes.indexOf(axis),
    keepDims: axes.length === 1,
  });
  const kept = x.shape.map((d, i) => i === axis ? 1 : d);
  const result = context.ordered(y, kept, axes.filter((i) => i !== axis));
  const keep = attributes.integer("keepdims", 1) !== 0;
  return [context.reshaped(result, keep ? kept : kept.filter((_, i) => i !== axis))];
};

/** For each output position the input position that ONNX's nearest-neighbour resize takes. */
function nearestMap(context: Context, from: number, to: number, scale: number): number[] {
  const mode = context.attributes.string("coordinate_transformation_mode", "half_pixel");
  const rounding = context.attributes.string("nearest_mode", "round_prefer_floor");
  const old = context.node.op === "Upsample" || context.opset < 11;
  return Array.from({ length: to }, (_, i) => {
    const half = (i + 0.5) / scale - 0.5;
    const x = old || mode === "asymmetric"
      ? i / scale
      : mode === "align_corners"
      ? to === 1 ? 0 : i * (from - 1) / (to - 1)
      : mode === "half_pixel"
      ? half
      : mode === "pytorch_half_pixel"
      ? to > 1 ? half : 0
      : mode === "tf_half_pixel_for_nn"
      ? (i + 0.5) / scale
      : NaN;
    if (Number.isNaN(x)) throw context.error(`maps coordinates by ${mode}`);
    const near = old || rounding === "floor"
      ? Math.floor(x)
      : rounding === "ceil"
      ? Math.ceil(x)
      : rounding === "round_prefer_ceil"
      ? Math.floor(x + 0.5)
      : Math.ceil(x - 0.5);
    return Math.min(from - 1, Math.max(0, near));
  });
}

/** The same by the `resize_nearest` op's rules, which are TensorFlow's. */
function tensorFlowMap(from: number, to: number, corners: boolean, centers: boolean): number[] {
  const scale = corners && to > 1 ? (from - 1) / (to - 1) : from / to;
  return Array.from({ length: to }, (_, i) => {
    const x = (centers ? i + 0.5 : i) * scale;
    return Math.max(0, Math.min(from - 1, corners ? Math.round(x) : Math.floor(x)));
  });
}

const resize: Converter = (context) => {
  const x = context.value(0);
  const mode = context.attributes.string("mode", "nearest");
  const upsample = context.node.op === "Upsample";
  const scalesAt = upsample || context.opset < 11 ? 1 : 2;
  const given = context.optionalConstant(scalesAt)?.data;
  const scales = given !== undefined && given.length > 0
    ? [...given]
    : context.attributes.floats("scales") && [...context.attributes.floats("scales")!];
  const sizes = upsample || context.opset < 11 ? undefined : context.optionalConstant(3)?.data;
  const axesGiven = context.attributes.integers("axes");
  const rank = x.shape.length;
  const axes = axesGiven?.map((axis) => context.axis(axis, rank)) ?? x.shape.map((_, i) => i);
  const factors = x.shape.map((d, axis) => {
    const i = axes.indexOf(axis);
    if (i < 0) return 1;
    return sizes !== undefined && sizes.length > 0 ? sizes[i]! / d : scales?.[i] ?? NaN;
  });
  // Before rounding down, what single precision made of a whole number is that number again.
  const shape = x.shape.map((d, i) => Math.floor(d * factors[i]! + 1e-4));
  const sound = shape.every((d) => Number.isInteger(d) && d > 0 && d < 2 ** 20);
  if (!sound || rank < 3 || shape[0] !== x.shape[0] || shape[1] !== x.shape[1]) {
    throw context.error(`resizes ${formatShape(x.shape)} by ${factors.join("×")}`);
  }
  if (shape.every((d, i) => d === x.shape[i])) return [x];
  if (mode !== "nearest" || rank > 4) {
    throw context.error(`resizes by ${mode}; intnic resizes images to the nearest pixel`);
  }
  const size = rank === 3 ? [1, shape[2]!] : shape.slice(2);
  const wanted = shape.slice(2).map((to, i) =>
    nearestMap(context, x.shape[i + 2]!, to, factors[i + 2]!)
  );
  const settings = [[false, false], [false, true], [true, false], [true, true]] as const;
  const found = settings.find(([corners, centers]) =>
    wanted.every((map, i) =>
      `${map}` === `${tensorFlowMap(x.shape[i + 2]!, map.length, corners, centers)}`
    )
  );
  // Another choice of pixels is a pick of rows, then of columns.
  if (found === undefined) {
    return [wanted.reduce((value, map, i) => pick(context, value, i + 2, map), x)];
  }
  const [alignCorners, halfPixelCenters] = found;
  const spatial = rank === 3 ? [[0], [2]] : [[2], [3]];
  const { tensor } = context.arrange(x, [...spatial, rank === 3 ? [1] : [0, 1]]);
  const y = context.add("resize_nearest", [tensor], { size, alignCorners, halfPixelCenters });
  return [context.ordered(y, shape, rank === 3 ? [2, 1] : [2, 3, 1])];
};

/** Converters of operators that reduce, compare or resize. */
export const reductions: Readonly<Record<string, Converter>> = {
  ArgMax: argmax,
  LogSoftmax: softmax("log_softmax"),
  ReduceMean: reduce("mean"),
  ReduceSum: reduce("sum"),
  Resize: resize,
  Softmax: softmax("softmax"),
  Upsample: resize,
};
