import { join } from "node:path";
import { UserError } from "../errors.ts";

/** A folder to write into, whose files appear under their final name only when all are written. */
export interface OutputFolder extends Disposable {
  /** Where to write. */
  readonly path: string;
  /**
   * Copies everything to its final place, if it has one, over files of the same name there.
   * @throws {UserError} if that cannot be done
   */
  keep(): Promise<void>;
}

/**
 * A temporary folder for a command's results, which `keep` copies to `out`. If it is never called,
 * even because the user interrupts, nothing is left behind.
 *
 * @throws {UserError} if `out` is, or lies in, something that is not a folder
 */
export async function makeOutput(out?: string): Promise<OutputFolder> {
  if (out !== undefined) await requireRoom(out);
  const path = await Deno.makeTempDir({ prefix: "intnic-" });
  const remove = () => Deno.removeSync(path, { recursive: true });
  const interrupted = () => {
    remove();
    Deno.exit(130);
  };
  Deno.addSignalListener("SIGINT", interrupted);
  return {
    path,
    keep: async () => {
      if (out === undefined) return;
      try {
        await copyInto(path, out, false);
        await copyInto(path, out, true);
      } catch (cause) {
        throw cannotWrite(out, cause);
      }
    },
    [Symbol.dispose]: () => {
      Deno.removeSignalListener("SIGINT", interrupted);
      remove();
    },
  };
}

/** Finds out before the work what can be found out: whether `out` is or could become a folder. */
async function requireRoom(out: string): Promise<void> {
  try {
    const { isDirectory } = await Deno.stat(out);
    if (!isDirectory) throw new Error("it is a file");
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cannotWrite(out, cause);
  }
}

/** Copies a tree, or only makes sure that no folder meets a file or the other way round. */
async function copyInto(from: string, to: string, really: boolean): Promise<void> {
  if (really) await Deno.mkdir(to, { recursive: true });
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    const target = join(to, name);
    const there = await Deno.stat(target).catch(() => undefined);
    if (there !== undefined && there.isDirectory !== isDirectory) {
      throw new Error(`${target} is ${there.isDirectory ? "a folder" : "a file"} already`);
    }
    if (isDirectory) await copyInto(join(from, name), target, really);
    else if (really) await Deno.copyFile(join(from, name), target);
  }
}

function cannotWrite(out: string, cause: unknown): UserError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new UserError(`The output folder ${out} cannot be written: ${reason}.`, { cause });
}
