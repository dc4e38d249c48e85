import { NetworkWriter } from "./onnx_networks.ts";
import { FLOAT, type ModelSpec } from "./onnx_writer.ts";

/** How a quantized tensor is stored. */
export type Codes = "int8" | "uint8";

/** A network, and the scale of its output. */
export interface QuantizedNetwork {
  readonly spec: ModelSpec;
  readonly scale: number;
}

/** A tensor with its codes' scale and zero point, in the names of constants. */
interface Coded {
  readonly name: string;
  readonly scale: number;
  readonly scaleName: string;
  readonly zeroName: string;
}

/** How to convolve: 3×3, with half a kernel of padding on all sides, unless told. */
interface Convolution {
  readonly kernel?: number | readonly [height: number, width: number];
  readonly pads?: readonly [top: number, left: number, bottom: number, right: number];
  readonly groups?: number;
  readonly stride?: number;
  readonly relu?: boolean;
}

/**
 * Writes the same quantized network in both of ONNX's forms: operators on codes, or operators on
 * reals between `QuantizeLinear` and `DequantizeLinear`.
 */
export class QuantizedWriter extends NetworkWriter {
  readonly #form: "operators" | "qdq";
  readonly #codes: Codes;

  constructor(seed: number, form: "operators" | "qdq", codes: Codes) {
    super(seed);
    this.#form = form;
    this.#codes = codes;
  }

  #typed(values: readonly number[]): Int8Array | Uint8Array {
    return this.#codes === "int8" ? Int8Array.from(values) : Uint8Array.from(values);
  }

  /** A scale and a random zero point for values of about −size…size. */
  #encoding(size: number, low = -size): Pick<Coded, "scale" | "scaleName" | "zeroName"> {
    const scale = Math.fround((size - low) / 255 * (0.8 + 0.4 * this.random()));
    const zero = Math.round(-low / (size - low) * 255) - (this.#codes === "int8" ? 128 : 0);
    return {
      scale,
      scaleName: this.constant({ shape: [], data: [scale], type: FLOAT }),
      zeroName: this.constant({ shape: [], data: this.#typed([zero]) }),
    };
  }

  /** Real values as codes and back; in the form of operators only the codes. */
  quantize(x: string, size: number, low?: number): Coded {
    const encoding = this.#encoding(size, low);
    const codes = this.add("QuantizeLinear", [x, encoding.scaleName, encoding.zeroName]);
    return {
      ...encoding,
      name: this.#form === "qdq" ? this.dequantize({ ...encoding, name: codes }) : codes,
    };
  }

  dequantize({ name, scaleName, zeroName }: Coded): string {
    return this.add("DequantizeLinear", [name, scaleName, zeroName]);
  }

  #names({ name, scaleName, zeroName }: Coded): string[] {
    return [name, scaleName, zeroName];
  }

  /** int8 weights, symmetric, with a scale for each of `channels` along `axis`, or one. */
  #weights(shape: readonly number[], channels: number | undefined, axis: number) {
    const count = shape.reduce((a, b) => a * b, 1);
    const data = Int8Array.from({ length: count }, () => Math.round(254 * this.random() - 127));
    const inputs = count / shape[axis]!;
    const scales = Array.from(
      { length: channels ?? 1 },
      () => Math.fround((0.5 + this.random()) * 2 / Math.sqrt(inputs) / 127),
    );
    const rank = channels === undefined ? [] : [channels];
    return {
      scales,
      codes: this.constant({ shape, data }),
      scale: this.constant({ shape: rank, data: scales, type: FLOAT }),
      zero: this.constant({ shape: rank, data: new Int8Array(scales.length) }),
    };
  }

  #bias(outputs: number, x: Coded, scales: readonly number[]) {
    const step = (o: number) => x.scale * scales[scales.length === 1 ? 0 : o]!;
    const codes = Int32Array.from(
      { length: outputs },
      (_, o) => Math.round((this.random() - 0.5) / step(o)),
    );
    const name = this.constant({ shape: [outputs], data: codes });
    if (this.#form === "operators") return name;
    const steps = scales.map((_, o) => Math.fround(step(o)));
    const rank = scales.length === 1 ? [] : [scales.length];
    const scale = this.constant({ shape: rank, data: steps, type: FLOAT });
    const zero = this.constant({ shape: rank, data: new Int32Array(scales.length) });
    return this.add("DequantizeLinear", [name, scale, zero], { axis: 0 });
  }

  convolve(
    x: Coded,
    [from, to]: [number, number],
    { kernel = [3, 3], pads, groups = 1, stride = 1, relu = false }: Convolution = {},
  ): Coded {
    const [height, width] = typeof kernel === "number" ? [kernel, kernel] : kernel;
    const weights = this.#weights([to, from / groups, height, width], to, 0);
    const [down, right] = [Math.floor(height / 2), Math.floor(width / 2)];
    const attributes = {
      kernel_shape: [height, width],
      pads: [...(pads ?? [down, right, down, right])],
      strides: [stride, stride],
      group: groups,
    };
    const bias = this.#bias(to, x, weights.scales);
    if (this.#form === "operators") {
      const encoding = this.#encoding(3, relu ? 0 : -3);
      const inputs = [...this.#names(x), weights.codes, weights.scale, weights.zero];
      const name = this.add(
        "QLinearConv",
        [...inputs, encoding.scaleName, encoding.zeroName, bias],
        attributes,
      );
      return { ...encoding, name };
    }
    const real = this.add("DequantizeLinear", [weights.codes, weights.scale, weights.zero], {
      axis: 0,
    });
    const y = this.add("Conv", [x.name, real, bias], attributes);
    return relu ? this.quantize(this.add("Relu", [y]), 3, 0) : this.quantize(y, 3);
  }

  dense(x: Coded, from: number, to: number): Coded {
    const weights = this.#weights([to, from], undefined, 0);
    const bias = this.#bias(to, x, weights.scales);
    if (this.#form === "operators") {
      const encoding = this.#encoding(4);
      const inputs = [...this.#names(x), weights.codes, weights.scale, weights.zero, bias];
      const all = [...inputs, encoding.scaleName, encoding.zeroName];
      return {
        ...encoding,
        name: this.add("QGemm", all, { transB: 1, alpha: { float: 1 } }, "com.microsoft"),
      };
    }
    const real = this.add("DequantizeLinear", [weights.codes, weights.scale, weights.zero]);
    return this.quantize(this.add("Gemm", [x.name, real, bias], { transB: 1 }), 4);
  }

  matMul(x: Coded, from: number, to: number): Coded {
    const weights = this.#weights([from, to], undefined, 1);
    const inputs = [weights.codes, weights.scale, weights.zero];
    if (this.#form === "operators") {
      const encoding = this.#encoding(4);
      const all = [...this.#names(x), ...inputs, encoding.scaleName, encoding.zeroName];
      return { ...encoding, name: this.add("QLinearMatMul", all) };
    }
    return this.quantize(this.add("MatMul", [x.name, this.add("DequantizeLinear", inputs)]), 4);
  }

  /** A sum or product. */
  combine(op: "Add" | "Mul", a: Coded, b: Coded): Coded {
    if (this.#form === "qdq") return this.quantize(this.add(op, [a.name, b.name]), 4);
    const encoding = this.#encoding(4);
    const inputs = [...this.#names(a), ...this.#names(b), encoding.scaleName, encoding.zeroName];
    return { ...encoding, name: this.add(`QLinear${op}`, inputs, {}, "com.microsoft") };
  }

  /** An operator of one input that gives values of about −size…size. */
  apply(
    op: string,
    x: Coded,
    size: number,
    attributes: Parameters<NetworkWriter["add"]>[2] = {},
  ): Coded {
    if (this.#form === "qdq") return this.quantize(this.add(op, [x.name], attributes), size);
    const encoding = this.#encoding(size);
    const inputs = [...this.#names(x), encoding.scaleName, encoding.zeroName];
    const more = op === "GlobalAveragePool" ? { channels_last: 0 } : {};
    const all = { ...attributes, ...more };
    return { ...encoding, name: this.add(`QLinear${op}`, inputs, all, "com.microsoft") };
  }

  /** An operator that only moves codes or takes the largest. */
  move(op: string, x: Coded, attributes: Parameters<NetworkWriter["add"]>[2] = {}): Coded {
    if (this.#form === "operators") return { ...x, name: this.add(op, [x.name], attributes) };
    const y = this.add(op, [x.name], attributes);
    const codes = this.add("QuantizeLinear", [y, x.scaleName, x.zeroName]);
    return { ...x, name: this.dequantize({ ...x, name: codes }) };
  }

  join(list: readonly Coded[], axis: number): Coded {
    if (this.#form === "qdq") {
      return this.quantize(this.add("Concat", list.map(({ name }) => name), { axis }), 4);
    }
    const encoding = this.#encoding(4);
    const inputs = [encoding.scaleName, encoding.zeroName, ...list.flatMap((x) => this.#names(x))];
    return { ...encoding, name: this.add("QLinearConcat", inputs, { axis }, "com.microsoft") };
  }

  /** The file, its output as reals. */
  end(y: Coded, shape: number[]): QuantizedNetwork {
    if (this.#form === "operators") this.dequantize(y);
    return { spec: this.finish(shape), scale: y.scale };
  }
}

/** The input's shape of the quantized networks of tests. */
export const QUANTIZED_SHAPE = [1, 3, 9, 8];

/** A network with every kind of layer in a row. */
export function quantizedNetwork(form: "operators" | "qdq", codes: Codes): QuantizedNetwork {
  const w = new QuantizedWriter(11, form, codes);
  let x = w.convolve(w.quantize("x", 2), [3, 8], { relu: true });
  x = w.move("MaxPool", x, { kernel_shape: [2, 2], strides: [2, 2] });
  const y = w.convolve(x, [8, 8], { groups: 8 });
  x = w.combine("Add", x, w.convolve(y, [8, 8], { kernel: 1 }));
  x = w.join(
    [x, w.apply("Sigmoid", y, 1), w.apply("LeakyRelu", y, 3, { alpha: { float: 0.2 } })],
    1,
  );
  x = w.combine("Mul", x, w.convolve(x, [24, 24], { kernel: 1 }));
  x = w.apply("AveragePool", x, 3, { kernel_shape: [2, 2] });
  const flat = w.move("Flatten", x);
  const dense = w.dense(flat, 24 * 3 * 3, 12);
  return w.end(w.matMul(dense, 12, 5), QUANTIZED_SHAPE);
}
