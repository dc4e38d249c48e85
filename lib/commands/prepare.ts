import { type Dataset, loadDataset, sample } from "../data/mod.ts";
import { UserError } from "../errors.ts";
import { loadModel } from "../import/load.ts";
import { importModel } from "../import/mod.ts";
import { elements, formatShape } from "../ops/op.ts";
import { quantize } from "../quantize/quantize.ts";
import type { LabelledSamples } from "../run/evaluate.ts";
import type { CalibratorName, Graph, Model, QuantizedGraph } from "../types.ts";

/** The options of every command that quantizes. */
export interface QuantizationOptions {
  /** A dataset's name or a folder with IDX files. */
  readonly data: string;
  readonly calibration: CalibratorName;
  readonly percentile: number;
  /** Samples of the training set to calibrate on; the first 1,000, or all, unless told. */
  readonly calibrationSamples?: number;
  /** The network's input is (pixel / 255 − inputMean) / inputStd. */
  readonly inputMean: number;
  readonly inputStd: number;
}

/** Samples taken where the user does not say how many, if there are so many. */
const USUAL_SAMPLES = 1000;

/** A model on its way to the targets. */
export interface Prepared {
  readonly model: Model;
  readonly graph: Graph;
  readonly quantized: QuantizedGraph;
  /** What it was calibrated on. */
  readonly calibration: LabelledSamples;
}

/** Loads, imports and quantizes a model. */
export async function prepare(name: string, options: QuantizationOptions): Promise<Prepared> {
  const model = await loadModel(name);
  const graph = importModel(model);
  const calibration = await loadSamples(graph, options, "train", options.calibrationSamples);
  const quantized = quantize(graph, allInputs(calibration), {
    calibrator: options.calibration,
    percentile: options.percentile,
  });
  return { model, graph, quantized, calibration };
}

/**
 * The first samples of a data set, as the network's input.
 *
 * @param count the first 1,000, or all there are, if undefined
 * @throws {UserError} if the images do not have as many pixels as the network has inputs, or there are
 * more classes than outputs
 */
export async function loadSamples(
  graph: Graph,
  { data, inputMean, inputStd }: QuantizationOptions,
  split: Dataset["split"],
  count: number | undefined,
): Promise<LabelledSamples> {
  const dataset = await loadDataset(data, split, count ?? { atMost: USUAL_SAMPLES });
  const shape = graph.tensors.get(graph.input)!;
  if (elements(shape) !== elements(dataset.shape)) {
    throw new UserError(
      `The model ${graph.name} takes an input of ${formatShape(shape)}, but the images of ` +
        `${dataset.name} are ${formatShape(dataset.shape)}; choose the data it was trained on ` +
        `with --data.`,
    );
  }
  const classes = dataset.labels.reduce((most, label) => Math.max(most, label), 0) + 1;
  const outputs = elements(graph.tensors.get(graph.output)!);
  if (outputs < classes) {
    throw new UserError(
      `The model ${graph.name} has ${outputs} outputs, but ${dataset.name} has at least ${classes} ` +
        `classes; choose the data it was trained on with --data.`,
    );
  }
  return {
    name: dataset.name,
    count: dataset.count,
    labels: dataset.labels,
    input: (index) => sample(dataset, index).map((pixel) => (pixel - inputMean) / inputStd),
  };
}

/** Every input, one after the other. */
export function* allInputs(samples: LabelledSamples, most = samples.count) {
  for (let i = 0; i < Math.min(most, samples.count); i++) yield samples.input(i);
}
