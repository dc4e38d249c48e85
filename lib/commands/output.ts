import { randomUUID } from "node:crypto";
import { basename, dirname, join, resolve } from "node:path";
import { UserError } from "../errors.ts";

/** A folder to write into that appears under its own name only when all is written. */
export interface OutputFolder extends AsyncDisposable {
  /** Where to write. */
  readonly path: string;
  /** Puts everything under its final name, if it has one. */
  keep(): Promise<void>;
}

/**
 * A folder for a command's results. Without a name it is temporary. With one, the results replace
 * files of the same name there once `keep` is called; if it never is, nothing is left behind.
 *
 * @throws {UserError} if the folder cannot be made
 */
export async function makeOutput(out?: string): Promise<OutputFolder> {
  const path = out === undefined
    ? await Deno.makeTempDir({ prefix: "intnic-" })
    : await makeSibling(resolve(out));
  return {
    path,
    keep: async () => {
      if (out !== undefined) await moveInto(path, resolve(out));
    },
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }).catch(() => {}),
  };
}

/** A folder on the same file system, so that moving is renaming. */
async function makeSibling(out: string): Promise<string> {
  const path = join(dirname(out), `.${basename(out)}-${randomUUID()}`);
  try {
    const existing = await Deno.stat(out).catch(() => undefined);
    if (existing !== undefined && !existing.isDirectory) throw new Error("it is a file");
    await Deno.mkdir(path, { recursive: true });
  } catch (cause) {
    throw new UserError(
      `The output folder ${out} cannot be written: ${(cause as Error).message}.`,
      { cause },
    );
  }
  return path;
}

async function moveInto(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const entry of Deno.readDir(from)) {
    const source = join(from, entry.name);
    const target = join(to, entry.name);
    if (entry.isDirectory) await moveInto(source, target);
    else await Deno.rename(source, target);
  }
}
