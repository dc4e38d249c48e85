/**
 * Finding the compilers that the targets name.
 *
 * @module
 */
import { execFile } from "node:child_process";
import { stat } from "node:fs/promises";
import { delimiter, join, resolve } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { UserError } from "../errors.ts";
import type { Target } from "../types.ts";

/** A compiler that is there and runs. */
export interface Compiler {
  /** Absolute path of the command. */
  readonly path: string;
  /** First line of `<command> --version`. */
  readonly version: string;
}

const found = new Map<string, Promise<Compiler>>();

/**
 * The compiler of a target. Looked for once for each command, however many targets share it.
 *
 * @throws {UserError} if the command is not on the `PATH`, or does not run
 */
export function findCompiler(target: Pick<Target, "compiler">): Promise<Compiler> {
  const { command } = target.compiler;
  const key = `${process.env["PATH"]}\0${command}`;
  const known = found.get(key);
  if (known) return known;
  const compiler = locate(target.compiler);
  found.set(key, compiler);
  // A user may install what was missing and ask again in the same process.
  compiler.catch(() => found.delete(key));
  return compiler;
}

async function locate(
  { command, package: debianPackage }: Target["compiler"],
): Promise<Compiler> {
  const path = await findCommand(command);
  if (path === undefined) {
    throw new UserError(
      `${command} is not installed; \`apt-get install ${debianPackage}\` provides it.`,
    );
  }
  try {
    // A compiler speaks the user's language unless told otherwise, and records should not.
    const { stdout } = await promisify(execFile)(path, ["--version"], {
      env: { ...process.env, LC_ALL: "C" },
      timeout: 30_000,
    });
    const version = stdout.split("\n", 1)[0]!.trim();
    if (version === "") throw new Error("it printed nothing");
    return { path, version };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.trim() : String(cause);
    throw new UserError(`Cannot run ${path} --version: ${reason}.`, { cause });
  }
}

/**
 * Absolute path of an executable, looked for along the `PATH` as a shell does; undefined if there
 * is none.
 */
export async function findCommand(command: string): Promise<string | undefined> {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const candidates = command.includes("/")
    ? [resolve(command)]
    // An empty entry stands for the working folder, which no compiler should come from.
    : folders.filter(Boolean).map((folder) => resolve(join(folder, command)));
  for (const candidate of candidates) {
    if (await isExecutable(candidate)) return candidate;
  }
  return undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    // Not `access`: that asks who the user is, which needs one more permission.
    const file = await stat(path);
    return file.isFile() && (file.mode & 0o111) !== 0;
  } catch {
    return false;
  }
}
