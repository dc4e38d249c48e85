/**
 * PicoRV32 with compressed instructions, serial multiplier and divider, dual-port registers and
 * shifts of four and one bit a cycle. RTL of commit 87c89acc.
 *
 * @module
 */

import type { ScalarTable } from "./table.ts";

const DOC = "PicoRV32 README, cycles per instruction; confirmed by RTL simulation";
const RTL = "RTL simulation";
const FETCH = "RTL: the second word is fetched only when the core waits for it";
const NONE = "no such effect in RTL simulation";

export const picorv32: ScalarTable = {
  name: "picorv32",
  error: "no difference from RTL simulation (51 C programs, 24 random)",
  dataDependent: true,
  issue: "scalar",
  operands: [
    { kind: "alu", names: ["sll", "srl"], formula: "shift-steps", cycles: [1, RTL] },
  ],
  costs: {
    alu: [3, DOC],
    multiply: [40, DOC],
    "multiply-long": [72, DOC],
    divide: [40, RTL],
    load: [5, DOC],
    store: [5, DOC],
    branch: [3, DOC],
    "branch-if": [3, DOC],
    call: [3, DOC],
    jump: [3, DOC],
    nop: [3, DOC],
    barrier: [3, DOC],
    system: [4, RTL],
  },
  taken: {
    "branch-if": [2, DOC],
    jump: [3, DOC],
  },
  misalignedLanding: [0, NONE],
  misalignedFetch: [1, FETCH],
  misalignedBehind: [1, FETCH],
  loadUse: [0, NONE],
  loadOverwrite: [0, NONE],
  jumpComputed: [0, NONE],
  jumpLoaded: [0, NONE],
  jumpLoadedEarlier: [0, NONE],
  jumpOverlap: [0, NONE],
  shift: { base: [4, DOC], stride: [4, "RTL, parameter TWO_STAGE_SHIFT"] },
};
