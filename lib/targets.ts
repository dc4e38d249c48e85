/**
 * Targets: the shipped `targets/*.json` and a user's own files, read by one strict schema. A file
 * may hold what `Target` has and nothing else; every complaint names the file and the field.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { nearest, UserError } from "./errors.ts";
import { Fields } from "./json_fields.ts";
import type { FlashMemory, MemoryRegion, RamMemory, RamRegion, Target } from "./types.ts";

/** Where the shipped targets lie. */
const FOLDER = new URL("../targets/", import.meta.url);

/** In the order in which targets are listed. */
const ISAS = ["host", "thumb", "riscv32", "riscv64"] as const satisfies readonly Target["isa"][];

/** Unicorn's CPU models that run each instruction set. */
const CPUS: Readonly<Record<Target["isa"], readonly string[]>> = {
  host: [],
  thumb: ["cortex-m0", "cortex-m3", "cortex-m4", "cortex-m7", "cortex-m33"],
  riscv32: ["rv32"],
  riscv64: ["rv64"],
};

/** Widths of a read of flash, in bytes. */
const LINES = [4, 8, 16, 32, 64];

/** The most lines of flash that can be kept. */
const MAX_LINES = 1024;

/** The most parts of a RAM that can be told apart. */
const MAX_RAM_REGIONS = 8;

/** The longest wait for memory, in cycles: far beyond any flash, and small enough to add up. */
const MAX_WAIT = 255;

/** The emulator maps memory in pages of this many bytes, so no two regions may share one. */
const PAGE = 4096;

/**
 * The target of that name under `targets/`, or the one in a user's own file if `nameOrPath` ends
 * in `.json`.
 *
 * @throws {UserError} if there is none, or if it does not keep to the schema
 */
export async function loadTarget(nameOrPath: string): Promise<Target> {
  if (nameOrPath.endsWith(".json")) {
    return parseTarget(await readText(nameOrPath), nameOrPath);
  }
  const names = await shippedNames();
  if (!names.includes(nameOrPath)) throw unknownTarget(nameOrPath, names);
  return loadShipped(nameOrPath);
}

/**
 * The targets of a comma-separated list of names and paths, in its order, each once.
 *
 * @throws {UserError} as `loadTarget`, and if the list is empty
 */
export async function loadTargets(list: string): Promise<Target[]> {
  const entries = new Set(list.split(",").map((entry) => entry.trim()).filter(Boolean));
  if (entries.size === 0) {
    throw new UserError(`Cannot read a target from "${list}": it names none.`);
  }
  const targets = new Map<string, { entry: string; target: Target }>();
  for (const entry of entries) {
    const target = await loadTarget(entry);
    const other = targets.get(target.name);
    // Records and output folders go by the target's name, so two meanings of one cannot stand.
    if (other && targetSha256(other.target) !== targetSha256(target)) {
      throw new UserError(
        `Both "${other.entry}" and "${entry}" name their target "${target.name}", but they differ.` +
          ` Give the one in your own file another name.`,
      );
    }
    if (!other) targets.set(target.name, { entry, target });
  }
  return [...targets.values()].map(({ target }) => target);
}

/** All shipped targets: the host, then by instruction set and name. */
export async function listTargets(): Promise<Target[]> {
  const targets = await Promise.all((await shippedNames()).map(loadShipped));
  const byName = new Intl.Collator("en", { numeric: true });
  return targets.sort((a, b) =>
    ISAS.indexOf(a.isa) - ISAS.indexOf(b.isa) || byName.compare(a.name, b.name)
  );
}

/** SHA-256 in hexadecimal of what the target says, however its file is laid out. */
export function targetSha256(target: Target): string {
  return createHash("sha256").update(JSON.stringify(sortKeys(target))).digest("hex");
}

/**
 * Reads a target from the text of a JSON file.
 *
 * @param file how messages name the file
 * @throws {UserError} if the text does not keep to the schema
 */
export function parseTarget(text: string, file: string): Target {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UserError(`${file} is not JSON: ${reason}.`, { cause });
  }
  const fields = new Fields(json, file, "");
  const isa = fields.oneOf("isa", ISAS);
  const compiler = fields.object("compiler");
  const base = {
    name: fields.match("name", /^[a-z0-9][a-z0-9._-]*$/, "small letters, digits, '.', '_' and '-'"),
    description: fields.string("description"),
    isa,
    compiler: {
      command: compiler.match("command", /^[A-Za-z0-9_./+][A-Za-z0-9_./+-]*$/, "one command"),
      package: compiler.match("package", /^[a-z0-9][a-z0-9.+-]*$/, "one Debian package"),
      flags: compiler.strings("flags", /^-\S+$/, 'flags that begin with "-" and hold no blank'),
    },
    kernels: fields.strings("kernels", /^[a-z0-9][a-z0-9_-]*$/, "folder names"),
    runner: fields.oneOf("runner", ["ffi", "unicorn"] as const),
  };
  compiler.end();
  if (base.kernels.at(-1) !== "generic") {
    fields.fail("kernels", `must end with "generic", the flavour that runs everywhere`);
  }
  if (new Set(base.kernels).size !== base.kernels.length) {
    fields.fail("kernels", "names a flavour twice");
  }
  if ((isa === "host") !== (base.runner === "ffi")) {
    fields.fail("runner", `is "${base.runner}", which cannot run the isa "${isa}"`);
  }
  const target = base.runner === "ffi" ? base : { ...base, ...parseMachine(fields, isa) };
  fields.end(["emulator", "clock", "memory"], 'when the runner is "ffi"');
  return target;
}

/** What only an emulated target has. */
function parseMachine(
  fields: Fields,
  isa: Target["isa"],
): Required<Pick<Target, "emulator" | "clock" | "memory">> {
  const emulator = fields.object("emulator");
  const clock = fields.object("clock");
  const memory = fields.object("memory");
  const machine = {
    emulator: {
      cpu: emulator.oneOf("cpu", CPUS[isa]),
      timing: emulator.match("timing", /^[a-z0-9][a-z0-9-]*$/, "the name of a timing table"),
    },
    clock: { hz: clock.integer("hz", 1, 1e12), source: clock.string("source") },
    memory: {
      flash: parseFlash(memory.object("flash"), isa),
      ram: parseRam(memory.object("ram"), isa),
      source: memory.string("source"),
    },
  };
  const { flash, ram } = machine.memory;
  if (overlap(flash, ram)) {
    memory.fail("ram", `overlaps memory.flash: ${range(ram)} and ${range(flash)}`);
  }
  for (const part of [emulator, clock, memory]) part.end();
  return machine;
}

function parseFlash(fields: Fields, isa: Target["isa"]): FlashMemory {
  const region = parseRegion(fields, isa);
  const wait = parseWait(fields);
  if (wait.waitStates === undefined) {
    fields.end(
      ["lineBytes", "prefetch", "cacheLines", "dataLines"],
      'unless "waitStates" is given',
    );
    return region;
  }
  const flash = {
    ...region,
    ...wait,
    ...fields.optional("lineBytes", (key) => fields.integer(key, LINES[0]!, LINES.at(-1)!)),
    ...fields.optional("prefetch", (key) => fields.boolean(key)),
    ...fields.optional("cacheLines", (key) => fields.integer(key, 0, MAX_LINES)),
    ...fields.optional("dataLines", (key) => fields.integer(key, 1, MAX_LINES)),
  };
  if (flash.lineBytes !== undefined && !LINES.includes(flash.lineBytes)) {
    fields.fail("lineBytes", `must be one of ${LINES.join(", ")}, not ${flash.lineBytes}`);
  }
  if ((flash.cacheLines ?? 0) > 0 && flash.prefetch !== true) {
    fields.fail("cacheLines", `needs "prefetch" to be true: it keeps what no reading ahead brings`);
  }
  fields.end();
  return flash;
}

function parseRam(fields: Fields, isa: Target["isa"]): RamMemory {
  const ram = parseRegion(fields, isa);
  const rest = {
    ...parseWait(fields),
    ...fields.optional("regions", (key) => parseRamRegions(fields, key, ram)),
  };
  fields.end();
  return { ...ram, ...rest };
}

/** Parts of the RAM, of any alignment: only accesses to them are looked at. */
function parseRamRegions(fields: Fields, key: string, ram: MemoryRegion): RamRegion[] {
  const regions: RamRegion[] = [];
  for (const part of fields.objects(key, 1, MAX_RAM_REGIONS)) {
    const region = {
      origin: part.address("origin"),
      size: part.size("size"),
      ...part.optional("loadCycles", (name) => part.integer(name, 0, MAX_WAIT)),
    };
    part.end();
    if (region.origin < ram.origin || region.origin + region.size > ram.origin + ram.size) {
      part.fail(
        "origin",
        `is that of ${range(region)}, which is not inside the RAM, ${range(ram)}`,
      );
    }
    const other = regions.find((r) => overlap(r, region));
    if (other !== undefined) {
      part.fail("origin", `is that of ${range(region)}, which overlaps another, ${range(other)}`);
    }
    regions.push(region);
  }
  return regions;
}

function overlap(a: MemoryRegion, b: MemoryRegion): boolean {
  return a.origin < b.origin + b.size && b.origin < a.origin + a.size;
}

function parseWait(fields: Fields): { waitStates?: number } {
  return fields.optional("waitStates", (key) => fields.integer(key, 0, MAX_WAIT));
}

function parseRegion(fields: Fields, isa: Target["isa"]): MemoryRegion {
  const limit = isa === "riscv64" ? Number.MAX_SAFE_INTEGER : 2 ** 32;
  const region = { origin: fields.address("origin"), size: fields.size("size") };
  if (region.origin % PAGE !== 0) {
    fields.fail("origin", `is ${hex(region.origin)}, which is not a multiple of ${PAGE}`);
  }
  if (region.origin + region.size > limit) {
    fields.fail("size", `reaches past the end of the address space: ${range(region)}`);
  }
  return region;
}

async function shippedNames(): Promise<string[]> {
  const names = [];
  for await (const entry of Deno.readDir(FOLDER)) {
    if (entry.name.endsWith(".json")) names.push(entry.name.slice(0, -".json".length));
  }
  return names.sort();
}

async function loadShipped(name: string): Promise<Target> {
  return parseTarget(
    await Deno.readTextFile(new URL(`${name}.json`, FOLDER)),
    `targets/${name}.json`,
  );
}

async function readText(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (cause) {
    const reason = cause instanceof Deno.errors.NotFound
      ? "there is no such file"
      : cause instanceof Error
      ? cause.message
      : String(cause);
    throw new UserError(`Cannot read the target ${path}: ${reason}.`, { cause });
  }
}

function unknownTarget(name: string, names: readonly string[]): UserError {
  const near = nearest(name, names);
  const hint = near === undefined ? "" : ` Did you mean "${near}"?`;
  return new UserError(
    `There is no target "${name}".${hint} Known targets: ${names.join(", ")};` +
      ` or give the path of your own .json file.`,
  );
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1);
  return Object.fromEntries(entries.map(([key, item]) => [key, sortKeys(item)]));
}

function hex(address: number): string {
  return `0x${address.toString(16).padStart(8, "0")}`;
}

function range(region: MemoryRegion): string {
  return `${hex(region.origin)}–${hex(region.origin + region.size - 1)}`;
}
