import assert from "node:assert/strict";
import { findSymbol, readElf } from "../build/elf.ts";
import { build, has, testTarget } from "./emulator/testing.ts";
import { sourceLines } from "./source_lines.ts";

const SOURCE = `int twice(int x) {
  return 2 * x;
}
int main(void) { return twice(3); }
`;

for (const cpu of ["cortex-m4", "rv32"]) {
  for (const version of ["-gdwarf-4", "-gdwarf-5"]) {
    Deno.test(`source lines of a program (${cpu}, ${version})`, async () => {
      const target = testTarget(cpu);
      if (!has(target.compiler.command)) return;
      const bytes = build(target, { "a.c": SOURCE }, ["-O2", version]);
      const file = await Deno.makeTempFile({ suffix: ".elf" });
      try {
        await Deno.writeFile(file, bytes);
        const elf = readElf(bytes);
        const address = findSymbol(elf, "twice")!.address;
        const found = await sourceLines(file, elf, target, [address, 0x7ffffff0, address + 2]);
        assert.ok("places" in found, JSON.stringify(found));
        assert.match(found.places.get(address)!, /^.*\/a\.c:[1-3]$/);
        assert.equal(found.places.has(0x7ffffff0), false);
        assert.equal(found.places.has(address + 2), true);
        assert.deepEqual(await sourceLines(file, elf, target, []), { places: new Map() });
        // A file that is no longer what it was.
        await Deno.writeTextFile(file, "no ELF");
        const broken = await sourceLines(file, elf, target, [address]);
        assert.ok("reason" in broken && /cannot read the program/.test(broken.reason));
      } finally {
        await Deno.remove(file);
      }
    });
  }
}

Deno.test("without debug information or its reader the reason is told", async () => {
  const target = testTarget("cortex-m4");
  if (!has(target.compiler.command)) return;
  const reason = async (bytes: Uint8Array, command = target.compiler.command) => {
    const compiler = { ...target.compiler, command };
    const found = await sourceLines("a.elf", readElf(bytes), { ...target, compiler }, [0]);
    return "reason" in found ? found.reason : "";
  };
  assert.equal(
    await reason(build(target, { "a.c": SOURCE })),
    "No source lines: the program has none; compile and link it with -g.",
  );
  const bytes = build(target, { "a.c": SOURCE }, ["-g"]);
  assert.equal(
    await reason(bytes, "not-installed-gcc"),
    "No source lines: not-installed-addr2line is not installed; it comes with gcc-arm-none-eabi.",
  );
  assert.equal(
    await reason(bytes, "clang"),
    "No source lines: no addr2line is known to belong to clang.",
  );
});
