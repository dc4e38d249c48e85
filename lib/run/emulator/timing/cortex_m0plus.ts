/**
 * Cortex-M0+: two-stage pipeline, no pairing effects, one-cycle multiplier.
 *
 * @module
 */

import type { InOrderTable } from "./table.ts";

const TRM = "DDI 0484C, table 3-1";
const MEASURED =
  "exact in all assembly measured on SAM D20: pornin/curve9767 and x25519-cm0; DDI 0484C, table 3-1";
const RECALLED = "DDI 0484C, table 3-1, from memory: to be checked";
const FAST = "DDI 0484C, table 3-1, with the fast multiplier; the small one takes 32";
const NONE = "no such effect in DDI 0484";
const ABSENT = "not an instruction of ARMv6-M";

export const cortexM0Plus: InOrderTable = {
  name: "cortex-m0plus",
  error: "mean 0.4 %, worst 6.5 % (26 figures, hardware; the 14 of assembly within 0.001 %)",
  dataDependent: false,
  issue: "single",
  costs: {
    alu: [1, TRM],
    multiply: [1, FAST],
    "multiply-add": [1, ABSENT],
    "multiply-long": [1, ABSENT],
    "multiply-add-long": [1, ABSENT],
    divide: [1, ABSENT],
    load: [2, TRM],
    store: [2, MEASURED],
    "load-double": [1, ABSENT],
    "store-double": [1, ABSENT],
    "load-multiple": [1, MEASURED],
    "store-multiple": [1, MEASURED],
    branch: [1, MEASURED],
    "branch-if": [1, MEASURED],
    call: [1, MEASURED],
    jump: [1, MEASURED],
    "table-branch": [1, ABSENT],
    "if-then": [1, ABSENT],
    nop: [1, TRM],
    barrier: [3, RECALLED],
    system: [3, "MRS and MSR, from memory of DDI 0484; CPS takes 1"],
    float: [1, ABSENT],
    undefined: [1, ABSENT],
  },
  perRegister: [1, MEASURED],
  taken: {
    branch: [1, MEASURED],
    "branch-if": [1, MEASURED],
    call: [2, MEASURED],
    jump: [1, MEASURED],
    "load-multiple": [2, MEASURED],
  },
  misalignedLanding: [0, NONE],
  pipelinedLoad: [0, NONE],
  registerStore: [0, NONE],
  loadAfterStore: [0, NONE],
  addressFromAlu: [0, NONE],
  loadUse: [0, NONE],
  foldedIfThen: [0, NONE],
};
