import assert from "node:assert/strict";
import { build } from "../lib/build/build.ts";
import { runEmulated } from "../lib/run/emulated.ts";
import { runOnHost } from "../lib/run/host.ts";
import { referenceRunner } from "../lib/run/reference.ts";
import type { CProgram, QuantizedGraph, Target } from "../lib/types.ts";

/** Builds a program, runs it and asserts the reference's bytes, in a time that does not depend on them. */
export async function sameAsReference(
  graph: QuantizedGraph,
  program: CProgram,
  target: Target,
  { samples, what }: { readonly samples: number; readonly what: string },
): Promise<void> {
  const run = referenceRunner(graph);
  const inputs = new Int8Array(samples * program.inputBytes);
  inputs.forEach((_, i) => inputs[i] = (i * i * 7 + i * 31) % 256 - 128);
  const expected = new Int8Array(samples * program.outputBytes);
  for (let i = 0; i < samples; i++) {
    const sample = inputs.slice(i * program.inputBytes, (i + 1) * program.inputBytes);
    expected.set(run(sample), i * program.outputBytes);
  }
  const directory = await Deno.makeTempDir();
  const binary = await build(program, target, { directory });
  const result = target.runner === "ffi"
    ? runOnHost(binary, program, inputs)
    : await runEmulated(binary, program, inputs, { jobs: 1 });
  await Deno.remove(directory, { recursive: true });
  assert.deepEqual(result.outputs, expected, what);
  assert.equal(result.cycles?.min, result.cycles?.max);
}
