import type { Spread } from "../types.ts";

/** What one run of many samples gives. */
export interface RunResult {
  /** The outputs, one sample after the other. */
  readonly outputs: Int8Array;
  /** Per inference; null where the runner cannot count. */
  readonly instructions: Spread | null;
  /** Per inference; null where the runner has no cycle model. */
  readonly cycles: Spread | null;
  /** Mean cost of each layer, in the program's order; null where the runner cannot tell. */
  readonly layers: readonly { readonly instructions: number; readonly cycles: number }[] | null;
  /** Measured time of one inference in microseconds; null in an emulator. */
  readonly microseconds: number | null;
}

/** Called with the number of samples done since the last call. */
export type Progress = (samples: number) => void;
