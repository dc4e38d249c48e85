import { loadInputs } from "../data/inputs.ts";
import { type Dataset, loadDataset, sample } from "../data/mod.ts";
import { UserError } from "../errors.ts";
import { loadModel } from "../import/load.ts";
import { importModel } from "../import/mod.ts";
import { elements, formatShape } from "../ops/op.ts";
import { calibratedTensors, quantize } from "../quantize/quantize.ts";
import type { LabelledSamples } from "../run/evaluate.ts";
import type { CalibratorName, Graph, Model, QuantizedGraph } from "../types.ts";

/** The options of every command that quantizes. */
export interface QuantizationOptions {
  /** A dataset's name or a folder with IDX files; MNIST unless told. */
  readonly data?: string;
  /** Samples of the user's own to calibrate on, instead of the dataset's training set. */
  readonly calibrationInputs?: string;
  /** Samples of the user's own to run; calibrated on where nothing else is named for that. */
  readonly inputs?: string;
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
  /** What it was calibrated on; null if it brought all its ranges along. */
  readonly calibration: LabelledSamples | null;
}

/** Loads, imports and quantizes a model. */
export async function prepare(name: string, options: QuantizationOptions): Promise<Prepared> {
  const model = await loadModel(name);
  const graph = importModel(model);
  const calibration = await loadCalibration(graph, options);
  const quantized = quantize(graph, calibration === null ? [] : allInputs(calibration), {
    calibrator: options.calibration,
    percentile: options.percentile,
  });
  if (!calibratesOnInputs(graph, options)) return { model, graph, quantized, calibration };
  const note = `Activation ranges were chosen on the samples that were run; name others with ` +
    `--calibration-inputs or --data.`;
  return {
    model,
    graph,
    quantized: { ...quantized, notes: [...quantized.notes, note] },
    calibration,
  };
}

/** Whether the samples to be run are all there is to calibrate on. */
function calibratesOnInputs(graph: Graph, options: QuantizationOptions): boolean {
  const { calibrationInputs, data, inputs } = options;
  return inputs !== undefined && calibrationInputs === undefined && data === undefined &&
    calibratedTensors(graph).length > 0;
}

/** What to calibrate on. */
async function loadCalibration(
  graph: Graph,
  options: QuantizationOptions,
): Promise<LabelledSamples | null> {
  const { calibrationInputs, calibrationSamples, inputs } = options;
  if (calibrationInputs !== undefined) {
    return await loadInputs(calibrationInputs, graph, calibrationSamples);
  }
  if (calibratedTensors(graph).length === 0) return null;
  if (calibratesOnInputs(graph, options)) {
    return await loadInputs(inputs!, graph, calibrationSamples);
  }
  return await loadSamples(graph, options, "train", calibrationSamples);
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
  { data = "mnist", inputMean, inputStd }: QuantizationOptions,
  split: Dataset["split"],
  count: number | undefined,
): Promise<LabelledSamples> {
  const dataset = await loadDataset(data, split, count ?? { atMost: USUAL_SAMPLES });
  const shape = graph.tensors.get(graph.input)!;
  if (elements(shape) !== elements(dataset.shape)) {
    throw new UserError(
      `The model ${graph.name} takes an input of ${formatShape(shape)}, but the images of ` +
        `${dataset.name} are ${formatShape(dataset.shape)}; choose the data it was trained on ` +
        `with --data, or give samples of your own with ` +
        `${split === "train" ? "--calibration-inputs" : "--inputs"}.`,
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
