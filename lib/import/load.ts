import { createHash } from "node:crypto";
import { basename, dirname, extname, isAbsolute, join, normalize, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { UserError } from "../errors.ts";
import type { Model } from "../types.ts";
import { externalFiles } from "./onnx/schema.ts";
import { parseModelJson, weightPaths } from "./tfjs/files.ts";

/** The models that come with intnic. */
const shipped = ["mlp", "convnet"] as const;

/** A file larger than this is no network for a microcontroller. */
const MAX_BYTES = 2 ** 30;

/**
 * Reads a trained network from disk.
 *
 * @param nameOrPath `mlp` or `convnet` for the ones that come with intnic, else the folder of a tfjs
 * LayersModel, its `model.json`, a TensorFlow Lite file or an ONNX file
 * @throws {UserError} if it is not there or its files are damaged
 */
export async function loadModel(nameOrPath: string): Promise<Model> {
  const path = await locate(nameOrPath);
  const bytes = await readFile(path);
  const format = formatOf(path, bytes);
  const files = new Map([[basename(path), bytes]]);
  const others = format === "tfjs"
    ? weightPaths(parseModelJson(bytes, path), path)
    : format === "onnx"
    ? externalFiles(bytes, path)
    : [];
  for (const name of others) files.set(name, await readBeside(path, name));
  const hash = createHash("sha256");
  for (const contents of files.values()) hash.update(contents);
  return { name: modelName(path), format, path, sha256: hash.digest("hex"), files };
}

/** By what a file starts with; by its name where that is damaged, so that messages make sense. */
function formatOf(path: string, bytes: Uint8Array): Model["format"] {
  const magic = new TextDecoder("latin1").decode(bytes.subarray(4, 8));
  if (magic === "TFL3" || path.endsWith(".tflite")) return "tflite";
  // ONNX files start with nothing of their own.
  return path.endsWith(".onnx") ? "onnx" : "tfjs";
}

/** The file without its extension, or its folder where the file is just called `model`. */
function modelName(path: string): string {
  const name = basename(path, extname(path));
  return name === "model" ? basename(dirname(resolve(path))) : name;
}

/** Reads a file with weights that a model names, from the model's folder. */
async function readBeside(path: string, name: string): Promise<Uint8Array> {
  if (isAbsolute(name) || normalize(name).startsWith("..")) {
    throw new UserError(
      `${path} asks for the weights file "${name}", which lies outside the model's folder.`,
    );
  }
  return await readFile(join(dirname(path), name));
}

async function locate(nameOrPath: string): Promise<string> {
  const known = shipped.find((name) => name === nameOrPath);
  if (known !== undefined) {
    return fileURLToPath(new URL(`../../models/${known}/model.json`, import.meta.url));
  }
  const stat = await Deno.stat(nameOrPath).catch(() => undefined);
  if (stat === undefined) {
    throw new UserError(
      `There is no model "${nameOrPath}": it is neither a file or folder nor one of the models ` +
        `that come with intnic (${shipped.join(", ")}).`,
    );
  }
  if (stat.isFile && ![".json", ".onnx", ".tflite"].includes(extname(nameOrPath))) {
    throw new UserError(
      `${nameOrPath} is not a model intnic can read: it takes the folder of a tfjs LayersModel, ` +
        `its model.json, a .tflite or an .onnx file.`,
    );
  }
  if (stat.size > MAX_BYTES) {
    throw new UserError(
      `${nameOrPath} has ${stat.size} bytes; no microcontroller holds a model of over ${MAX_BYTES}.`,
    );
  }
  return stat.isDirectory ? join(nameOrPath, "model.json") : nameOrPath;
}

async function readFile(path: string): Promise<Uint8Array> {
  try {
    return await Deno.readFile(path);
  } catch (cause) {
    const reason = cause instanceof Deno.errors.NotFound ? "it does not exist" : `${cause}`;
    throw new UserError(`The model's file ${path} cannot be read: ${reason}.`, { cause });
  }
}
