import {
  FLOAT,
  INT64,
  type ModelSpec,
  type NodeSpec,
  randomTensor,
  type TensorSpec,
} from "./onnx_writer.ts";
import { seededRandom } from "./random_graph.ts";

/** Puts a file together node by node; each method gives the name of what it makes. */
export class NetworkWriter {
  readonly random: () => number;
  readonly nodes: NodeSpec[] = [];
  readonly constants: Record<string, TensorSpec> = {};
  #count = 0;

  constructor(seed: number) {
    this.random = seededRandom(seed);
  }

  name(kind: string): string {
    return `${kind}_${this.#count++}`;
  }

  constant(tensor: TensorSpec): string {
    const name = this.name("constant");
    this.constants[name] = tensor;
    return name;
  }

  /** Random weights; small enough that layers keep the size of their input. */
  weights(...shape: number[]): string {
    const inputs = Math.max(1, shape.slice(1).reduce((a, b) => a * b, 1));
    return this.constant(randomTensor(this.random, shape, 1.5 / Math.sqrt(inputs)));
  }

  list(...data: number[]): string {
    return this.constant({ shape: [data.length], data, type: INT64 });
  }

  scalar(value: number): string {
    return this.constant({ shape: [], data: [value], type: FLOAT });
  }

  add(
    op: string,
    inputs: string[],
    attributes: NodeSpec["attributes"] = {},
    domain?: string,
  ): string {
    return this.addAll(op, inputs, 1, attributes, domain)[0]!;
  }

  addAll(
    op: string,
    inputs: string[],
    outputs: number,
    attributes: NodeSpec["attributes"] = {},
    domain?: string,
  ): string[] {
    const names = Array.from({ length: outputs }, () => this.name(op));
    const node = { op, inputs, outputs: names, attributes };
    this.nodes.push(domain === undefined ? node : { ...node, domain });
    return names;
  }

  conv(
    x: string,
    [from, to]: [number, number],
    kernel = 3,
    more: NodeSpec["attributes"] = {},
  ): string {
    const groups = typeof more["group"] === "number" ? more["group"] : 1;
    const weights = this.weights(to, from / groups, kernel, kernel);
    const pad = Math.floor(kernel / 2);
    const attributes = { kernel_shape: [kernel, kernel], pads: [pad, pad, pad, pad], ...more };
    return this.add("Conv", [x, weights, this.weights(to)], attributes);
  }

  batchNorm(x: string, channels: number): string {
    const positive = () => {
      const { shape, data } = randomTensor(this.random, [channels]);
      return this.constant({ shape, data: [...data].map((v) => Math.abs(v) + 0.3) });
    };
    const [gamma, beta, mean, variance] = [
      positive(),
      this.weights(channels),
      this.weights(channels),
      positive(),
    ];
    return this.add("BatchNormalization", [x, gamma, beta, mean, variance], {
      epsilon: { float: 1e-3 },
    });
  }

  gemm(x: string, from: number, to: number): string {
    return this.add("Gemm", [x, this.weights(to, from), this.weights(to)], { transB: 1 });
  }

  /** The file with `x` as its input and what was added last as its output. */
  finish(shape: (number | string)[], opset = 17, type = FLOAT): ModelSpec {
    const last = this.nodes.at(-1)!.outputs[0]!;
    return {
      nodes: this.nodes,
      constants: this.constants,
      inputs: [{ name: "x", shape, type }],
      outputs: [{ name: last, shape: [] }],
      opset,
    };
  }
}

/** A network, and the shape with which it is run. */
export interface Network {
  readonly name: string;
  readonly spec: ModelSpec;
  readonly shape: readonly number[];
  /** Nodes that remain of it that move data; none unless told. */
  readonly transposes?: number;
}

function network(
  name: string,
  shape: readonly number[],
  build: (w: NetworkWriter) => void,
  { opset = 17, transposes = 0, open = false } = {},
): Network {
  const writer = new NetworkWriter(name.length);
  build(writer);
  const spec = writer.finish(open ? ["batch", ...shape.slice(1)] : [...shape], opset);
  // PyTorch writes no shape for what it does not know; the runtime needs none.
  return { name, spec, shape, transposes };
}

/** Blocks and whole networks as PyTorch and tf2onnx export them. */
export const networks: readonly Network[] = [
  network("residual blocks with batch norm", [1, 3, 13, 11], (w) => {
    let x = w.add("Relu", [w.batchNorm(w.conv("x", [3, 8]), 8)]);
    const y = w.batchNorm(w.conv(w.add("Relu", [w.batchNorm(w.conv(x, [8, 8]), 8)]), [8, 8]), 8);
    x = w.add("Relu", [w.add("Add", [x, y])]);
    x = w.add("MaxPool", [x], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] });
    x = w.add("GlobalAveragePool", [x]);
    w.gemm(w.add("Flatten", [x]), 8, 10);
  }, { open: true }),
  network("flattened channels, height and width into dense layers", [1, 2, 9, 7], (w) => {
    let x = w.add("Relu", [w.conv("x", [2, 5], 3, { strides: [2, 2] })]);
    x = w.add("Flatten", [x]);
    x = w.add("Relu", [w.gemm(w.batchNorm(x, 100), 100, 20)]);
    w.add("Softmax", [w.gemm(x, 20, 4)], { axis: 1 });
  }),
  network("inverted residuals with squeeze and excitation", [1, 4, 8, 8], (w) => {
    let x = w.add("HardSwish", [w.batchNorm(w.conv("x", [4, 12], 1), 12)]);
    x = w.add("HardSwish", [w.batchNorm(w.conv(x, [12, 12], 5, { group: 12 }), 12)]);
    let s = w.add("ReduceMean", [x], { axes: [2, 3], keepdims: 1 });
    s = w.add("Relu", [w.conv(s, [12, 4], 1)]);
    s = w.add("HardSigmoid", [w.conv(s, [4, 12], 1)], { alpha: { float: 1 / 6 } });
    x = w.batchNorm(w.conv(w.add("Mul", [x, s]), [12, 4], 1), 4);
    x = w.add("Add", [x, "x"]);
    x = w.add("ReduceMean", [x], { axes: [-1, -2], keepdims: 0 });
    w.gemm(x, 4, 3);
  }, { open: true }),
  network("shuffled channels", [1, 6, 5, 4], (w) => {
    const a = w.add("Relu", [w.conv("x", [6, 8], 1, { group: 2 })]);
    let x = w.add("Reshape", [a, w.list(0, 2, 4, 5, 4)]);
    x = w.add("Transpose", [x], { perm: [0, 2, 1, 3, 4] });
    x = w.add("Reshape", [x, w.list(0, 8, 5, 4)]);
    w.conv(x, [8, 5], 3);
  }),
  network("split, concat and slices of channels", [1, 6, 5, 4], (w) => {
    const [a, b] = w.addAll("Split", [w.conv("x", [6, 8]), w.list(3, 5)], 2, { axis: 1 });
    const c = w.add("Concat", [b!, w.add("Tanh", [a!]), "x"], { axis: 1 });
    const d = w.add("Slice", [c, w.list(1, -3), w.list(13, 1000), w.list(1, 2)]);
    w.add("Pad", [d, w.list(0, 1, 0, 2, 0, 0, 1, 0), w.scalar(0.5)]);
  }),
  network("convolutions over time", [1, 5, 32], (w) => {
    const weights = w.weights(8, 5, 3);
    let x = w.add("Conv", ["x", weights, w.weights(8)], { pads: [2, 0], strides: [2] });
    x = w.add("LeakyRelu", [x], { alpha: { float: 0.1 } });
    x = w.add("MaxPool", [x], { kernel_shape: [2], strides: [2] });
    x = w.add("Transpose", [x], { perm: [0, 2, 1] });
    x = w.add("MatMul", [x, w.weights(8, 6)]);
    x = w.add("Add", [w.weights(6), x]);
    w.gemm(w.add("Flatten", [x]), 48, 3);
  }),
  network("channels last, as from TensorFlow", [1, 6, 7, 3], (w) => {
    let x = w.add("Transpose", ["x"], { perm: [0, 3, 1, 2] });
    x = w.add("Conv", [x, w.weights(4, 3, 3, 3)], { auto_pad: "SAME_UPPER", strides: [2, 2] });
    x = w.add("Transpose", [w.add("Relu", [x])], { perm: [0, 2, 3, 1] });
    x = w.add("Add", [x, w.weights(4)]);
    x = w.add("Reshape", [x, w.list(-1, 48)]);
    w.add("MatMul", [x, w.weights(48, 5)]);
  }, { opset: 11, open: true }),
  network("shapes computed at run time", [1, 3, 6, 6], (w) => {
    const x = w.conv("x", [3, 4], 3, { strides: [2, 2] });
    const shape = w.add("Shape", [x]);
    const batch = w.add("Gather", [shape, w.constant({ shape: [], data: [0], type: INT64 })]);
    const dims = w.add("Concat", [w.add("Unsqueeze", [batch, w.list(0)]), w.list(-1)], { axis: 0 });
    w.gemm(w.add("Reshape", [x, dims]), 36, 4);
  }, { open: true }),
  network("gelu, silu and hard swish in pieces", [1, 12], (w) => {
    const x = w.gemm("x", 12, 12);
    const half = w.add("Mul", [x, w.scalar(0.5)]);
    const erf = w.add("Erf", [w.add("Div", [x, w.scalar(Math.SQRT2)])]);
    const gelu = w.add("Mul", [half, w.add("Add", [erf, w.scalar(1)])]);
    const silu = w.add("Mul", [gelu, w.add("Sigmoid", [gelu])]);
    const clip = w.add("Clip", [w.add("Add", [silu, w.scalar(3)]), w.scalar(0), w.scalar(6)]);
    w.gemm(w.add("Div", [w.add("Mul", [silu, clip]), w.scalar(6)]), 12, 5);
  }),
  network("upsampling and transposed convolution", [1, 3, 4, 5], (w) => {
    const scales = w.constant({ shape: [4], data: [1, 1, 2, 2] });
    const x = w.add("Resize", [w.conv("x", [3, 4]), "", scales], {
      mode: "nearest",
      coordinate_transformation_mode: "asymmetric",
      nearest_mode: "floor",
    });
    w.add("ConvTranspose", [x, w.weights(4, 3, 3, 3), w.weights(3)], {
      strides: [2, 2],
      pads: [1, 1, 1, 1],
      output_padding: [1, 1],
    });
  }),
  network("normalization before and after, with padding between", [1, 4, 6, 6], (w) => {
    const x = w.batchNorm("x", 4);
    const y = w.batchNorm(w.conv(x, [4, 4], 3), 4);
    const z = w.conv(w.batchNorm(w.add("Relu", [y]), 4), [4, 6], 1);
    w.batchNorm(w.add("Tanh", [z]), 6);
  }),
  ...(["forward", "reverse", "bidirectional"] as const).flatMap((direction) =>
    ([["LSTM", 4], ["GRU", 3], ["RNN", 1]] as const).map(([op, gates]) =>
      network(`${op}, ${direction}, batch first in PyTorch's way`, [1, 9, 5], (w) => {
        const [hidden, count] = [6, direction === "bidirectional" ? 2 : 1];
        const x = w.add("Transpose", ["x"], { perm: [1, 0, 2] });
        const weights = [
          w.weights(count, gates * hidden, 5),
          w.weights(count, gates * hidden, hidden),
          w.weights(count, 2 * gates * hidden),
        ];
        const attributes = {
          direction,
          hidden_size: hidden,
          ...(op === "GRU" ? { linear_before_reset: 1 } : {}),
        };
        const zeros = w.add("ConstantOfShape", [w.list(count, 1, hidden)]);
        const [y, h] = w.addAll(op, [x, ...weights, "", zeros], 2, attributes);
        const all = w.add("Reshape", [
          w.add("Transpose", [y!], { perm: [0, 2, 1, 3] }),
          w.list(0, 0, -1),
        ]);
        const first = w.add("Transpose", [all], { perm: [1, 0, 2] });
        const last = w.add("Gather", [
          first,
          w.constant({ shape: [], data: [-1], type: INT64 }),
        ], { axis: 1 });
        const end = w.add("Reshape", [
          w.add("Transpose", [h!], { perm: [1, 0, 2] }),
          w.list(1, -1),
        ]);
        w.gemm(w.add("Concat", [last, end], { axis: 1 }), 2 * count * hidden, 3);
      })
    )
  ),
  network("average pools that count padding or not", [1, 3, 7, 8], (w) => {
    const a = w.add("AveragePool", ["x"], {
      kernel_shape: [3, 3],
      pads: [1, 1, 1, 1],
      count_include_pad: 1,
    });
    const b = w.add("AveragePool", [w.add("Sub", ["x", a])], {
      kernel_shape: [2, 3],
      strides: [2, 2],
      ceil_mode: 1,
    });
    w.add("Softmax", [w.add("PRelu", [b, w.weights(3, 1, 1)])], { axis: 1 });
  }),
];
