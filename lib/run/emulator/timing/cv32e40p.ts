/**
 * CV32E40P: four stages, no PULP extensions, no FPU. RTL of commit 6033d2b1.
 *
 * @module
 */

import type { ScalarTable } from "./table.ts";

const DOC = "CV32E40P user manual, pipeline details; confirmed by RTL simulation";
const RTL = "RTL simulation";
const JALR = "user manual: jumps wait for their register; RTL, cv32e40p_controller";
const NONE = "no such effect in RTL simulation";
const DIVIDER = "user manual: 3 to 35 cycles; RTL, cv32e40p_alu_div";

export const cv32e40p: ScalarTable = {
  name: "cv32e40p",
  error: "no difference from RTL simulation (51 C programs, 24 random)",
  dataDependent: true,
  issue: "scalar",
  operands: [
    { kind: "divide", names: ["div", "rem"], formula: "leading-signs", cycles: [1, DIVIDER] },
    { kind: "divide", names: ["divu", "remu"], formula: "leading-zeros", cycles: [1, DIVIDER] },
  ],
  costs: {
    alu: [1, DOC],
    multiply: [1, DOC],
    "multiply-long": [5, DOC],
    divide: [3, DIVIDER],
    load: [1, DOC],
    store: [1, DOC],
    branch: [1, DOC],
    "branch-if": [1, DOC],
    call: [1, DOC],
    jump: [1, DOC],
    nop: [1, DOC],
    barrier: [4, RTL],
    system: [
      4,
      "user manual: CSRs of traps and counters 4, confirmed by RTL simulation; others take 1",
    ],
  },
  taken: {
    branch: [1, DOC],
    "branch-if": [2, DOC],
    call: [1, DOC],
    jump: [1, DOC],
    system: [1, DOC],
  },
  misalignedLanding: [
    1,
    "the aligner waits for the second word: user manual; RTL, cv32e40p_aligner",
  ],
  misalignedFetch: [0, NONE],
  misalignedBehind: [0, NONE],
  loadUse: [1, DOC],
  loadOverwrite: [1, "RTL, load_stall in cv32e40p_controller"],
  jumpComputed: [1, JALR],
  jumpLoaded: [2, JALR],
  jumpLoadedEarlier: [1, JALR],
  jumpOverlap: [1, "RTL: the jump is made once, at the start of its stay in the decode stage"],
};
