import { verify } from "../lib/graph/verify.ts";
import type { Activation, Encoding, Graph, Node } from "../lib/types.ts";

/** Numbers with spaces between them. */
export type Numbers = string;

/** One run of a kernel of TensorFlow Lite Micro; see `vectors/tflm_kernels.json`. */
export interface KernelCase {
  readonly op: string;
  readonly attributes: object;
  readonly activation: Activation;
  readonly shape: readonly number[];
  readonly encodings: Readonly<Record<string, Encoding>>;
  readonly weights?: {
    readonly shape: readonly number[];
    readonly codes: Numbers;
    readonly scales: Numbers;
    readonly bias: Numbers;
  };
  /** The second input, if there is one. */
  readonly constant?: { readonly shape: readonly number[]; readonly codes: Numbers };
  /** Codes that go in, and that come out. */
  readonly x: Numbers;
  readonly y: Numbers;
}

export function numbers(text: Numbers): number[] {
  return text.split(" ").map(Number);
}

/** A verified graph of the one op, with the case's quantization. */
export function kernelGraph(
  { op, attributes, activation, shape, encodings, weights, constant }: Omit<KernelCase, "x" | "y">,
): Graph {
  const node: Node = {
    name: op,
    op,
    inputs: constant === undefined ? ["x"] : ["x", "x1"],
    output: "y",
    attributes,
    activation,
    ...(weights === undefined ? {} : linear(weights, encodings.x!.scale)),
  };
  return verify({
    name: op,
    nodes: [node],
    input: "x",
    output: "y",
    notes: [],
    rounding: "tflite",
    encodings: new Map(Object.entries(encodings)),
    ...(constant === undefined ? {} : { constants: constants(constant, encodings.x1!) }),
  }, shape);
}

function linear({ shape, ...texts }: NonNullable<KernelCase["weights"]>, input: number) {
  const [codes, scales, bias] = [texts.codes, texts.scales, texts.bias].map(numbers) as [
    number[],
    number[],
    number[],
  ];
  const taps = codes.length / bias.length;
  return {
    weights: {
      shape,
      data: Float32Array.from(codes, (code, i) => code * scales[Math.floor(i / taps)]!),
    },
    bias: Float32Array.from(bias, (b, o) => b * input * scales[o]!),
    codes: {
      weights: Int8Array.from(codes),
      scales: Float64Array.from(scales),
      bias: Int32Array.from(bias),
    },
  };
}

function constants(
  { shape, codes }: NonNullable<KernelCase["constant"]>,
  { scale, zeroPoint }: Encoding,
) {
  const data = Float32Array.from(numbers(codes), (code) => scale * (code - zeroPoint));
  return new Map([["x1", { shape, data }]]);
}
