import { UserError } from "../errors.ts";
import type { Binary, CProgram } from "../types.ts";
import type { Progress, RunResult } from "./runner.ts";

/** Samples between two looks at the clock: long against the clock's resolution. */
const BATCH = 64;

/**
 * Runs samples through the shared object in this process, and measures the wall-clock time of one
 * call, that of crossing into it (well below a microsecond) included. A program with state is reset
 * before the first sample, and sees them in their order.
 *
 * @param inputs int8 codes, one sample after the other
 * @throws {UserError} if the shared object cannot be loaded
 */
export function runOnHost(
  binary: Binary,
  program: CProgram,
  inputs: Int8Array<ArrayBuffer>,
  progress: Progress = () => {},
): RunResult {
  const { inputBytes, outputBytes } = program;
  const samples = inputs.length / inputBytes;
  const outputs = new Int8Array(samples * outputBytes);
  using library = open(binary.path);
  const infer = library.symbols.model_infer;
  if (program.stateful) library.symbols.model_reset!();
  let elapsed = 0;
  for (let first = 0; first < samples; first += BATCH) {
    const end = Math.min(samples, first + BATCH);
    const start = performance.now();
    for (let i = first; i < end; i++) {
      infer(
        inputs.subarray(i * inputBytes, (i + 1) * inputBytes),
        outputs.subarray(i * outputBytes, (i + 1) * outputBytes),
      );
    }
    elapsed += performance.now() - start;
    progress(end - first);
  }
  const microseconds = 1000 * elapsed / samples;
  return { outputs, instructions: null, cycles: null, layers: null, microseconds };
}

function open(path: string) {
  try {
    const library = Deno.dlopen(
      path,
      {
        model_infer: { parameters: ["buffer", "buffer"], result: "void" },
        model_reset: { parameters: [], result: "void", optional: true },
      } as const,
    );
    return { symbols: library.symbols, [Symbol.dispose]: () => library.close() };
  } catch (cause) {
    throw new UserError(`The shared object ${path} cannot be loaded: ${cause}.`, { cause });
  }
}
