/**
 * `intnic train`: makes a float model to deploy.
 *
 * @module
 */
// @ts-types="@types/cli-progress"
import { SingleBar } from "cli-progress";
import { join } from "node:path";
import process from "node:process";
import { loadDataset } from "../data/mod.ts";
import { UserError } from "../errors.ts";
import { findNetwork } from "../train/networks.ts";
import { defaultRecipe } from "../train/recipe.ts";
import { checkOutput, saveModel } from "../train/save.ts";
import { measureAccuracy, trainNetwork } from "../train/train.ts";

/** What the user may choose; the rest of the recipe is in `lib/train/recipe.ts`. */
export interface TrainOptions {
  readonly epochs: number;
  /** Decides every random choice: the same seed gives the same model, byte for byte. */
  readonly seed: number;
  /** Samples per step. */
  readonly batch: number;
  /** A dataset's name or a folder with IDX files. */
  readonly data: string;
  /** Folder for the model; `build/<network>` if left out. */
  readonly out?: string;
}

/** The options unless the user says otherwise. */
export const trainDefaults = {
  epochs: defaultRecipe.epochs,
  seed: defaultRecipe.seed,
  batch: defaultRecipe.batch,
  data: "mnist",
} as const satisfies TrainOptions;

/**
 * Trains a network and saves it: a progress bar on stderr, one line an epoch on stdout, and the
 * accuracy on the test set, measured once, at the end.
 *
 * @throws {UserError} for an unknown network or dataset, an option out of range, or a folder that
 * cannot be written; all found out before training starts.
 */
export async function train(network: string, options: TrainOptions): Promise<void> {
  const { epochs, seed, batch, data, out = join("build", network) } = options;
  findNetwork(network);
  checkWhole("epochs", epochs, 1, 10_000);
  checkWhole("seed", seed, 0, Number.MAX_SAFE_INTEGER);
  checkWhole("batch", batch, 1, 10_000);
  await checkOutput(out);
  const training = await loadDataset(data, "train");
  const test = await loadDataset(data, "test");

  const bar = new SingleBar({
    format: "epoch {epoch}/{epochs} |{bar}| {percentage} % | {eta_formatted} left",
    stream: process.stderr,
    clearOnComplete: true,
  });
  let epoch = 0;
  const onStep = (step: number, ofAll: number) => {
    const perEpoch = ofAll / epochs;
    const done = (step - 1) % perEpoch;
    if (done === 0) bar.start(perEpoch, 0, { epoch: ++epoch, epochs });
    bar.update(done + 1);
  };
  try {
    const model = await trainNetwork(network, training, { ...defaultRecipe, epochs, seed, batch }, {
      onStep,
      onEpoch: ({ epoch, loss, accuracy }) => {
        bar.stop();
        console.log(
          `epoch ${epoch}/${epochs}: loss ${loss.toFixed(4)}, ` +
            `validation accuracy ${percent(accuracy)}`,
        );
      },
    });
    await saveModel(model, out);
    console.log(
      `test accuracy ${percent(measureAccuracy(model, test))} (${test.count} samples); ` +
        `saved to ${out}`,
    );
  } finally {
    bar.stop();
  }
}

function checkWhole(option: string, value: number, least: number, most: number): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return;
  throw new UserError(
    `Cannot train with --${option} ${value}: it must be a whole number from ${least} to ${most}.`,
  );
}

function percent(fraction: number): string {
  return `${(100 * fraction).toFixed(2)} %`;
}
