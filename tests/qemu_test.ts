import assert from "node:assert/strict";
import { build } from "../lib/build/build.ts";
import { loadKernels } from "../lib/build/kernels.ts";
import { generateC } from "../lib/codegen/c.ts";
import { quantize } from "../lib/quantize/quantize.ts";
import { Emulator } from "../lib/run/emulator/mod.ts";
import { countInQemu } from "../lib/run/emulator/qemu_for_tests.ts";
import { has } from "../lib/run/emulator/testing.ts";
import { loadTarget } from "../lib/targets.ts";
import { randomGraph, randomInputs } from "./random_graph.ts";

const machines = [
  ["cortex-m3", "mps2-an385"],
  ["cortex-m4", "mps2-an386"],
  ["cortex-m7", "mps2-an500"],
] as const;

for (const [name, machine] of machines) {
  const options = {
    name: `deployed ELF counts the same in QEMU (${name})`,
    ignore: !has("qemu-system-arm"),
  };
  Deno.test(options, async () => {
    const target = await loadTarget(name);
    for (const seed of [1, 2, 3]) {
      const graph = randomGraph(seed);
      const quantized = quantize(graph, randomInputs(graph, 3, seed));
      const program = generateC(quantized, await loadKernels(target));
      const directory = await Deno.makeTempDir();
      const { bytes, ram } = await build(program, target, { directory });
      await Deno.remove(directory, { recursive: true });
      using emulator = Emulator.open({ target, elf: bytes });
      const buffers = ["intnic_input", "intnic_output"].map((symbol) => emulator.address(symbol));
      const call = emulator.call("model_infer", buffers);
      assert.equal(call.instructions, await countInQemu(machine, bytes, "model_infer"));
      assert.ok(call.stack <= ram.stack, `${call.stack} bytes of stack, ${ram.stack} promised`);
    }
  });
}
