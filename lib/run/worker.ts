import { UserError } from "../errors.ts";
import type { Target } from "../types.ts";
import type { Tally } from "./emulated.ts";
import { Emulator } from "./emulator/mod.ts";

/** One worker's share of a run. */
export interface WorkerRequest {
  readonly target: Target;
  readonly elf: Uint8Array;
  readonly marks: readonly string[];
  readonly inputs: Int8Array<ArrayBuffer>;
  readonly inputBytes: number;
  readonly outputBytes: number;
  /** True to reset the program's state before the first sample. */
  readonly stateful: boolean;
}

/** What a worker tells: how far it is, and at the end the results or why there are none. */
export type WorkerReply =
  | { readonly kind: "progress"; readonly samples: number }
  | {
    readonly kind: "finished";
    readonly outputs: Int8Array;
    readonly instructions: Tally;
    readonly cycles: Tally;
    /** Sums over the samples. */
    readonly layers: readonly { readonly instructions: number; readonly cycles: number }[];
  }
  | {
    readonly kind: "failed";
    readonly message: string;
    /** True if the message is meant for the user, as it stands. */
    readonly user: boolean;
  };

/** Milliseconds between two progress messages. */
const PROGRESS_INTERVAL = 100;

function run(request: WorkerRequest, progress: (samples: number) => void): WorkerReply {
  const { target, elf, marks, inputs, inputBytes, outputBytes } = request;
  const samples = inputs.length / inputBytes;
  const outputs = new Int8Array(samples * outputBytes);
  const instructions = { min: Infinity, max: 0, sum: 0 };
  const cycles = { min: Infinity, max: 0, sum: 0 };
  const layers = marks.map(() => ({ instructions: 0, cycles: 0 }));
  using emulator = Emulator.open({ target, elf, marks });
  const input = emulator.address("intnic_input");
  const output = emulator.address("intnic_output");
  const bytes = new Uint8Array(inputs.buffer);
  if (request.stateful) emulator.call("model_reset");
  let told = 0;
  let toldAt = performance.now();
  for (let i = 0; i < samples; i++) {
    emulator.write(input, bytes.subarray(i * inputBytes, (i + 1) * inputBytes));
    const call = emulator.call("model_infer", [input, output]);
    outputs.set(new Int8Array(emulator.read(output, outputBytes).slice().buffer), i * outputBytes);
    count(instructions, call.instructions);
    count(cycles, call.cycles);
    call.marks.forEach((mark, layer) => {
      layers[layer]!.instructions += mark.instructions;
      layers[layer]!.cycles += mark.cycles;
    });
    if (performance.now() - toldAt > PROGRESS_INTERVAL) {
      progress(i + 1 - told);
      told = i + 1;
      toldAt = performance.now();
    }
  }
  progress(samples - told);
  return { kind: "finished", outputs, instructions, cycles, layers };
}

function count(tally: { min: number; max: number; sum: number }, value: number): void {
  tally.min = Math.min(tally.min, value);
  tally.max = Math.max(tally.max, value);
  tally.sum += value;
}

const scope = self as unknown as {
  onmessage: (event: MessageEvent<WorkerRequest>) => void;
  postMessage(reply: WorkerReply): void;
};

scope.onmessage = ({ data }) => {
  try {
    scope.postMessage(run(data, (samples) => scope.postMessage({ kind: "progress", samples })));
  } catch (error) {
    // An error would lose its class on the way to another thread.
    const user = error instanceof UserError;
    const message = user ? error.message : String((error as Error).stack ?? error);
    scope.postMessage({ kind: "failed", message, user });
  }
};
