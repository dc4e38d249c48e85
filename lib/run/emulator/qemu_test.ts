/**
 * A second opinion: QEMU, one instruction at a time, has to count what the emulator counts.
 */
import assert from "node:assert/strict";
import type { Target } from "../../types.ts";
import { Emulator } from "./mod.ts";
import { PROGRAM } from "./program_for_tests.ts";
import { countInQemu } from "./qemu_for_tests.ts";
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

for (const [cpu, machine, [flash, ram, size]] of MACHINES) {
  const base = testTarget(cpu);
  const ignore = !has(base.compiler.command) || !has("qemu-system-arm");
  Deno.test({ name: `Emulator counts as QEMU does (${cpu} on ${machine})`, ignore }, async () => {
    const memory = {
      flash: { origin: flash, size: 0x40000 },
      ram: { origin: ram, size },
      source: "QEMU's machine",
    };
    const target: Target = { ...base, memory };
    for (const level of ["-Os", "-O3"]) {
      const elf = build(target, { "a.c": PROGRAM }, [level]);
      using emulator = Emulator.open({ target, elf });
      const { instructions } = emulator.call("infer", [100]);
      assert.equal(instructions, await countInQemu(machine, elf, "infer"), level);
    }
  });
}
