/**
 * `intnic generate`: the C of a model, to drop into a firmware.
 *
 * @module
 */
import { join } from "node:path";
import { loadKernels } from "../build/kernels.ts";
import { generateC } from "../codegen/c.ts";
import { limitsOf } from "../codegen/limits.ts";
import type { Optimize } from "../types.ts";
import { loadTarget } from "../targets.ts";
import { makeOutput } from "./output.ts";
import { prepare, type QuantizationOptions } from "./prepare.ts";

/** What `generate` takes from the command line. */
export interface GenerateOptions extends QuantizationOptions {
  /** The target whose kernels to use. */
  readonly target: string;
  readonly optimize: Optimize;
  /** Folder for `model.h` and `model.c`. */
  readonly out: string;
}

/**
 * Writes `model.h` and `model.c` and prints what they need.
 *
 * @throws {UserError} for bad input of any kind; nothing is then written
 */
export async function generate(name: string, options: GenerateOptions): Promise<void> {
  const target = await loadTarget(options.target);
  using output = await makeOutput(options.out);
  const { quantized } = await prepare(name, options);
  const program = generateC(quantized, await loadKernels(target), {
    optimize: options.optimize,
    ...limitsOf(target),
  });
  for (const [file, text] of program.files) await Deno.writeTextFile(join(output.path, file), text);
  await output.keep();
  for (const file of program.files.keys()) console.log(join(options.out, file));
  console.log(
    `${program.layers.length} layers, ${program.inputBytes} bytes in, ${program.outputBytes} ` +
      `bytes out, an arena of ${program.arena.bytes} bytes, kernels for ${target.name}.`,
  );
  for (const { name, kernel, why } of program.layers) console.log(`  ${name}: ${kernel} (${why})`);
  for (const note of quantized.notes) console.log(note);
}
