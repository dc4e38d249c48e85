/**
 * Adam with decoupled weight decay, and the averaging of weights, on plain arrays.
 *
 * @module
 */

/** Settings of the optimizer that stay the same during a run. */
export interface OptimizerSettings {
  /** Fraction of each decayed weight taken away per step, per unit of learning rate. */
  readonly weightDecay: number;
  /** How much of the average is kept each step: the average looks back about 1/(1 − this) steps. */
  readonly averaging: number;
}

/** One group of weights: a layer's kernel or bias. */
interface Group {
  readonly weights: Float32Array;
  readonly average: Float32Array;
  readonly mean: Float32Array;
  readonly variance: Float32Array;
  readonly decays: boolean;
}

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-7;

/**
 * Holds the weights and moves them along the gradients it is given.
 *
 * Methods: Adam (Kingma and Ba, 2015), decoupled weight decay (Loshchilov and Hutter, 2019), and an
 * exponential average of the weights over the steps (Polyak and Juditsky, 1992), which generalizes
 * better than the last weights. The average starts short, so that it forgets the initial weights.
 */
export class Optimizer {
  readonly #settings: OptimizerSettings;
  readonly #groups: Group[];
  #step = 0;

  /** @param initial The weights to start from; `decays` is meant for kernels, not for biases. */
  constructor(
    initial: readonly { readonly weights: Float32Array; readonly decays: boolean }[],
    settings: OptimizerSettings,
  ) {
    this.#settings = settings;
    this.#groups = initial.map(({ weights, decays }) => ({
      weights: weights.slice(),
      average: weights.slice(),
      mean: new Float32Array(weights.length),
      variance: new Float32Array(weights.length),
      decays,
    }));
  }

  /** The weights as of the last step, one array a group. */
  get weights(): readonly Float32Array[] {
    return this.#groups.map((group) => group.weights);
  }

  /** Their average over the steps. */
  get averages(): readonly Float32Array[] {
    return this.#groups.map((group) => group.average);
  }

  /** Moves every weight one step, given the loss's gradient by each group. */
  step(gradients: readonly Float32Array[], learningRate: number): void {
    const { weightDecay, averaging } = this.#settings;
    const step = ++this.#step;
    const rate = learningRate * Math.sqrt(1 - BETA2 ** step) / (1 - BETA1 ** step);
    const keep = Math.min(averaging, (1 + step) / (10 + step));
    for (const [i, { weights, average, mean, variance, decays }] of this.#groups.entries()) {
      const gradient = gradients[i]!;
      const shrink = decays ? 1 - learningRate * weightDecay : 1;
      for (let k = 0; k < weights.length; k++) {
        const g = gradient[k]!;
        const m = mean[k] = BETA1 * mean[k]! + (1 - BETA1) * g;
        const v = variance[k] = BETA2 * variance[k]! + (1 - BETA2) * g * g;
        const w = weights[k] = shrink * weights[k]! - rate * m / (Math.sqrt(v) + EPSILON);
        average[k] = keep * average[k]! + (1 - keep) * w;
      }
    }
  }
}
