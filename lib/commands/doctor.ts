/**
 * `intnic doctor`: what this machine has of what intnic needs.
 *
 * @module
 */
import Table from "cli-table3";
import { findCommand, findCompiler } from "../build/toolchain.ts";
import { defaultStorePath, openStore } from "../record/store.ts";
import { listTargets } from "../targets.ts";

/** One thing looked for. */
export interface Check {
  /** What was looked for. */
  readonly name: string;
  /** What it is needed for. */
  readonly purpose: string;
  readonly state: "ok" | "missing" | "optional, missing";
  /** Version and place if it is there, else how to get it. */
  readonly detail: string;
}

/** Prints every check; ends with exit code 1 if something needed is missing. */
export async function doctor(options: { json?: boolean } = {}): Promise<void> {
  const checks = await examine();
  if (checks.some(({ state }) => state === "missing")) Deno.exitCode = 1;
  if (options.json) {
    console.log(JSON.stringify(checks, null, 2));
    return;
  }
  const table = new Table({
    head: ["what", "state", "needed for", "detail"],
    colWidths: [null, null, 34, 56],
    wordWrap: true,
    style: { head: [], border: [], compact: true },
  });
  for (const { name, state, purpose, detail } of checks) table.push([name, state, purpose, detail]);
  console.log(table.toString());
}

/** Looks for everything any shipped target or the tests need. */
export async function examine(): Promise<Check[]> {
  return [
    { name: "Deno", purpose: "everything", state: "ok", detail: Deno.version.deno },
    ...await compilers(),
    unicorn(),
    await qemu(),
    await recordFile(),
  ];
}

async function compilers(): Promise<Check[]> {
  const users = Map.groupBy(await listTargets(), (target) => target.compiler.command);
  return await Promise.all([...users].map(async ([name, targets]) => {
    const names = targets.map((target) => target.name);
    // The emulator's hooks are compiled for this machine.
    if (name === "gcc") names.push("the emulator");
    const purpose = names.join(", ");
    return await check(name, purpose, async () => {
      const { path, version } = await findCompiler(targets[0]!);
      return `${version}, ${path}`;
    });
  }));
}

function unicorn(): Check {
  const name = "libunicorn2";
  const purpose = "every target but host";
  try {
    const library = Deno.dlopen("libunicorn.so.2", {
      uc_version: { parameters: ["pointer", "pointer"], result: "u32" },
    });
    // One byte each for the major, minor, patch and release number.
    const version = library.symbols.uc_version(null, null);
    library.close();
    const numbers = [24, 16, 8].map((shift) => (version >>> shift) & 0xff);
    return { name, purpose, state: "ok", detail: `Unicorn ${numbers.join(".")}` };
  } catch {
    return {
      name,
      purpose,
      state: "missing",
      detail: "libunicorn.so.2 cannot be loaded; `apt-get install libunicorn-dev` provides it.",
    };
  }
}

async function qemu(): Promise<Check> {
  const name = "qemu-system-arm";
  const purpose = "a second opinion in the tests";
  const path = await findCommand(name);
  return path === undefined
    ? {
      name,
      purpose,
      state: "optional, missing",
      detail: "`apt-get install qemu-system-arm` provides it.",
    }
    : { name, purpose, state: "ok", detail: path };
}

function recordFile(): Promise<Check> {
  return check("record file", "deploy and report", () => {
    const path = defaultStorePath();
    openStore(path).close();
    return Promise.resolve(path);
  });
}

/** Turns a failure of `look`, which returns the detail, into a finding. */
async function check(name: string, purpose: string, look: () => Promise<string>): Promise<Check> {
  try {
    return { name, purpose, state: "ok", detail: await look() };
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return { name, purpose, state: "missing", detail };
  }
}
