import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { UserError } from "../errors.ts";
import type { Binary, CProgram, Target } from "../types.ts";
import { readElf } from "./elf.ts";
import { requireFit } from "./fit.ts";
import { checkIntegerAssembly } from "./integer_assembly.ts";
import { checkIntegerOnly, checkSymbols } from "./integer_only.ts";
import { linkScript } from "./link_script.ts";
import { flashUse, ramUse } from "./sizes.ts";
import { deepestStack } from "./stack.ts";
import { findCompiler } from "./toolchain.ts";

/** Where and how to build. */
export interface BuildOptions {
  /** Folder for sources, objects and the binary; must exist. */
  readonly directory: string;
  /** What the firmware around the model calls; default `model_infer`. */
  readonly entry?: "model_infer" | "model_infer_q16";
}

/**
 * Flags for every target. Kernels copy bytes in loops that gcc would otherwise turn into calls of
 * memcpy, which a freestanding program does not have. Layers that happen to be equal stay functions
 * of their own: each has its account, and the call graph knows no aliases.
 */
const commonFlags = [
  "-std=c99",
  "-O2",
  "-ffreestanding",
  "-fno-tree-loop-distribute-patterns",
  "-fno-ipa-icf",
  "-ffunction-sections",
  "-fdata-sections",
] as const;

const warningFlags = ["-Wall", "-Wextra", "-Wconversion", "-Werror"] as const;

/** Nothing but our own objects is linked, not even the compiler's own helpers. */
const linkFlags = [
  "-nostdlib",
  "-Wl,--gc-sections",
  "-Wl,--build-id=none",
  // A program too large for its flash may reach into RAM; how much too large is said later.
  "-Wl,--no-check-sections",
] as const;

/** What the host's compiler makes of the model. */
const ASSEMBLY = "model.s";

const start = new URL("../../firmware/start/", import.meta.url);

/**
 * Compiles and links a program for a target: a shared object for the host, else a bootable ELF
 * with start-up code and a link script made from the target's memory map. Proves that no float
 * instruction or library is in it, and that it fits.
 *
 * @throws {UserError} if the compiler is missing or refuses the code, or the program does not fit
 */
export async function build(
  program: CProgram,
  target: Target,
  { directory: folder, entry = "model_infer" }: BuildOptions,
): Promise<Binary> {
  const directory = resolve(folder);
  const compiler = await findCompiler(target);
  for (const [name, text] of program.files) {
    await Deno.writeTextFile(join(directory, name), text);
  }
  const flags = [...commonFlags, ...target.compiler.flags];
  const sources = await collectSources(target, directory, entry);
  const compile = async (path: string, output: string, how: readonly string[]) =>
    await run(compiler.path, [
      ...[...flags, ...how, ...warningFlags, "-fcallgraph-info=su", `-I${directory}`],
      ...[path, "-o", join(directory, output)],
    ]);
  for (const { path, object } of sources) {
    if (target.isa !== "host") {
      await compile(path, object, ["-c"]);
      continue;
    }
    // The text is what is searched for floats.
    await compile(path, ASSEMBLY, ["-fPIC", "-S"]);
    await run(compiler.path, [...flags, "-c", ASSEMBLY, "-o", object], directory);
  }
  const path = join(directory, target.isa === "host" ? "model.so" : "model.elf");
  const shape = target.isa === "host" ? ["-shared"] : ["-static", "-Wl,-T,link.ld"];
  const objects = sources.map(({ object }) => object);
  await run(compiler.path, [...flags, ...linkFlags, ...shape, ...objects, "-o", path], directory);
  const stack = await stackUse(target, directory, entry);
  return await describe(path, program, target, { compiler: compiler.version, flags }, stack);
}

async function collectSources(target: Target, directory: string, entry: string) {
  const model = { path: join(directory, "model.c"), object: "model.o" };
  if (target.isa === "host") return [model];
  await Deno.writeTextFile(join(directory, "link.ld"), linkScript(target));
  const main = entry === "model_infer" ? "main.c" : "main_q16.c";
  const startFile = target.isa === "thumb" ? "thumb.c" : "riscv.S";
  return [
    model,
    { path: fileURLToPath(new URL(main, start)), object: "main.o" },
    { path: fileURLToPath(new URL(startFile, start)), object: "start.o" },
  ];
}

/** From reset to the deepest function of an inference; on the host, from the entry. */
async function stackUse(target: Target, directory: string, entry: string): Promise<number> {
  const read = (file: string) => Deno.readTextFile(join(directory, file));
  if (target.isa === "host") return deepestStack([await read("model.ci")], entry);
  const graphs = [await read("model.ci"), await read("main.ci")];
  // The assembly start-up code of RISC-V uses no stack.
  if (target.isa !== "thumb") return deepestStack(graphs, "main");
  return deepestStack([...graphs, await read("start.ci")], "intnic_reset");
}

async function describe(
  path: string,
  program: CProgram,
  target: Target,
  how: Pick<Binary, "compiler" | "flags">,
  stack: number,
): Promise<Binary> {
  const bytes = await Deno.readFile(path);
  const elf = readElf(bytes);
  const violations = target.isa === "host"
    ? [
      ...checkIntegerAssembly(await Deno.readTextFile(join(dirname(path), ASSEMBLY)), elf.machine),
      ...checkSymbols(elf),
    ]
    : checkIntegerOnly(elf, bytes);
  if (violations.length > 0) {
    throw new UserError(`${path} is not free of float code. ${violations.join(" ")}`);
  }
  const binary: Binary = {
    target,
    path,
    bytes,
    sha256: createHash("sha256").update(bytes).digest("hex"),
    flash: flashUse(elf, program, target),
    ram: ramUse(elf, stack),
    ...how,
  };
  requireFit(binary, program);
  return binary;
}

async function run(command: string, args: readonly string[], cwd?: string): Promise<void> {
  try {
    await promisify(execFile)(command, [...args], cwd === undefined ? {} : { cwd });
  } catch (cause) {
    const { stderr = "", message } = cause as { stderr?: string; message: string };
    const told = (stderr.trim() || message).split("\n").slice(0, 20).join("\n");
    throw new UserError(`The command ${command} ${args.join(" ")} failed:\n${told}`, { cause });
  }
}
