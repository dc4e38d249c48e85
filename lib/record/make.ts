import { targetSha256 } from "../targets.ts";
import { timingTable } from "../run/emulator/timing/mod.ts";
import { statedError } from "../run/emulator/waits.ts";
import { argmax, type Evaluation } from "../run/evaluate.ts";
import type { RunResult } from "../run/runner.ts";
import type {
  Binary,
  CProgram,
  Cycles,
  Model,
  QuantizedGraph,
  RunRecord,
  Spread,
  Target,
} from "../types.ts";

/** Everything a record is made of. */
export interface RecordParts {
  readonly model: Model;
  readonly graph: QuantizedGraph;
  readonly evaluation: Evaluation;
  readonly program: CProgram;
  readonly binary: Binary;
  readonly result: RunResult;
}

/** The record of one run, judged against the reference and the labels, if there are any. */
export function makeRecord(
  { model, graph, evaluation, program, binary, result }: RecordParts,
): RunRecord {
  const { samples, labels, expected } = evaluation;
  const { target } = binary;
  const size = program.outputBytes;
  let correct = 0;
  let mismatches = 0;
  for (let i = 0; i < samples; i++) {
    const output = result.outputs.subarray(i * size, (i + 1) * size);
    if (argmax(output) === labels?.[i]) correct++;
    if (output.some((code, k) => code !== expected[i * size + k])) mismatches++;
  }
  const cycles = result.cycles === null ? null : modelledCycles(target, result.cycles);
  return {
    time: new Date().toISOString(),
    model: { name: model.name, format: model.format, sha256: model.sha256 },
    target: target.name,
    runner: target.runner,
    data: evaluation.data,
    samples,
    accuracy: evaluation.floatAccuracy === null
      ? null
      : { float: evaluation.floatAccuracy, integer: correct / samples },
    mismatches,
    macs: program.layers.reduce((sum, { macs }) => sum + macs, 0),
    instructions: result.instructions,
    cycles,
    microseconds: microseconds(target, result, cycles),
    flash: binary.flash,
    ram: binary.ram,
    layers: program.layers.map(({ name, op, macs, kernel, why }, i) => ({
      name,
      op,
      kernel,
      why,
      macs,
      instructions: result.layers?.[i]?.instructions ?? null,
      cycles: result.layers?.[i]?.cycles ?? null,
    })),
    calibration: graph.calibration,
    optimize: program.optimize,
    compiler: binary.compiler,
    flags: binary.flags,
    sha256: { binary: binary.sha256, target: targetSha256(target) },
  };
}

function modelledCycles(target: Target, spread: Spread): Cycles {
  const table = timingTable(target.emulator!.timing);
  return { kind: "modelled", table: table.name, error: statedError(table, target), ...spread };
}

function microseconds(
  target: Target,
  result: RunResult,
  cycles: Cycles | null,
): RunRecord["microseconds"] {
  if (cycles !== null && target.clock !== undefined) {
    return { kind: "modelled", mean: 1e6 * cycles.mean / target.clock.hz };
  }
  return { kind: "measured", mean: result.microseconds! };
}
