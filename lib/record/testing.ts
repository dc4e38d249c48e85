import type { RunRecord } from "../types.ts";

/** A record such as a run on an emulated core leaves, for tests. */
export function exampleRecord(changes: Partial<RunRecord> = {}): RunRecord {
  return {
    time: "2026-01-02T03:04:05.678Z",
    model: { name: "convnet", format: "tfjs", sha256: "ab".repeat(32) },
    target: "cortex-m4",
    runner: "unicorn",
    data: "mnist",
    samples: 1000,
    accuracy: { float: 0.9893, integer: 0.9891 },
    mismatches: 0,
    macs: 380_128,
    instructions: { min: 1_800_000, mean: 1_800_000, max: 1_800_000 },
    cycles: {
      kind: "modelled",
      table: "cortex-m4",
      error: "unvalidated",
      min: 2_200_000,
      mean: 2_200_000,
      max: 2_200_000,
    },
    microseconds: { kind: "modelled", mean: 13_095.2 },
    flash: { code: 3000, weights: 6448, tables: 552, total: 10_000 },
    ram: { arena: 8000, stack: 300, static: 1700, total: 10_000 },
    layers: [
      // Records of before there was a choice of kernels have none.
      {
        name: "conv1",
        op: "conv2d",
        kernel: "band",
        why: "",
        macs: 97_344,
        instructions: 900_000,
        cycles: 1_100_000.4,
      },
      { name: "pool1", op: "max_pool", macs: 0, instructions: 50_000, cycles: 60_000 },
    ],
    calibration: { calibrator: "entropy", percentile: 99.99, samples: 1000 },
    compiler: "arm-none-eabi-gcc 12.2.1",
    flags: ["-O2"],
    sha256: { binary: "cd".repeat(32), target: "ef".repeat(32) },
    ...changes,
  };
}

/** A record such as a run on this machine leaves: nothing counted, time measured. */
export function exampleHostRecord(changes: Partial<RunRecord> = {}): RunRecord {
  const { layers } = exampleRecord();
  return exampleRecord({
    target: "host",
    runner: "ffi",
    instructions: null,
    cycles: null,
    microseconds: { kind: "measured", mean: 85.234 },
    layers: layers.map((layer) => ({ ...layer, instructions: null, cycles: null })),
    ...changes,
  });
}
