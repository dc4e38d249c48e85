import assert from "node:assert/strict";
import fc from "fast-check";
import { UserError } from "./errors.ts";
import { listTargets, loadTarget, loadTargets, parseTarget, targetSha256 } from "./targets.ts";

const SHIPPED = [
  "host",
  "cortex-m0plus",
  "cortex-m3",
  "cortex-m4",
  "cortex-m7",
  "cortex-m33",
  "rv32imc",
  "nic-dpa",
  "stm32f407",
];

const M4_TEXT = await Deno.readTextFile(new URL("../targets/cortex-m4.json", import.meta.url));

// deno-lint-ignore no-explicit-any -- tests damage the file at will
type Loose = any;

/** The sentence that meets `cortex-m4.json` after `change`. */
function complaint(change: (json: Loose) => void): string {
  const json = JSON.parse(M4_TEXT);
  change(json);
  return messageOf(() => parseTarget(JSON.stringify(json), "mine.json"));
}

function messageOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof UserError, String(error));
    return error.message;
  }
  assert.fail("nothing was thrown");
}

Deno.test("every shipped file keeps to the schema and is named after its target", async () => {
  const targets = await listTargets();
  assert.deepEqual(targets.map((target) => target.name).sort(), SHIPPED.toSorted());
  assert.equal(targets[0]?.name, "host");
  for (const name of SHIPPED) {
    assert.equal((await loadTarget(name)).name, name);
  }
});

Deno.test("every shipped memory holds the networks of the tutorial", async () => {
  for (const { name, memory } of await listTargets()) {
    if (name === "host") continue;
    assert.ok(memory!.flash.size >= 160 * 1024, name);
    assert.ok(memory!.ram.size >= 32 * 1024, name);
  }
});

Deno.test("sizes and addresses are read from texts", async () => {
  const { memory } = await loadTarget("cortex-m4");
  assert.deepEqual(memory!.flash, { origin: 0, size: 1 << 20 });
  assert.deepEqual(memory!.ram, { origin: 0x2000_0000, size: 112 * 1024 });
});

Deno.test("wait states are read where they are given", () => {
  const json = JSON.parse(M4_TEXT);
  Object.assign(json.memory.flash, { waitStates: 5, lineBytes: 16, prefetch: true });
  json.memory.ram.waitStates = 1;
  const { flash, ram } = parseTarget(JSON.stringify(json), "mine.json").memory!;
  const sizes = { flash: { origin: 0, size: 1 << 20 }, ram: { origin: 2 ** 29, size: 112 << 10 } };
  assert.deepEqual(flash, { ...sizes.flash, waitStates: 5, lineBytes: 16, prefetch: true });
  assert.deepEqual(ram, { ...sizes.ram, waitStates: 1 });
});

Deno.test("regions of RAM are read where they are given", async () => {
  const sram2 = { origin: 0x2001c000, size: 16 << 10 };
  const { memory } = await loadTarget("stm32f407");
  assert.deepEqual(memory!.ram.regions, [{ ...sram2, loadCycles: 1 }]);
  assert.deepEqual(memory!.ram.size, 128 << 10);
  const json = JSON.parse(M4_TEXT);
  json.memory.ram.size = "128K";
  json.memory.ram.regions = [{ origin: "0x2001C000", size: "16K" }, {
    origin: "0x20000004",
    size: 3,
    loadCycles: 0,
  }];
  const { ram } = parseTarget(JSON.stringify(json), "mine.json").memory!;
  assert.deepEqual(ram.regions, [sram2, { origin: 0x20000004, size: 3, loadCycles: 0 }]);
});

Deno.test("a list keeps its order and drops duplicates", async () => {
  const targets = await loadTargets(" rv32imc, host,rv32imc,,host");
  assert.deepEqual(targets.map((target) => target.name), ["rv32imc", "host"]);
});

Deno.test("an empty list is refused", async () => {
  await assert.rejects(loadTargets(" , "), UserError);
});

Deno.test("a user's own file is read by its path", async () => {
  const path = await Deno.makeTempFile({ suffix: ".json" });
  try {
    const json = JSON.parse(M4_TEXT);
    await Deno.writeTextFile(path, JSON.stringify({ ...json, name: "mine" }));
    assert.equal((await loadTarget(path)).name, "mine");
    await Deno.writeTextFile(path, JSON.stringify({ ...json, kernels: ["mine", "generic"] }));
    await assert.rejects(loadTargets(`cortex-m4,${path}`), /name their target "cortex-m4", but/);
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("a file that is not there is told by its path", async () => {
  await assert.rejects(
    loadTarget("/nowhere/mine.json"),
    new UserError("Cannot read the target /nowhere/mine.json: there is no such file."),
  );
});

Deno.test("an unknown target is met with the nearest name and the list", async () => {
  await assert.rejects(loadTarget("cortexm4"), (error) => {
    assert.ok(error instanceof UserError);
    assert.match(error.message, /no target "cortexm4"\. Did you mean "cortex-m4"\?/);
    for (const name of SHIPPED) assert.ok(error.message.includes(name));
    return true;
  });
});

Deno.test("damage is told by file and field", () => {
  const cases: [(json: Loose) => void, string][] = [
    [(t) => delete t.isa, `mine.json: "isa" is missing.`],
    [
      (t) => {
        t.compiler.flag = t.compiler.flags;
        delete t.compiler.flags;
      },
      `mine.json: "compiler.flags" is missing; there is a "flag".`,
    ],
    [(t) => t.emulater = {}, `"emulater" is not a known field; did you mean "emulator"?`],
    [(t) => t.memory.flash.bytes = 1, `"memory.flash.bytes" is not a known field`],
    [(t) => t.kernels = "generic", `"kernels" must be a list of texts, not "generic"`],
    [(t) => t.kernels = ["dsp"], `"kernels" must end with "generic"`],
    [(t) => t.kernels = ["generic", "generic"], `"kernels" names a flavour twice`],
    [(t) => t.clock.hz = "168M", `"clock.hz" must be a whole number from 1 to`],
    [(t) => t.clock.source = " ", `"clock.source" must be a text, not " "`],
    [(t) => t.memory.ram.size = "128k", `"memory.ram.size" must be a size such as "256K"`],
    [(t) => t.memory.ram.size = 0, `"memory.ram.size" must be a size such as "256K"`],
    [(t) => t.memory.ram.origin = 4096, `"memory.ram.origin" must be an address such as`],
    [(t) => t.memory.ram.origin = "0x20000010", `is not a multiple of 4096`],
    [(t) => t.memory.ram.origin = "0xfffff000", `"memory.ram.size" reaches past the end`],
    [
      (t) => t.memory.ram.origin = "0x000ff000",
      `"memory.ram" overlaps memory.flash: 0x000ff000–0x0011afff and 0x00000000–0x000fffff.`,
    ],
    [
      (t) => t.memory.flash.waitStates = -1,
      `"memory.flash.waitStates" must be a whole number from 0 to 255, not -1.`,
    ],
    [
      (t) => t.memory.flash.lineBytes = 16,
      `"memory.flash.lineBytes" must be left out unless "waitStates" is given.`,
    ],
    [
      (t) => Object.assign(t.memory.flash, { waitStates: 5, lineBytes: 12 }),
      `"memory.flash.lineBytes" must be one of 4, 8, 16, 32, 64, not 12.`,
    ],
    [
      (t) => Object.assign(t.memory.flash, { waitStates: 5, prefetch: "on" }),
      `"memory.flash.prefetch" must be true or false, not "on".`,
    ],
    [
      (t) => Object.assign(t.memory.flash, { waitStates: 5, cacheLines: 64 }),
      `"memory.flash.cacheLines" needs "prefetch" to be true: it keeps`,
    ],
    [
      (t) => Object.assign(t.memory.flash, { waitStates: 5, dataLines: 0 }),
      `"memory.flash.dataLines" must be a whole number from 1 to 1024, not 0.`,
    ],
    [
      (t) => t.memory.flash.waitstates = 5,
      `"memory.flash.waitstates" is not a known field; did you mean "waitStates"?`,
    ],
    [(t) => t.memory.ram.waitStates = 0.5, `"memory.ram.waitStates" must be a whole number from 0`],
    [(t) => t.memory.ram.prefetch = true, `"memory.ram.prefetch" is not a known field.`],
    [
      (t) => t.memory.ram.regions = { origin: "0x20000000", size: "4K" },
      `"memory.ram.regions" must be a list of objects, not an object.`,
    ],
    [
      (t) => t.memory.ram.regions = [],
      `"memory.ram.regions" must hold 1 to 8 objects, not 0.`,
    ],
    [
      (t) => t.memory.ram.regions = Array(9).fill({ origin: "0x20000000", size: 4 }),
      `"memory.ram.regions" must hold 1 to 8 objects, not 9.`,
    ],
    [
      (t) => t.memory.ram.regions = ["0x20000000"],
      `"memory.ram.regions[0]" must be an object, not "0x20000000".`,
    ],
    [
      (t) => t.memory.ram.regions = [{ origin: "0x20000000", size: "4K", loadcycles: 1 }],
      `"memory.ram.regions[0].loadcycles" is not a known field; did you mean "loadCycles"?`,
    ],
    [
      (t) => t.memory.ram.regions = [{ origin: "0x20000000", size: "4K", loadCycles: 256 }],
      `"memory.ram.regions[0].loadCycles" must be a whole number from 0 to 255, not 256.`,
    ],
    [
      (t) => t.memory.ram.regions = [{ origin: "0x20000000" }],
      `"memory.ram.regions[0].size" is missing.`,
    ],
    [
      (t) => t.memory.ram.regions = [{ origin: "0x2001C000", size: "16K" }],
      `"memory.ram.regions[0].origin" is that of 0x2001c000–0x2001ffff, which is not inside the ` +
      `RAM, 0x20000000–0x2001bfff.`,
    ],
    [
      (t) =>
        t.memory.ram.regions = [
          { origin: "0x20001000", size: "4K" },
          { origin: "0x20000000", size: 4097 },
        ],
      `"memory.ram.regions[1].origin" is that of 0x20000000–0x20001000, which overlaps another, ` +
      `0x20001000–0x20001fff.`,
    ],
    [
      (t) => t.memory.flash.regions = [{ origin: "0x0", size: 4 }],
      `"memory.flash.regions" is not a known field`,
    ],
    [(t) => t.runner = "ffi", `"runner" is "ffi", which cannot run the isa "thumb"`],
    [(t) => t.runner = "qemu", `"runner" must be one of ffi, unicorn, not "qemu"`],
    [(t) => t.isa = "host", `"runner" is "unicorn", which cannot run the isa "host"`],
    [(t) => t.isa = "riscv32", `"emulator.cpu" must be one of rv32, not "cortex-m4"`],
    [(t) => t.emulator.cpu = "cortex-m5", `not "cortex-m5"; did you mean "cortex-m`],
    [(t) => t.compiler.command = "gcc -O3", `"compiler.command" must be one command`],
    [(t) => t.compiler.flags = ["-mcpu cortex-m4"], `but holds "-mcpu cortex-m4"`],
    [(t) => t.name = "../m4", `"name" must be small letters`],
    [(t) => t.memory = [], `"memory" must be an object, not a list`],
    [
      (t) => Object.assign(t, { isa: "host", runner: "ffi" }),
      `must be left out when the runner is "ffi"`,
    ],
  ];
  for (const [change, expected] of cases) {
    const message = complaint(change);
    assert.ok(message.startsWith(`mine.json: "`), message);
    assert.ok(message.includes(expected), `${message}\n  should hold\n${expected}`);
    assert.ok(message.endsWith(".") || message.endsWith("?."), message);
  }
});

Deno.test("text that is not JSON, or not an object, is told", () => {
  assert.match(messageOf(() => parseTarget("{", "mine.json")), /^mine\.json is not JSON: /);
  assert.match(messageOf(() => parseTarget("[]", "mine.json")), /the file must be an object/);
});

Deno.test("the hash depends on what is said, not on the layout", async () => {
  const m4 = await loadTarget("cortex-m4");
  const turned = JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(M4_TEXT)).reverse()));
  assert.equal(targetSha256(parseTarget(turned, "x")), targetSha256(m4));
  const hashes = new Set((await listTargets()).map(targetSha256));
  assert.equal(hashes.size, SHIPPED.length);
});

Deno.test("a damaged file never meets with anything but a UserError", () => {
  const check = (text: string) => {
    try {
      const target = parseTarget(text, "mine.json");
      assert.ok(target.kernels.includes("generic"));
    } catch (error) {
      assert.ok(error instanceof UserError, `${text}\n${error}`);
      assert.match(error.message, /^mine\.json/);
    }
  };
  const paths = leaves(JSON.parse(M4_TEXT));
  const json = fc.json({ maxDepth: 3 }).map((text) => JSON.parse(text));
  fc.assert(fc.property(fc.constantFrom(...paths), json, (path, value) => {
    const target = JSON.parse(M4_TEXT);
    place(target, path, value);
    check(JSON.stringify(target));
  }));
  fc.assert(fc.property(fc.nat(M4_TEXT.length), fc.nat(40), fc.string(), (at, cut, text) => {
    check(M4_TEXT.slice(0, at) + text + M4_TEXT.slice(at + cut));
  }));
  check("[".repeat(1e6));
  check(JSON.stringify({ name: 1 }).replace("1", "[".repeat(5000) + "]".repeat(5000)));
});

/** Paths to every value inside `json`. */
function leaves(json: Loose, prefix: string[] = []): string[][] {
  if (typeof json !== "object" || json === null) return [];
  return Object.keys(json).flatMap((
    key,
  ) => [[...prefix, key], ...leaves(json[key], [...prefix, key])]);
}

function place(json: Loose, path: readonly string[], value: unknown): void {
  for (const key of path.slice(0, -1)) json = json[key];
  json[path.at(-1)!] = value;
}
