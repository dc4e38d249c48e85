import assert from "node:assert/strict";
import { build } from "../lib/build/build.ts";
import { loadKernels } from "../lib/build/kernels.ts";
import { generateC } from "../lib/codegen/c.ts";
import { codesFromQ16, codesToQ16, fromQ16, toQ16 } from "../lib/quantize/q16.ts";
import { quantize } from "../lib/quantize/quantize.ts";
import { Emulator } from "../lib/run/emulator/mod.ts";
import { referenceRunner } from "../lib/run/reference.ts";
import { loadTarget } from "../lib/targets.ts";
import { randomGraph, randomInputs } from "./random_graph.ts";

const seeds = [1, 2, 3, 4, 5, 6];

for (const name of ["cortex-m4", "cortex-m0plus", "rv32imc"]) {
  Deno.test(`the Q16.16 entry means on ${name} what the reference means`, async () => {
    const target = await loadTarget(name);
    for (const seed of seeds) {
      const graph = randomGraph(seed);
      const inputs = randomInputs(graph, 8, seed);
      const quantized = quantize(graph, inputs.slice(0, 4));
      const { rounding } = quantized;
      const [input, output] = [quantized.input, quantized.output].map((tensor) =>
        quantized.tensors.get(tensor)!
      );
      const program = generateC(quantized, await loadKernels(target));
      const directory = await Deno.makeTempDir();
      const { bytes } = await build(program, target, { directory, entry: "model_infer_q16" });
      await Deno.remove(directory, { recursive: true });
      using emulator = Emulator.open({ target, elf: bytes });
      const from = emulator.address("intnic_input");
      const to = emulator.address("intnic_output");
      const run = referenceRunner(quantized);
      const extremes = new Int32Array(program.inputBytes).map((_, i) =>
        i % 2 ? 2 ** 31 - 1 : -(2 ** 31)
      );
      const samples = inputs.map((real) => Int32Array.from(real, (x) => Math.round(x * 65536)));
      for (const sample of [...samples, extremes]) {
        emulator.write(from, new Uint8Array(sample.buffer));
        emulator.call("model_infer_q16", [from, to]);
        const actual = new Int32Array(emulator.read(to, 4 * program.outputBytes).slice().buffer);
        const codes = run(codesFromQ16(sample, input!, fromQ16(input!, rounding)!, rounding));
        assert.deepEqual(actual, codesToQ16(codes, output!, toQ16(output!)!), `seed ${seed}`);
      }
    }
  });
}

Deno.test("Q16.16 is as exact as int8 and Q16.16 allow", () => {
  for (const scale of [2 ** -13, 0.0039, 0.2, 5, 15.9, 16, 31.9]) {
    const tensor = { shape: [256], scale, zeroPoint: -7 };
    const codes = Int8Array.from({ length: 256 }, (_, i) => i - 128);
    const values = codesToQ16(codes, tensor, toQ16(tensor)!);
    values.forEach((value, i) => {
      const exact = scale * (codes[i]! + 7) * 65536;
      assert.ok(Math.abs(value - exact) <= 0.5 + Math.abs(exact) * 2 ** -30, `${scale}: ${value}`);
    });
    assert.deepEqual(codesFromQ16(values, tensor, fromQ16(tensor, "single")!, "single"), codes);
  }
});

Deno.test("scales that Q16.16 cannot express have no entry", () => {
  assert.equal(fromQ16({ shape: [1], scale: 2 ** -14, zeroPoint: 0 }, "single"), undefined);
  assert.equal(toQ16({ shape: [1], scale: 32, zeroPoint: 0 }), undefined);
});
