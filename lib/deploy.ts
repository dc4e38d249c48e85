import { generateC } from "./codegen/c.ts";
import { limitsOf } from "./codegen/limits.ts";
import { build } from "./build/build.ts";
import { loadKernels } from "./build/kernels.ts";
import { makeRecord } from "./record/make.ts";
import type { Evaluation } from "./run/evaluate.ts";
import { runEmulated } from "./run/emulated.ts";
import { runOnHost } from "./run/host.ts";
import type { Progress } from "./run/runner.ts";
import type { Model, Optimize, QuantizedGraph, RunRecord, Target } from "./types.ts";

/** Where a deployment keeps its files and how it runs. */
export interface DeployOptions {
  /** Folder for the generated C and the binary; must exist. */
  readonly directory: string;
  /** Emulators at once; default one a processor. */
  readonly jobs?: number;
  /** Default `balanced`. */
  readonly optimize?: Optimize;
  /** Told the number of samples done since the last call. */
  readonly progress?: Progress;
  /** Given the target's outputs, int8 codes, one sample after the other. */
  readonly received?: (outputs: Int8Array) => void;
}

/**
 * The second half of a deployment, for one target: generates C from a quantized graph, builds it,
 * runs every sample of the evaluation on the target and says how it went. The first half, which no
 * target has a part in, is `loadModel`, `importModel`, `quantize` and `evaluate`.
 *
 * @throws {UserError} if the compiler or emulator is missing, the program does not fit, or it faults
 */
export async function deployTo(
  target: Target,
  model: Model,
  graph: QuantizedGraph,
  evaluation: Evaluation,
  { directory, jobs, optimize = "balanced", progress, received }: DeployOptions,
): Promise<RunRecord> {
  const program = generateC(graph, await loadKernels(target), { optimize, ...limitsOf(target) });
  const binary = await build(program, target, { directory });
  const result = target.runner === "ffi"
    ? runOnHost(binary, program, evaluation.inputs, progress)
    : await runEmulated(binary, program, evaluation.inputs, {
      ...(jobs === undefined ? {} : { jobs }),
      ...(progress === undefined ? {} : { progress }),
    });
  received?.(result.outputs);
  return makeRecord({ model, graph, evaluation, program, binary, result });
}
