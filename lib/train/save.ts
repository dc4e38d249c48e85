/**
 * Writing a trained model as a folder in TensorFlow.js's "layers-model" format.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { constants } from "node:fs";
import { access, mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import { UserError } from "../errors.ts";

/** The files of a model folder. */
const MODEL = "model.json";
const WEIGHTS = "weights.bin";

/**
 * Makes sure that a model can be saved to `folder`, so that a long training does not end in vain:
 * creates the folder's parent, and refuses to replace anything but a model.
 *
 * @throws {UserError} if `folder` is a file, holds other files, or cannot be written.
 */
export async function checkOutput(folder: string): Promise<void> {
  const parent = dirname(resolve(folder));
  try {
    await mkdir(parent, { recursive: true });
    await access(parent, constants.W_OK);
    const names = await listIfPresent(folder);
    const other = names.find((name) => name !== MODEL && name !== WEIGHTS);
    if (other !== undefined) {
      throw new UserError(
        `Cannot save a model to ${folder}: the folder holds other files (${other}) that ` +
          `would be lost. Choose a new folder, or one that holds only ${MODEL} and ${WEIGHTS}.`,
      );
    }
  } catch (cause) {
    throw cause instanceof UserError ? cause : cannotSave(folder, cause);
  }
}

/**
 * Writes `model.json` (topology and weights manifest) and `weights.bin` (float32, little-endian) to
 * `folder`, replacing a model that is there. They are written to a folder beside it and renamed, so
 * that `folder` never holds half a model. Optimizer state is not saved.
 *
 * @throws {UserError} as {@linkcode checkOutput} does, or if the disk is full.
 */
export async function saveModel(model: tf.LayersModel, folder: string): Promise<void> {
  await checkOutput(folder);
  await model.save(tf.io.withSaveHandler(async (artifacts) => {
    const { json, weights } = toFiles(artifacts);
    const target = resolve(folder);
    const written = `${target}.${process.pid}.new`;
    const replaced = `${target}.${process.pid}.old`;
    try {
      await mkdir(written);
      await writeFile(join(written, MODEL), json);
      await writeFile(join(written, WEIGHTS), weights);
      const exists = await listIfPresent(target).then((names) => names.length > 0);
      if (exists) await rename(target, replaced);
      try {
        await rename(written, target);
      } catch (cause) {
        if (exists) await rename(replaced, target);
        throw cause;
      }
      await rm(replaced, { recursive: true, force: true });
    } catch (cause) {
      await rm(written, { recursive: true, force: true });
      throw cannotSave(folder, cause);
    }
    return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(artifacts) };
  }));
}

/** The contents of the two files. */
function toFiles(artifacts: tf.io.ModelArtifacts): { json: string; weights: Uint8Array } {
  const weights = new Uint8Array(tf.io.CompositeArrayBuffer.join(artifacts.weightData));
  const json = {
    format: artifacts.format,
    generatedBy: artifacts.generatedBy,
    convertedBy: artifacts.convertedBy,
    modelTopology: artifacts.modelTopology,
    weightsManifest: [{ paths: [WEIGHTS], weights: artifacts.weightSpecs }],
  };
  return { json: JSON.stringify(json, null, 2) + "\n", weights };
}

/** Names of the files in a folder; none if it does not exist. */
async function listIfPresent(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return [];
    throw error;
  }
}

function cannotSave(folder: string, cause: unknown): UserError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new UserError(`Cannot save a model to ${folder}: ${reason}`, { cause });
}
