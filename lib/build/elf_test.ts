import assert from "node:assert/strict";
import { UserError } from "../errors.ts";
import { build, has, testTarget } from "../run/emulator/testing.ts";
import { bytesAt, findSymbol, readElf } from "./elf.ts";

const SOURCE = `
const int table[3] = {1, 2, 0x12345678};
int counter = 7;
int read(int i) { return table[i] + counter; }
int main(void) { return read(0); }
`;

for (const cpu of ["cortex-m4", "rv32", "rv64"]) {
  Deno.test(`readElf reads segments and symbols (${cpu})`, () => {
    const target = testTarget(cpu);
    if (!has(target.compiler.command)) return;
    const bytes = build(target, { "a.c": SOURCE });
    const elf = readElf(bytes);
    assert.equal(elf.class, cpu === "rv64" ? 64 : 32);
    assert.equal(elf.machine, cpu === "cortex-m4" ? "arm" : "riscv");
    const table = findSymbol(elf, "table");
    assert.equal(table?.kind, "object");
    assert.equal(table.size, 12);
    const words = bytesAt(elf, bytes, table.address, 12);
    assert.deepEqual([...words!.subarray(8)], [0x78, 0x56, 0x34, 0x12]);
    const read = findSymbol(elf, "read");
    assert.equal(read?.kind, "function");
    assert.equal(read.address % 2, 0);
    assert.equal(read.value - read.address, cpu === "cortex-m4" ? 1 : 0);
    // Initialised data is used in RAM and stored in flash.
    const { flash, ram } = target.memory!;
    const counter = findSymbol(elf, "counter")!;
    const data = elf.segments.find((s) => s.address <= counter.address && s.flags % 4 >= 2);
    assert.ok(counter.address >= ram.origin);
    assert.ok(data!.physical >= flash.origin && data!.physical < flash.origin + flash.size);
    assert.equal(findSymbol(elf, "missing"), undefined);
  });
}

Deno.test("readElf refuses what is not a little-endian ELF file", () => {
  const header = [0x7f, 0x45, 0x4c, 0x46, 1, 1, 1];
  const file = (...start: number[]) => {
    const bytes = new Uint8Array(52);
    bytes.set(start);
    return bytes;
  };
  assert.throws(() => readElf(new Uint8Array(0)), /not an ELF file/);
  assert.throws(() => readElf(file(0x4d, 0x5a)), /not an ELF file/);
  assert.throws(() => readElf(file(...header.with(5, 2))), /big-endian/);
  assert.throws(() => readElf(file(...header.with(4, 3))), /class is 3/);
  assert.throws(() => readElf(file(...header).subarray(0, 40)), /truncated/);
});

Deno.test("readElf survives damage with a UserError at worst", () => {
  const target = testTarget("rv32");
  if (!has(target.compiler.command)) return;
  const bytes = build(target, { "a.c": SOURCE });
  let seed = 1;
  const random = (limit: number) => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return seed % limit;
  };
  for (let round = 0; round < 2000; round++) {
    const damaged = bytes.slice(0, round % 4 === 0 ? random(bytes.length) : bytes.length);
    for (let n = 0; n < 4; n++) {
      // Half the damage goes where the headers are.
      const at = n < 2 ? random(120) : damaged.length - 1 - random(800);
      if (at >= 0 && at < damaged.length) damaged[at] = random(256);
    }
    try {
      readElf(damaged);
    } catch (error) {
      assert.ok(error instanceof UserError, String(error));
    }
  }
});
