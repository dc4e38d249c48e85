/**
 * Builds the emulator's native half, `native.c` and the C files beside it, on first use and keeps it in a cache folder.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { join } from "node:path";
import { UserError } from "../../errors.ts";

const SOURCES = ["native", "device", "profile", "waits", "memories", "registers", "life", "pages"]
  .map((name) => `./${name}.c`);
const FLAGS = ["-O2", "-Wall", "-Wextra", "-shared", "-fPIC"];

/**
 * Path of the compiled shared object. It is named after a hash of its source, flags and compiler,
 * and renamed into place, so that processes that need it at the same time do not disturb each other.
 *
 * @throws {UserError} when gcc or Unicorn's header or library is missing, naming its package
 */
export function compileNative(): string {
  // One translation unit: the block hook is inlined no matter which file it is in.
  const source = SOURCES.map((name) =>
    `#line 1 "${name}"\n${Deno.readTextFileSync(new URL(name, import.meta.url))}`
  ).join("\n");
  const version = compiler(["--version"]).stdout.split("\n")[0] ?? "";
  const hash = createHash("sha256").update(source).update(FLAGS.join(" ")).update(version)
    .digest("hex").slice(0, 16);
  const folder = cacheFolder();
  const path = join(folder, `emulator-${hash}.so`);
  if (exists(path)) return path;
  try {
    Deno.mkdirSync(folder, { recursive: true });
  } catch (cause) {
    throw new UserError(
      `Cannot create the folder ${folder} for the compiled emulator; set XDG_CACHE_HOME to a folder ` +
        "that can be written to.",
      { cause },
    );
  }
  const draft = join(folder, `emulator-${hash}.${crypto.randomUUID()}`);
  const input = `${draft}.c`;
  try {
    Deno.writeTextFileSync(input, source);
    const result = compiler([...FLAGS, "-o", draft, input, "-lunicorn"]);
    if (!result.success) throw new UserError(explain(result.stderr));
    Deno.renameSync(draft, path);
  } finally {
    Deno.removeSync(input);
    if (exists(draft)) Deno.removeSync(draft);
  }
  return path;
}

function cacheFolder(): string {
  const cache = Deno.env.get("XDG_CACHE_HOME");
  if (cache !== undefined && cache.startsWith("/")) return join(cache, "intnic");
  const home = Deno.env.get("HOME");
  if (home !== undefined && home !== "") return join(home, ".cache", "intnic");
  return join(Deno.env.get("TMPDIR") ?? "/tmp", "intnic");
}

function compiler(args: readonly string[]): { success: boolean; stdout: string; stderr: string } {
  try {
    const output = new Deno.Command("gcc", { args: [...args], stdout: "piped", stderr: "piped" })
      .outputSync();
    const text = new TextDecoder();
    return {
      success: output.success,
      stdout: text.decode(output.stdout),
      stderr: text.decode(output.stderr),
    };
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new UserError(
      "The emulator needs a C compiler, and gcc is not installed; on Debian: apt install gcc libc6-dev.",
      { cause },
    );
  }
}

function explain(stderr: string): string {
  if (stderr.includes("unicorn/unicorn.h") || stderr.includes("-lunicorn")) {
    return "The emulator needs Unicorn's header and library; on Debian: apt install libunicorn-dev libunicorn2.";
  }
  return `The emulator's native half cannot be compiled by gcc:\n${stderr.trim()}`;
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
