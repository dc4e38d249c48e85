import { elements, formatShape } from "../../ops/op.ts";
import { type Context, type Converter } from "./context.ts";
import type { Value } from "./value.ts";
import { fromImage, imageOf, readWindow } from "./window.ts";

function pool(op: "average_pool" | "max_pool"): Converter {
  return (context) => {
    const { attributes } = context;
    if ((context.node.outputs[1] ?? "") !== "") {
      throw context.error("also gives the positions of the largest values, which intnic does not");
    }
    const { tensor, spatial } = imageOf(context, context.value(0));
    const kernelShape = attributes.integers("kernel_shape");
    if (kernelShape?.length !== spatial.length) {
      throw context.error(`has the kernel_shape [${kernelShape}]`);
    }
    const { window, extended } = readWindow(context, spatial, kernelShape);
    const { top, bottom, left, right } = window.padding;
    const countPadding = attributes.flag("count_include_pad") && top + bottom + left + right > 0;
    if (op === "average_pool" && countPadding && extended) {
      throw context.error(
        "counts padding and rounds its output's size up; intnic does one or the other",
      );
    }
    const settings = op === "average_pool" ? { ...window, countPadding } : window;
    return [fromImage(context, context.add(op, [tensor], settings), spatial.length)];
  };
}

/** A pool over the whole image, whatever its number of dimensions. */
export function poolAll(context: Context, op: "average_pool" | "max_pool", x: Value): Value {
  const [, channels, ...spatial] = x.shape;
  if (channels === undefined || spatial.length === 0) {
    throw context.error(`pools over a tensor of ${formatShape(x.shape)}, which is no image`);
  }
  const axes = context.axesOf(x).filter((axis) => axis > 1);
  const batch = x.shape[0] === 1 ? [] : [0];
  if (batch.length > 0) throw context.error(`pools over ${x.shape[0]} images; intnic takes one`);
  const { tensor } = context.arrange(x, [axes, [1]]);
  const image = spatial.length === 2 ? [...spatial, channels] : [1, elements(spatial), channels];
  // Where the model says how the codes before and behind are scaled, `mean` goes from one to the
  // other with one rounding; a pool would keep the scale and need a second.
  if (op === "average_pool" && context.parts.encodingOf(tensor) !== undefined) {
    const rows = context.parts.reshape(tensor, image);
    const y = context.add("mean", [rows], { axes: [0, 1], keepDims: true });
    return context.ordered(y, [1, channels, ...spatial.map(() => 1)], [1]);
  }
  const kernel = image.slice(0, 2);
  const padding = { top: 0, bottom: 0, left: 0, right: 0 };
  const window = { kernel, stride: [1, 1], dilation: [1, 1], padding };
  // Over all of the image, its rows and columns may lie either way.
  const y = context.add(op, [context.parts.reshape(tensor, image)], {
    ...window,
    ...(op === "average_pool" ? { countPadding: false } : {}),
  });
  return context.ordered(y, [1, channels, ...spatial.map(() => 1)], [1]);
}

function globalPool(op: "average_pool" | "max_pool"): Converter {
  return (context) => [poolAll(context, op, context.value(0))];
}

/** Converters of pools. */
export const pools: Readonly<Record<string, Converter>> = {
  AveragePool: pool("average_pool"),
  GlobalAveragePool: globalPool("average_pool"),
  GlobalMaxPool: globalPool("max_pool"),
  MaxPool: pool("max_pool"),
};
