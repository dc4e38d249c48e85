import { UserError } from "../errors.ts";
import type { Binary, CProgram, Spread } from "../types.ts";
import type { Progress, RunResult } from "./runner.ts";
import type { WorkerReply, WorkerRequest } from "./worker.ts";

/** Sums over samples that can be added up between workers. */
export interface Tally {
  readonly min: number;
  readonly max: number;
  readonly sum: number;
}

/** How to run. */
export interface EmulatedOptions {
  /** Emulators at once; default one a processor. A network with state always runs in one. */
  readonly jobs?: number;
  readonly progress?: Progress;
}

/**
 * Runs samples on the emulated core, shared among workers that each boot the ELF once and then call
 * `model_infer` for every sample of theirs. A program with state is reset once, and one worker runs
 * all samples in their order.
 *
 * @param inputs int8 codes, one sample after the other; at least one sample
 * @throws {UserError} if the emulator is not installed or the program faults
 */
export async function runEmulated(
  binary: Binary,
  program: CProgram,
  inputs: Int8Array<ArrayBuffer>,
  { jobs = navigator.hardwareConcurrency, progress = () => {} }: EmulatedOptions = {},
): Promise<RunResult> {
  const samples = inputs.length / program.inputBytes;
  // State goes on from sample to sample, as it does in the reference.
  const parts = program.stateful ? 1 : Math.min(jobs, samples);
  const outputs = new Int8Array(samples * program.outputBytes);
  const replies = await settle(
    Array.from({ length: parts }, async (_, part) => {
      const first = Math.floor(samples * part / parts);
      const end = Math.floor(samples * (part + 1) / parts);
      const reply = await runPart({
        target: binary.target,
        elf: binary.bytes,
        marks: program.layers.map(({ symbol }) => symbol),
        inputs: inputs.slice(first * program.inputBytes, end * program.inputBytes),
        inputBytes: program.inputBytes,
        outputBytes: program.outputBytes,
        stateful: program.stateful,
      }, progress);
      outputs.set(reply.outputs, first * program.outputBytes);
      return reply;
    }),
  );
  return {
    outputs,
    instructions: spread(replies.map(({ instructions }) => instructions), samples),
    cycles: spread(replies.map(({ cycles }) => cycles), samples),
    layers: program.layers.map((_, i) => ({
      instructions: sumOf(replies, (reply) => reply.layers[i]!.instructions) / samples,
      cycles: sumOf(replies, (reply) => reply.layers[i]!.cycles) / samples,
    })),
    microseconds: null,
  };
}

type Finished = Extract<WorkerReply, { readonly kind: "finished" }>;

function runPart(request: WorkerRequest, progress: Progress): Promise<Finished> {
  const worker = new Worker(new URL("./worker.ts", import.meta.url).href, { type: "module" });
  const { promise, resolve, reject } = Promise.withResolvers<Finished>();
  worker.onmessage = ({ data }: MessageEvent<WorkerReply>) => {
    if (data.kind === "progress") progress(data.samples);
    else if (data.kind === "finished") resolve(data);
    else reject(data.user ? new UserError(data.message) : new Error(data.message));
  };
  worker.onerror = (event) => {
    event.preventDefault();
    reject(new Error(`The emulator's worker died: ${event.message}`));
  };
  worker.postMessage(request);
  return promise.finally(() => worker.terminate());
}

/** Waits for all, so that no worker is left running, before the first failure is thrown. */
async function settle<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(promises);
  return await Promise.all(promises);
}

function spread(tallies: readonly Tally[], samples: number): Spread {
  return {
    min: Math.min(...tallies.map(({ min }) => min)),
    mean: sumOf(tallies, ({ sum }) => sum) / samples,
    max: Math.max(...tallies.map(({ max }) => max)),
  };
}

function sumOf<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((sum, item) => sum + value(item), 0);
}
