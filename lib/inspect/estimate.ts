import { build } from "../build/build.ts";
import { loadKernels } from "../build/kernels.ts";
import { generateC } from "../codegen/c.ts";
import { limitsOf } from "../codegen/limits.ts";
import { UserError } from "../errors.ts";
import { runEmulated } from "../run/emulated.ts";
import { timingTable } from "../run/emulator/timing/mod.ts";
import { statedError } from "../run/emulator/waits.ts";
import type { FlashUse, LayerCost, QuantizedGraph, RamUse, Target } from "../types.ts";

/** What a network would cost on one target. */
export interface TargetEstimate {
  readonly target: string;
  /** Null where it could not be built, or does not fit. */
  readonly flash: FlashUse | null;
  readonly ram: RamUse | null;
  /** Of one inference, which takes as long as any other; null where it did not run. */
  readonly instructions: number | null;
  readonly cycles: {
    readonly count: number;
    /** Timing table, and how far it is known to be from silicon. */
    readonly table: string;
    readonly error: string;
  } | null;
  /** The cycles over the target's clock rate. */
  readonly microseconds: number | null;
  readonly layers: readonly LayerCost[];
  /** Why figures are missing, in full sentences. */
  readonly problem: string | null;
}

/**
 * Builds a network for a target and runs one inference of it, of zeros: cycles depend neither on
 * data nor on scales. What stands in the way (no compiler, no room, no emulator) is part of the
 * result. On the host nothing runs, for it has no cycle model.
 *
 * @param directory for the sources and the binary; must exist
 */
export async function estimate(
  graph: QuantizedGraph,
  target: Target,
  directory: string,
): Promise<TargetEstimate> {
  const nothing: TargetEstimate = {
    target: target.name,
    flash: null,
    ram: null,
    instructions: null,
    cycles: null,
    microseconds: null,
    layers: [],
    problem: null,
  };
  let known = nothing;
  try {
    const program = generateC(graph, await loadKernels(target), limitsOf(target));
    const binary = await build(program, target, { directory });
    known = { ...nothing, flash: binary.flash, ram: binary.ram };
    if (target.runner === "ffi") return known;
    const input = new Int8Array(program.inputBytes);
    const { instructions, cycles, layers } = await runEmulated(binary, program, input, { jobs: 1 });
    const table = timingTable(target.emulator!.timing);
    const count = cycles!.mean;
    return {
      ...known,
      instructions: instructions!.mean,
      cycles: { count, table: table.name, error: statedError(table, target) },
      microseconds: 1e6 * count / target.clock!.hz,
      layers: program.layers.map(({ name, op, macs }, i) => ({ name, op, macs, ...layers![i]! })),
    };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { ...known, problem: error.message };
  }
}
