import assert from "node:assert/strict";
import { build } from "../lib/build/build.ts";
import { loadKernels } from "../lib/build/kernels.ts";
import { generateC } from "../lib/codegen/c.ts";
import { quantize } from "../lib/quantize/quantize.ts";
import { quantizeValues } from "../lib/quantize/range.ts";
import { Device } from "../lib/run/device.ts";
import { inferInQemu } from "../lib/run/emulator/gdb_for_tests.ts";
import { has } from "../lib/run/emulator/testing.ts";
import { referenceRunner } from "../lib/run/reference.ts";
import { loadTarget } from "../lib/targets.ts";
import { randomGraph, randomInputs } from "./random_graph.ts";

const ARM = ["-semihosting"];
const RISCV = ["-semihosting", "-M", "virt", "-bios", "none"];
const machines = [
  ["cortex-m3", "qemu-system-arm", [...ARM, "-M", "mps2-an385"]],
  ["cortex-m4", "qemu-system-arm", [...ARM, "-M", "mps2-an386"]],
  ["cortex-m7", "qemu-system-arm", [...ARM, "-M", "mps2-an500"]],
  ["rv32imc", "qemu-system-riscv32", RISCV],
  ["nic-dpa", "qemu-system-riscv64", RISCV],
] as const;

for (const [name, command, args] of machines) {
  const target = await loadTarget(name);
  const ignore = !has(command) || !has(target.compiler.command);
  Deno.test({ name: `deployed ELF: QEMU's output bytes are ours (${name})`, ignore }, async () => {
    for (const seed of [1, 2, 3]) {
      const graph = randomGraph(seed);
      const inputs = randomInputs(graph, 3, seed);
      const quantized = quantize(graph, inputs);
      const program = generateC(quantized, await loadKernels(target));
      const directory = await Deno.makeTempDir();
      const { bytes: elf } = await build(program, target, { directory });
      await Deno.remove(directory, { recursive: true });
      using device = await Device.open({ target, elf });
      const tensor = quantized.tensors.get(quantized.input)!;
      const codes = quantizeValues(inputs[1]!, tensor);
      device.write("intnic_input", codes);
      device.call("model_infer", "intnic_input", "intnic_output");
      const ours = device.read("intnic_output", program.outputBytes, "i8");
      assert.deepEqual(ours, Int8Array.from(referenceRunner(quantized)(codes)));
      const input = new Uint8Array(codes.buffer, codes.byteOffset, codes.length);
      const theirs = await inferInQemu({ command, args }, elf, input, program.outputBytes);
      assert.deepEqual(new Int8Array(theirs.buffer), ours, `seed ${seed}`);
    }
  });
}
