import { UserError } from "../errors.ts";
import { floatRunner } from "../graph/float.ts";
import { activationCodes } from "../ops/activation.ts";
import { opOf } from "../ops/mod.ts";
import { elements, linearConstants } from "../ops/op.ts";
import type {
  Calibration,
  CalibratorName,
  Encoding,
  FloatTensor,
  Graph,
  LinearConstants,
  Node,
  QuantizedGraph,
  QuantizedNode,
  QuantizedTensor,
} from "../types.ts";
import { calibrators } from "./calibrators/mod.ts";
import { Histogram } from "./histogram.ts";
import { largest, linearConstantsOf, quantizeWeights, weightScales } from "./linear.ts";
import { clippedRange, quantizeValues, type Range, tensorFor } from "./range.ts";

/** How to quantize. */
export interface QuantizeOptions {
  /** Default `mse`. */
  readonly calibrator?: CalibratorName;
  /** Percent of the values kept in range by the `percentile` calibrator, (0, 100]; default 99.99. */
  readonly percentile?: number;
}

/**
 * Post-training quantization to int8: symmetric per-channel weights, per-tensor activations with a
 * zero point, int32 biases, fixed-point requantization (B. Jacob et al., "Quantization and Training
 * of Neural Networks for Efficient Integer-Arithmetic-Only Inference", 2018).
 *
 * The network's input keeps the full range seen; every other range is the calibrator's choice, or
 * the model's own where it comes quantized.
 *
 * @param samples real inputs to calibrate on, from the training set, each as long as the network's
 * input; at least one, unless the model brings all its ranges
 * @throws {UserError} if there are no samples, a value is not finite, the percentile is out of range,
 * or an accumulator could overflow
 */
export function quantize(
  graph: Graph,
  samples: Iterable<Float32Array>,
  options: QuantizeOptions = {},
): QuantizedGraph {
  const { calibrator = "mse", percentile = 99.99 } = options;
  if (!Object.hasOwn(calibrators, calibrator)) {
    throw new UserError(
      `There is no calibrator "${calibrator}"; intnic has ${Object.keys(calibrators).join(", ")}.`,
    );
  }
  if (!(percentile > 0 && percentile <= 100)) {
    throw new UserError(`The percentile is ${percentile}; it must be above 0 and at most 100.`);
  }
  const { histograms, count } = observe(graph, samples);
  const calibration: Calibration = { calibrator, percentile, samples: count };
  const tensors = new Map<string, QuantizedTensor>();
  const shapeOf = (tensor: string) => graph.tensors.get(tensor)!;
  const full = histograms.get(graph.input);
  tensors.set(
    graph.input,
    full === undefined
      ? { shape: shapeOf(graph.input), ...graph.encodings!.get(graph.input)! }
      : tensorFor(shapeOf(graph.input), clippedRange(full, full.largest)),
  );
  const constants = new Map<string, Int8Array>();
  for (const [name, constant] of graph.constants ?? []) {
    const tensor = constantTensor(constant, graph.encodings?.get(name));
    tensors.set(name, tensor);
    constants.set(name, quantizeValues(constant.data, tensor));
  }
  const nodes = graph.nodes.map((node) => {
    const range = () => chooseRange(histograms.get(node.output)!, calibration);
    const inputs = node.inputs.map((name) => tensors.get(name)!);
    const [quantized, output] = quantizeNode(graph, node, inputs, range);
    tensors.set(node.output, output);
    return quantized;
  });
  const { name, input, output, notes, rounding = "single" } = graph;
  return { name, nodes, tensors, constants, input, output, rounding, calibration, notes };
}

/** The scale and zero point of a constant: what the model says, or else what covers its values. */
function constantTensor({ shape, data }: FloatTensor, encoding?: Encoding): QuantizedTensor {
  if (encoding !== undefined) return { shape, ...encoding };
  return tensorFor(shape, {
    low: data.reduce((least, value) => Math.min(least, value), 0),
    high: data.reduce((most, value) => Math.max(most, value), 0),
  });
}

/** True if the op's output gets a range by calibration, unless the model brings one. */
function isCalibrated({ op }: Node): boolean {
  const { quantization } = opOf(op);
  return quantization === "linear" || quantization === "range";
}

/** The tensors whose ranges the model does not bring along; if there are none, it needs no samples. */
export function calibratedTensors(graph: Graph): string[] {
  return [graph.input, ...graph.nodes.filter(isCalibrated).map(({ output }) => output)]
    .filter((name) => !graph.encodings?.has(name));
}

/**
 * Runs the float graph over the samples and collects the distribution of every tensor whose range is
 * to be chosen: the input, and what is not quantized as the op's input is. A model that brings all
 * ranges along needs no samples.
 */
function observe(graph: Graph, samples: Iterable<Float32Array>) {
  const names = calibratedTensors(graph);
  const histograms = new Map(names.map((name) => [name, new Histogram()]));
  let count = 0;
  if (names.length === 0) return { histograms, count };
  const run = floatRunner(graph, (tensor, values) => histograms.get(tensor)?.add(values));
  const size = elements(graph.tensors.get(graph.input)!);
  for (const sample of samples) {
    if (sample.length !== size) {
      throw new UserError(
        `Calibration sample ${count} has ${sample.length} values; the network takes ${size}.`,
      );
    }
    run(sample);
    count++;
  }
  if (count === 0) {
    throw new UserError("There are no calibration samples; at least one is needed.");
  }
  for (const [name, { finite }] of histograms) {
    if (!finite) {
      throw new UserError(
        `Tensor ${name} becomes infinite or not a number on the calibration samples; all values ` +
          `must be finite.`,
      );
    }
  }
  return { histograms, count };
}

/** The calibrated range of one tensor. */
function chooseRange(histogram: Histogram, { calibrator, percentile }: Calibration): Range {
  if (histogram.largest === 0) return { low: 0, high: 0 };
  const levels = histogram.min < 0 && histogram.max > 0 ? 127 : 255;
  return clippedRange(histogram, calibrators[calibrator](histogram, { percentile, levels }));
}

function quantizeNode(
  graph: Graph,
  node: Node,
  inputs: readonly QuantizedTensor[],
  range: () => Range,
): [QuantizedNode, QuantizedTensor] {
  const { rounding = "single" } = graph;
  const op = opOf(node.op);
  const shape = graph.tensors.get(node.output)!;
  const [input] = inputs as [QuantizedTensor];
  const encoding = graph.encodings?.get(node.output);
  const { name, inputs: reads, output: writes, attributes, activation } = node;
  const common = { name, op: node.op, inputs: reads, output: writes, attributes, activation };
  const macs = op.macs(node, { inputs: inputs.map((tensor) => tensor.shape), output: shape });
  const finish = (output: QuantizedTensor, linear?: LinearConstants) => {
    const clamp = activationCodes(activation, output);
    const parameters = op.quantize?.(node, { inputs, output, rounding });
    const extra = {
      ...(linear === undefined ? {} : { linear }),
      ...(parameters === undefined ? {} : { parameters }),
    };
    return [{ ...common, macs, clamp, ...extra }, output] satisfies [unknown, unknown];
  };
  if (op.quantization !== "linear") {
    if (op.quantization === "same") {
      // The codes are the input's. A model may give them a scale that differs by its own rounding.
      const renamed = encoding?.zeroPoint === input.zeroPoint &&
        Math.abs(encoding.scale / input.scale - 1) < 1e-5;
      return finish({ ...input, ...(renamed ? encoding : {}), shape });
    }
    if (encoding !== undefined) return finish({ shape, ...encoding });
    if (op.quantization === "follow") return finish({ ...input, shape });
    return finish(
      op.quantization === "range" ? tensorFor(shape, range()) : { shape, ...op.quantization },
    );
  }
  const constants = linearConstants(node);
  const codes = node.codes ??
    quantizeWeights(constants, weightScales(constants, input.scale), input.scale);
  // Steps finer than four of the accumulator's would say nothing, and would not requantize in the
  // way of requant.ts; 1 + 1e-9 keeps the quotient below 1/4 whatever the division rounds to.
  const coarsest = 4 * input.scale * largest(codes.scales) * (1 + 1e-9);
  const output = encoding === undefined
    ? tensorFor(shape, range(), coarsest)
    : { shape, ...encoding };
  return finish(
    output,
    linearConstantsOf(name, codes, constants.weights.shape, {
      input,
      outputScale: output.scale,
      rounding,
    }),
  );
}
