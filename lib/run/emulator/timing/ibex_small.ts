/**
 * Ibex, configuration "small": two stages, fast multiplier (RV32MFast), no branch target ALU. RTL of
 * commit 8b8ee086.
 *
 * @module
 */

import type { ScalarTable } from "./table.ts";

const DOC = "Ibex documentation, pipeline details; confirmed by RTL simulation";
const RTL = "RTL simulation";
const NONE = "no such effect in RTL simulation";

export const ibexSmall: ScalarTable = {
  name: "ibex-small",
  error: "no difference from RTL simulation (51 C programs, 24 random)",
  dataDependent: true,
  issue: "scalar",
  operands: [
    {
      kind: "divide",
      formula: "zero",
      cycles: [-35, "a zero divisor ends it at once: documentation; RTL, ibex_multdiv_fast"],
    },
  ],
  costs: {
    alu: [1, DOC],
    multiply: [3, DOC],
    "multiply-long": [4, DOC],
    divide: [37, RTL],
    load: [2, DOC],
    store: [2, DOC],
    branch: [1, DOC],
    "branch-if": [1, DOC],
    call: [1, DOC],
    jump: [1, DOC],
    nop: [1, DOC],
    barrier: [1, DOC],
    system: [1, DOC],
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
    "the second word comes a cycle later: RTL simulation; not in the documentation",
  ],
  misalignedFetch: [0, NONE],
  misalignedBehind: [0, NONE],
  loadUse: [0, NONE],
  loadOverwrite: [0, NONE],
  jumpComputed: [0, NONE],
  jumpLoaded: [0, NONE],
  jumpLoadedEarlier: [0, NONE],
  jumpOverlap: [0, NONE],
  named: { "fence.i": [2, "made as a jump: Ibex documentation; confirmed by RTL simulation"] },
};
