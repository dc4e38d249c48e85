import { UserError } from "../../errors.ts";
import { formatShape } from "../../ops/op.ts";
import type { Activation } from "../../types.ts";
import type { Builder, Value } from "./builder.ts";
import type { TfliteOperator, TfliteTensor } from "./file.ts";
import { activations } from "./schema.ts";

/**
 * Adds the nodes of one operator and binds its outputs.
 * @throws {UserError} naming the layer, if intnic cannot deploy it
 */
export type Converter = (operator: TfliteOperator, build: Builder) => void;

/**
 * The activation that an operator applies to its result.
 * @throws {UserError} if intnic cannot fuse it
 */
export function fusedActivation(operator: TfliteOperator, code: number): Activation {
  const activation = activations[code];
  if (activation === undefined || activation === "tanh" || activation === "sign_bit") {
    throw new UserError(
      `Layer ${operator.name} has the fused activation ${activation ?? code}; intnic fuses relu, ` +
        `relu6 and relu_n1_to_1.`,
    );
  }
  return activation;
}

/** Refuses a fused activation where TensorFlow Lite has none either. */
export function requireNoActivation(operator: TfliteOperator, code: number): void {
  if (fusedActivation(operator, code) !== "none") {
    throw new UserError(
      `Layer ${operator.name} has the fused activation ${
        activations[code]
      }, which intnic does not ` +
        `deploy with a ${operator.kind}.`,
    );
  }
}

export function requireBatchOfOne(operator: TfliteOperator, { name, shape }: TfliteTensor): void {
  if (shape[0] !== 1) {
    throw new UserError(
      `Layer ${operator.name} reads ${name} of ${formatShape(shape)}, a batch of ${shape[0]}; ` +
        `intnic deploys models that take one sample at a time.`,
    );
  }
}

/** Non-negative number of an axis that may be counted from the end. */
export function axisOf(operator: TfliteOperator, axis: number, rank: number): number {
  const positive = axis < 0 ? axis + rank : axis;
  if (Number.isInteger(positive) && positive >= 0 && positive < rank) return positive;
  throw new UserError(
    `Layer ${operator.name} works along axis ${axis} of a tensor of ${rank} dimensions.`,
  );
}

/**
 * Dimensions that a tensor of the graph lacks against the file's: 1 where the batch was left out,
 * else 0.
 */
export function droppedDimensions(tensor: TfliteTensor): number {
  return tensor.shape.length > 1 && tensor.shape[0] === 1 ? 1 : 0;
}

/**
 * A tensor and its axes as an operator is to see them: without the batch, or with it where one of
 * the axes is the batch's.
 */
export function withAxes(
  build: Builder,
  tensor: TfliteTensor,
  axes: readonly number[],
): { readonly value: Value; readonly axes: readonly number[] } {
  const dropped = droppedDimensions(tensor);
  if (axes.some((axis) => axis < dropped)) return { value: build.readWhole(tensor), axes };
  return { value: build.read(tensor), axes: axes.map((axis) => axis - dropped) };
}

/** Whether two int8 tensors have the same scale, but for the noise of a conversion, and zero point. */
export function sameEncoding(a: TfliteTensor, b: TfliteTensor): boolean {
  const [x, y] = [a.encoding(), b.encoding()];
  return x.zeroPoint === y.zeroPoint && Math.abs(x.scale / y.scale - 1) < 1e-5;
}

/**
 * Refuses an operator that only moves or chooses values, but whose output has another encoding than
 * its input: TensorFlow Lite's kernels would not convert between them.
 */
export function requireSameEncoding(operator: TfliteOperator, ...tensors: TfliteTensor[]): void {
  const [first] = tensors;
  const other = tensors.find((tensor) => first!.type === "int8" && !sameEncoding(first!, tensor));
  if (other !== undefined) {
    throw new UserError(
      `Layer ${operator.name} has ${first!.name} and ${other.name} with different scales or zero ` +
        `points; a ${operator.kind} needs the same for both.`,
    );
  }
}
