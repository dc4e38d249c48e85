import { createHash } from "node:crypto";
import { basename, dirname, isAbsolute, join, normalize, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { UserError } from "../errors.ts";
import type { Model } from "../types.ts";
import { parseModelJson, weightPaths } from "./tfjs_files.ts";

/** The models that come with intnic. */
const shipped = ["mlp", "convnet"] as const;

/**
 * Reads a trained network from disk.
 *
 * @param nameOrPath `mlp` or `convnet` for the ones that come with intnic, else the folder of a tfjs
 * LayersModel or its `model.json`
 * @throws {UserError} if it is not there or its files are damaged
 */
export async function loadModel(nameOrPath: string): Promise<Model> {
  const path = await locate(nameOrPath);
  const folder = dirname(path);
  const json = await readFile(path);
  const files = new Map([[basename(path), json]]);
  for (const name of weightPaths(parseModelJson(json, path), path)) {
    if (isAbsolute(name) || normalize(name).startsWith("..")) {
      throw new UserError(
        `${path} asks for the weights file "${name}", which lies outside the model's folder.`,
      );
    }
    files.set(name, await readFile(join(folder, name)));
  }
  const hash = createHash("sha256");
  for (const bytes of files.values()) hash.update(bytes);
  return {
    name: basename(path) === "model.json" ? basename(resolve(folder)) : basename(path, ".json"),
    format: "tfjs",
    path,
    sha256: hash.digest("hex"),
    files,
  };
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
  if (stat.isFile && !nameOrPath.endsWith(".json")) {
    throw new UserError(
      `${nameOrPath} is not a model intnic can read: it takes the folder of a tfjs LayersModel or ` +
        `its model.json.`,
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
