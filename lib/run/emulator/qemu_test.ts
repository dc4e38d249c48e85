/**
 * A second opinion: QEMU, one instruction at a time, has to count what the emulator counts.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { findSymbol, readElf } from "../../build/elf.ts";
import type { Target } from "../../types.ts";
import { Emulator } from "./mod.ts";
import { PROGRAM } from "./program_for_tests.ts";
import { build, has, testTarget } from "./testing.ts";

const MACHINES: [
  cpu: string,
  machine: string,
  memory: [flash: number, ram: number, size: number],
][] = [
  ["cortex-m0plus", "microbit", [0, 0x20000000, 0x4000]],
  ["cortex-m3", "mps2-an385", [0, 0x20000000, 0x40000]],
  ["cortex-m4", "mps2-an386", [0, 0x20000000, 0x40000]],
  ["cortex-m7", "mps2-an500", [0, 0x20000000, 0x40000]],
  ["cortex-m33", "mps2-an505", [0x10000000, 0x38000000, 0x40000]],
];

/** Instructions from the first of `infer` until it is back in `main`. */
async function countInQemu(machine: string, elf: Uint8Array): Promise<number> {
  const folder = Deno.makeTempDirSync({ prefix: "intnic-test-" });
  try {
    const [program, log] = [join(folder, "program.elf"), join(folder, "log")];
    Deno.writeFileSync(program, elf);
    const qemu = new Deno.Command("qemu-system-arm", {
      args: [
        ...["-M", machine, "-nographic", "-semihosting", "-kernel", program],
        ...["-singlestep", "-d", "exec,nochain", "-D", log],
      ],
      stdin: "null",
      stdout: "null",
      stderr: "null",
      signal: AbortSignal.timeout(60_000),
    });
    await qemu.output();
    const symbols = readElf(elf);
    const entry = findSymbol(symbols, "infer")!.address;
    const main = findSymbol(symbols, "main")!;
    let count = 0;
    for (const [, hex] of Deno.readTextFileSync(log).matchAll(/^Trace .*?\[\w+\/(\w+)\//gm)) {
      const pc = parseInt(hex!, 16);
      if (count === 0 && pc !== entry) continue;
      if (count > 0 && pc >= main.address && pc < main.address + main.size) break;
      count++;
    }
    return count;
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

for (const [cpu, machine, [flash, ram, size]] of MACHINES) {
  Deno.test(`Emulator counts as QEMU does (${cpu} on ${machine})`, async () => {
    const base = testTarget(cpu);
    const memory = {
      flash: { origin: flash, size: 0x40000 },
      ram: { origin: ram, size },
      source: "QEMU's machine",
    };
    const target: Target = { ...base, memory };
    if (!has(target.compiler.command) || !has("qemu-system-arm")) return;
    for (const level of ["-Os", "-O3"]) {
      const elf = build(target, { "a.c": PROGRAM }, [level]);
      using emulator = Emulator.open({ target, elf });
      const { instructions } = emulator.call("infer", [100]);
      assert.equal(instructions, await countInQemu(machine, elf), level);
    }
  });
}
