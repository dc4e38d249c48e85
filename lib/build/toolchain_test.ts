import assert from "node:assert/strict";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UserError } from "../errors.ts";
import { findCommand, findCompiler } from "./toolchain.ts";

/** A target whose compiler is that command. */
function compilerOf(command: string) {
  return { compiler: { command, package: "gcc-of-mine", flags: [] } };
}

/** Runs `body` with a command of that text in a folder of its own. */
async function withScript(text: string, body: (path: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "intnic-toolchain-"));
  try {
    const path = join(folder, "my-cc");
    await writeFile(path, text);
    await chmod(path, 0o755);
    await body(path);
  } finally {
    await rm(folder, { recursive: true });
  }
}

Deno.test("the host's compiler is found with its version", async () => {
  const { path, version } = await findCompiler(compilerOf("gcc"));
  assert.match(path, /^\/.*\/gcc$/);
  assert.match(version, /^gcc .*\d+\.\d+/);
});

Deno.test("a compiler given by its path is taken from there", async () => {
  await withScript("#!/bin/sh\necho my-cc 1.2\necho more\n", async (path) => {
    assert.deepEqual(await findCompiler(compilerOf(path)), { path, version: "my-cc 1.2" });
  });
});

Deno.test("a missing compiler is told with the package that provides it", async () => {
  await assert.rejects(
    findCompiler(compilerOf("no-such-gcc")),
    new UserError(
      "no-such-gcc is not installed; `apt-get install gcc-of-mine` provides it.",
    ),
  );
});

Deno.test("a compiler that does not run is told by its path", async () => {
  await withScript("#!/bin/sh\nexit 3\n", async (path) => {
    await assert.rejects(findCompiler(compilerOf(path)), (error) => {
      assert.ok(error instanceof UserError);
      assert.ok(error.message.startsWith(`Cannot run ${path} --version: `), error.message);
      return true;
    });
  });
});

Deno.test("a folder or a plain file is no command", async () => {
  assert.equal(await findCommand("/usr"), undefined);
  assert.equal(await findCommand("/etc/passwd"), undefined);
});
