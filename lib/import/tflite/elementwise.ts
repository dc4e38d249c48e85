/**
 * Operators that work on each element by itself, and softmax.
 *
 * @module
 */
import { UserError } from "../../errors.ts";
import type { Attributes } from "../../types.ts";
import type { Builder } from "./builder.ts";
import { type Converter, fusedActivation, requireSameEncoding, sameEncoding } from "./common.ts";
import type { TfliteOperator } from "./file.ts";
import { options } from "./schema.ts";

/** An operator with one input that is a node of intnic's, with attributes read from its options. */
export function unary(
  op: string,
  attributes: (operator: TfliteOperator) => Attributes = () => ({}),
): Converter {
  return (operator, build) => {
    const value = build.node(operator, op, [build.read(operator.input(0))], operator.output, {
      attributes: attributes(operator),
    });
    build.bind(operator, operator.output, value);
  };
}

/** An operator with two inputs, with the activation that its options may carry. */
export function binary(
  op: string,
  fields?: { readonly union: number; readonly activation: number },
): Converter {
  return (operator, build) => {
    const [a, b] = [operator.input(0), operator.input(1)];
    if (build.constants.has(a) && build.constants.has(b)) {
      throw new UserError(
        `Layer ${operator.name} computes with constants alone; fold it when converting the model.`,
      );
    }
    const activation = fields === undefined
      ? "none"
      : fusedActivation(operator, operator.options(fields.union).int8(fields.activation));
    const inputs = [build.read(a), build.read(b)];
    const value = build.node(operator, op, inputs, operator.output, { activation });
    build.bind(operator, operator.output, value);
  };
}

/** Division, by constants only: multiplication by their inverses. */
export const div: Converter = (operator, build) => {
  const [a, b] = [operator.input(0), operator.input(1)];
  const activation = fusedActivation(
    operator,
    operator.options(options.div.union).int8(options.div.activation),
  );
  if (a.type !== "float32" || !build.constants.has(b)) {
    throw new UserError(
      `Layer ${operator.name} divides by ${b.name}; intnic deploys division of float32 values by ` +
        `constants.`,
    );
  }
  const { shape, data } = build.constants.floats(b);
  build.constants.charge(b, 4 * data.length);
  const inverse = build.constant(`${b.name} inverse`, {
    shape,
    data: data.map((value) => 1 / value),
  });
  const value = build.node(operator, "mul", [build.read(a), inverse], operator.output, {
    activation,
  });
  build.bind(operator, operator.output, value);
};

/** RELU, which may come with another scale for its output. */
export const relu: Converter = (operator, build) => {
  const [x, y] = [operator.input(0), operator.output];
  const value = x.type === "int8" && !sameEncoding(x, y)
    // A leaky relu requantizes as TensorFlow Lite's relu does; there is no other difference.
    ? build.node(operator, "leaky_relu", [build.read(x)], y, { attributes: { alpha: 0 } })
    : build.node(operator, "relu", [build.read(x)], y);
  build.bind(operator, y, value);
};

/** An activation that cuts at two values. */
export function clip(low: number, high: number): Converter {
  return (operator, build) => {
    requireSameEncoding(operator, operator.input(0), operator.output);
    unary("clip", () => ({ low, high }))(operator, build);
  };
}

/** QUANTIZE and DEQUANTIZE: the value stays, its encoding changes. */
export const quantize: Converter = (operator, build) => {
  const [x, y] = [operator.input(0), operator.output];
  if (build.constants.has(x)) {
    define(operator, build);
    return;
  }
  const value = build.read(x);
  const encoding = build.encodings.get(value.name);
  const wanted = y.type === "int8" || y.type === "uint8" ? y.encoding() : undefined;
  if (
    wanted === undefined ||
    encoding?.scale === wanted.scale && encoding.zeroPoint === wanted.zeroPoint
  ) {
    build.bind(operator, y, value);
    return;
  }
  build.bind(operator, y, build.node(operator, "quantize", [value], y));
};

/** A constant in another type: only its real values matter. */
function define(operator: TfliteOperator, build: Builder): void {
  const [x, y] = [operator.input(0), operator.output];
  if (y.type !== "float32") {
    throw new UserError(
      `Layer ${operator.name} quantizes the constant ${x.name}; fold it when converting the model.`,
    );
  }
  const { data } = build.constants.floats(x);
  if (data.length !== y.shape.reduce((a, b) => a * b, 1)) {
    throw new UserError(
      `Layer ${operator.name} turns ${data.length} values into a tensor of ${y.shape.join("×")}.`,
    );
  }
  build.constants.define(y, { shape: y.shape, data });
}
