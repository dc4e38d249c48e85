import assert from "node:assert/strict";
import { UserError } from "../lib/errors.ts";
import { Emulator } from "../lib/run/emulator/mod.ts";
import { Machine } from "../lib/run/emulator/machine.ts";
import { build, has, testTarget } from "../lib/run/emulator/testing.ts";
import { loadTarget, parseTarget } from "../lib/targets.ts";

const SOURCE = `
int counter = 7;
const int table[4] = {1, 2, 3, 4};
int read(int i) { return table[i & 3] + counter; }
int main(void) { return read(0); }
`;

/** The same sequence every time. */
function randomizer(seed: number): (limit: number) => number {
  return (limit) => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return Math.floor(seed / 2 ** 32 * limit);
  };
}

/** A damaged copy: some bytes changed, half of them in the headers, or the end cut off. */
function damage(bytes: Uint8Array, random: (limit: number) => number, round: number): Uint8Array {
  const damaged = bytes.slice(0, round % 5 === 0 ? random(bytes.length) : bytes.length);
  for (let n = 0; n <= random(4); n++) {
    const at = random(2) === 0 ? random(132) : random(damaged.length);
    if (at < damaged.length) {
      damaged[at] = random(2) === 0 ? random(256) : damaged[at]! ^ 1 << random(8);
    }
  }
  return damaged;
}

for (const cpu of ["cortex-m4", "rv32", "rv64"]) {
  Deno.test(`Damaged ELF files end in a sentence, not in a crash (${cpu})`, () => {
    const target = testTarget(cpu);
    if (!has(target.compiler.command)) return;
    const elf = build(target, { "a.c": SOURCE });
    const random = randomizer(1);
    let ran = 0;
    for (let round = 0; round < 300; round++) {
      const damaged = damage(elf, random, round);
      try {
        if (round % 2 === 0) {
          using emulator = Emulator.open({ target, elf: damaged, maxInstructions: 10_000 });
          emulator.call("read", [1]);
        } else {
          using machine = Machine.open({
            ...{ target, elf: damaged, breaks: ["main"], maxInstructions: 10_000, timeout: 1 },
            profile: round % 3 === 0,
          });
          machine.proceed();
          machine.keep();
          machine.call("read", [1]);
          machine.profile();
        }
        ran++;
      } catch (error) {
        assert.ok(error instanceof UserError, `round ${round}: ${(error as Error).stack}`);
        assert.match(error.message, /[.?)0-9a-f]$/);
      }
    }
    assert.ok(ran > 30, `${ran}`); // so that not all ends in the reader
  });
}

Deno.test("Damaged targets end in a sentence, not in a crash", async () => {
  const text = await Deno.readTextFile(new URL("../targets/cortex-m4.json", import.meta.url));
  const random = randomizer(2);
  const characters = '{}[]",:0-9xKM\\u00e9 \n';
  const values = ["null", "-1", '""', "[]", "{}", "1e400", '"0x"', "true", '"9999999M"'];
  for (let round = 0; round < 2000; round++) {
    let damaged = text;
    for (let n = 0; n <= random(3); n++) {
      const at = random(damaged.length);
      if (random(3) === 0) {
        // A value in place of another.
        const fields = [...damaged.matchAll(/: ("[^"]*"|\d+)/g)];
        const field = fields[random(fields.length)];
        if (field === undefined) continue;
        const value = values[random(values.length)]!;
        damaged = damaged.slice(0, field.index + 2) + value +
          damaged.slice(field.index + field[0].length);
      } else {
        const character = characters[random(characters.length)]!;
        damaged = damaged.slice(0, at) + character + damaged.slice(at + random(3));
      }
    }
    try {
      parseTarget(damaged, "fuzz.json");
    } catch (error) {
      assert.ok(error instanceof UserError, `round ${round}: ${(error as Error).stack}`);
      assert.match(error.message, /fuzz\.json/);
    }
  }
});

Deno.test("Programs for other machines are refused by name", async () => {
  const target = await loadTarget("cortex-m4");
  const open = (machine: number, wide: boolean, big = false) => {
    const bytes = new Uint8Array(64);
    bytes.set([0x7f, 0x45, 0x4c, 0x46, wide ? 2 : 1, big ? 2 : 1, 1]);
    new DataView(bytes.buffer).setUint16(18, machine, !big);
    return () => Machine.open({ target, elf: bytes });
  };
  assert.throws(open(62, true), /for x86-64, 64 bits; cortex-m4 runs arm, 32 bits/);
  assert.throws(open(243, true), /for riscv, 64 bits/);
  assert.throws(open(40, false, true), /big-endian/);
  const rv32 = await loadTarget("rv32imc");
  const rv64 = testTarget("rv64");
  if (!has(rv64.compiler.command)) return;
  const elf = build(rv64, { "a.c": SOURCE });
  assert.throws(
    () => Machine.open({ target: rv32, elf }),
    /for riscv, 64 bits; rv32imc runs riscv, 32/,
  );
});
