import { UserError } from "../errors.ts";
import { floatRunner } from "../graph/float.ts";
import { opOf } from "../ops/mod.ts";
import { elements, linearConstants } from "../ops/op.ts";
import type {
  Calibration,
  CalibratorName,
  Graph,
  Node,
  QuantizedGraph,
  QuantizedNode,
  QuantizedTensor,
} from "../types.ts";
import { calibrators } from "./calibrators/mod.ts";
import { Histogram } from "./histogram.ts";
import { largest, quantizeLinear, weightScales } from "./linear.ts";
import { clippedRange, type Range, tensorFor } from "./range.ts";

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
 * The network's input keeps the full range seen; every other range is the calibrator's choice.
 *
 * @param samples real inputs to calibrate on, from the training set, each as long as the network's
 * input; at least one
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
  const full = histograms.get(graph.input)!;
  tensors.set(
    graph.input,
    tensorFor(graph.tensors.get(graph.input)!, clippedRange(full, full.largest)),
  );
  const nodes = graph.nodes.map((node) => {
    const range = () => chooseRange(histograms.get(node.output)!, calibration);
    const [quantized, output] = quantizeNode(graph, node, tensors.get(node.inputs[0]!)!, range);
    tensors.set(node.output, output);
    return quantized;
  });
  const { name, input, output, notes } = graph;
  return { name, nodes, tensors, input, output, rounding: "single", calibration, notes };
}

/**
 * Runs the float graph over the samples and collects the distribution of every tensor whose range is
 * to be chosen: the input, and what is not quantized as the op's input is.
 */
function observe(graph: Graph, samples: Iterable<Float32Array>) {
  const chosen = graph.nodes.filter(({ op }) => opOf(op).quantization === "linear");
  const names = [graph.input, ...chosen.map(({ output }) => output)];
  const histograms = new Map(names.map((name) => [name, new Histogram()]));
  const run = floatRunner(graph, (tensor, values) => histograms.get(tensor)?.add(values));
  const size = elements(graph.tensors.get(graph.input)!);
  let count = 0;
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
  input: QuantizedTensor,
  range: () => Range,
): [QuantizedNode, QuantizedTensor] {
  const op = opOf(node.op);
  const shape = graph.tensors.get(node.output)!;
  const inputs = node.inputs.map((name) => graph.tensors.get(name)!);
  const { name, inputs: reads, output: writes, attributes, activation } = node;
  const common = { name, op: node.op, inputs: reads, output: writes, attributes, activation };
  const macs = op.macs(node, { inputs, output: shape });
  const low = (tensor: QuantizedTensor) => node.activation === "relu" ? tensor.zeroPoint : -128;
  if (op.quantization === "same") {
    const output = { ...input, shape };
    return [{ ...common, macs, clamp: [low(output), 127] }, output];
  }
  const constants = linearConstants(node);
  const scales = weightScales(constants.weights, constants.bias, input.scale);
  // Steps finer than four of the accumulator's would say nothing, and would not requantize in the
  // way of requant.ts; 1 + 1e-9 keeps the quotient below 1/4 whatever the division rounds to.
  const coarsest = 4 * input.scale * largest(scales) * (1 + 1e-9);
  const output = tensorFor(shape, range(), coarsest);
  const linear = quantizeLinear(name, constants, scales, input, output.scale);
  return [{ ...common, macs, clamp: [low(output), 127], linear }, output];
}
