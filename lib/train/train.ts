/**
 * Training of a classifier, repeatable to the byte: the same network, dataset, recipe and seed give
 * the same weights on the same machine.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Dataset } from "../data/mod.ts";
import { UserError } from "../errors.ts";
import { createDistort, type Distort, type Distortion } from "./augment.ts";
import { findNetwork } from "./networks.ts";
import { Optimizer, type OptimizerSettings } from "./optimizer.ts";
import { createRandom, permutation } from "./random.ts";
import { useWasm } from "./wasm_kernels.ts";

/** Everything that decides how a network is trained, besides the data. */
export interface Recipe extends OptimizerSettings {
  readonly epochs: number;
  /** Decides the initial weights, the hold-out samples, the order and the distortions. */
  readonly seed: number;
  /** Samples per step. */
  readonly batch: number;
  /** At the start; it falls along half a cosine to 0 at the end. */
  readonly learningRate: number;
  /** Probability taken from the true class and spread over all of them. */
  readonly labelSmoothing: number;
  /** Fraction of the training samples held out for validation, 0…1. */
  readonly holdOut: number;
  readonly distortion: Distortion;
}

/** What an epoch came to. */
export interface EpochResult {
  /** From 1 on. */
  readonly epoch: number;
  /** Mean over the epoch's steps, label smoothing and distortions included. */
  readonly loss: number;
  /** Fraction of the hold-out samples that the averaged weights classify correctly, 0…1. */
  readonly accuracy: number;
}

/** Called while training. */
export interface TrainEvents {
  /** After each step; counts from 1 to `steps`, over all epochs. */
  readonly onStep?: (step: number, steps: number) => void;
  readonly onEpoch?: (result: EpochResult) => void;
}

/** Samples classified at a time when accuracy is measured. */
const EVALUATION_BATCH = 500;

/**
 * Trains a network on a dataset and returns it with its averaged weights.
 *
 * @throws {UserError} for an unknown network, a dataset with too few or too small images, or if the
 * training diverges.
 */
export async function trainNetwork(
  network: string,
  dataset: Dataset,
  recipe: Recipe,
  { onStep, onEpoch }: TrainEvents = {},
): Promise<tf.Sequential> {
  const make = findNetwork(network);
  const held = Math.max(1, Math.round(dataset.count * recipe.holdOut));
  if (dataset.count < held + recipe.batch) {
    throw new UserError(
      `Cannot train on the ${dataset.count} samples of ${dataset.name}: ${held} are ` +
        `held out for validation and a batch takes ${recipe.batch}.`,
    );
  }
  await useWasm();
  const classes = dataset.labels.reduce((a, b) => Math.max(a, b)) + 1;
  const model = make(dataset.shape, classes, recipe.seed);
  const variables = model.getWeights() as tf.Variable[];
  const optimizer = new Optimizer(
    variables.map((variable) => ({
      weights: variable.dataSync<"float32">(),
      decays: variable.shape.length > 1,
    })),
    recipe,
  );

  const order = permutation(dataset.count, createRandom(recipe.seed, "hold-out"));
  const validation = subset(dataset, order.subarray(0, held));
  const training = subset(dataset, order.subarray(held));
  const batches = Math.floor(training.count / recipe.batch);
  const steps = batches * recipe.epochs;
  const shuffling = createRandom(recipe.seed, "order");
  const [height, width] = dataset.shape as [number, number];
  const distort = createDistort(
    height,
    width,
    recipe.distortion,
    createRandom(recipe.seed, "distortion"),
  );

  for (let epoch = 1; epoch <= recipe.epochs; epoch++) {
    const shuffled = permutation(training.count, shuffling);
    let loss = 0;
    for (let batch = 0; batch < batches; batch++) {
      const step = (epoch - 1) * batches + batch;
      const chosen = shuffled.subarray(batch * recipe.batch, (batch + 1) * recipe.batch);
      const images = distortAll(training, chosen, distort);
      const labels = Int32Array.from(chosen, (index) => training.labels[index]!);
      const result = gradients(model, variables, images, labels, recipe.labelSmoothing);
      loss += result.loss;
      const learningRate = recipe.learningRate * (1 + Math.cos(Math.PI * step / steps)) / 2;
      optimizer.step(result.gradients, learningRate);
      assign(variables, optimizer.weights);
      onStep?.(step + 1, steps);
    }
    if (!Number.isFinite(loss)) {
      throw new UserError(
        `The training of ${network} diverged in epoch ${epoch}: the loss is ${loss / batches}. ` +
          `A larger batch than ${recipe.batch}, or another seed, may help.`,
      );
    }
    assign(variables, optimizer.averages);
    onEpoch?.({ epoch, loss: loss / batches, accuracy: measureAccuracy(model, validation) });
    if (epoch < recipe.epochs) assign(variables, optimizer.weights);
  }
  return model;
}

/** Fraction of the samples that the model's largest logit classifies correctly, 0…1. */
export function measureAccuracy(model: tf.LayersModel, dataset: Dataset): number {
  const size = dataset.images.length / dataset.count;
  let correct = 0;
  for (let from = 0; from < dataset.count; from += EVALUATION_BATCH) {
    const to = Math.min(dataset.count, from + EVALUATION_BATCH);
    tf.tidy(() => {
      const pixels = Float32Array.from(
        dataset.images.subarray(from * size, to * size),
        (pixel) => pixel / 255,
      );
      const logits = model.apply(tf.tensor(pixels, [to - from, ...dataset.shape])) as tf.Tensor;
      for (const [i, label] of logits.argMax(-1).dataSync().entries()) {
        if (label === dataset.labels[from + i]) correct++;
      }
    });
  }
  return correct / dataset.count;
}

/** The loss of a batch, and its gradient by every variable. */
function gradients(
  model: tf.Sequential,
  variables: readonly tf.Variable[],
  images: tf.Tensor,
  labels: Int32Array,
  labelSmoothing: number,
): { loss: number; gradients: Float32Array[] } {
  let loss = 0;
  let byVariable: Float32Array[] = [];
  // Nothing is returned through `tidy`, which looks for tensors in every element of an array.
  tf.tidy(() => {
    const { value, grads } = tf.variableGrads(() => {
      const logits = model.apply(images, { training: true }) as tf.Tensor2D;
      const wanted = tf.oneHot(tf.tensor1d(labels, "int32"), logits.shape[1]);
      return tf.losses.softmaxCrossEntropy(wanted, logits, undefined, labelSmoothing);
    }, [...variables]);
    images.dispose();
    loss = value.dataSync()[0]!;
    byVariable = variables.map((variable) => grads[variable.name]!.dataSync<"float32">());
  });
  return { loss, gradients: byVariable };
}

/** The chosen samples, distorted, as one batch. */
function distortAll(
  { images, shape, count }: Dataset,
  chosen: Uint32Array,
  distort: Distort,
): tf.Tensor {
  const size = images.length / count;
  const pixels = new Float32Array(chosen.length * size);
  for (const [i, index] of chosen.entries()) {
    distort(
      images.subarray(index * size, (index + 1) * size),
      pixels.subarray(i * size, (i + 1) * size),
    );
  }
  return tf.tensor(pixels, [chosen.length, ...shape]);
}

function assign(variables: readonly tf.Variable[], values: readonly Float32Array[]): void {
  tf.tidy(() => {
    for (const [i, variable] of variables.entries()) {
      // A copy, because a tensor may keep the array it is made from until it is first used.
      variable.assign(tf.tensor(values[i]!.slice(), variable.shape));
    }
  });
}

function subset(dataset: Dataset, indices: Uint32Array): Dataset {
  const size = dataset.images.length / dataset.count;
  const images = new Uint8Array(indices.length * size);
  const labels = new Uint8Array(indices.length);
  for (const [i, index] of indices.entries()) {
    images.set(dataset.images.subarray(index * size, (index + 1) * size), i * size);
    labels[i] = dataset.labels[index]!;
  }
  return { ...dataset, images, labels, count: indices.length };
}
