/**
 * How the networks are trained unless the user says otherwise: the recipe of the models in
 * `models/`. Its values were chosen by the accuracy on hold-out samples of MNIST's training set.
 *
 * @module
 */
import type { Recipe } from "./train.ts";

export const defaultRecipe = {
  epochs: 40,
  seed: 1,
  batch: 128,
  learningRate: 0.003,
  labelSmoothing: 0,
  weightDecay: 0.02,
  averaging: 0.999,
  holdOut: 1 / 12,
  distortion: { rotation: 12, scale: 0.12, shear: 0.15, shift: 1.5 },
} as const satisfies Recipe;
