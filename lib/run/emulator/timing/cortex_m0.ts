/**
 * Cortex-M0: three-stage pipeline, no pairing effects, one-cycle multiplier.
 *
 * @module
 */

import type { InOrderTable } from "./table.ts";

const TRM = "DDI 0432C, table 3-1";
const RECALLED = "DDI 0432C, table 3-1, from memory: to be checked";
const FAST = "DDI 0432C, table 3-1, with the fast multiplier; the small one takes 32";
const NONE = "no such effect in DDI 0432C";
const ABSENT = "not an instruction of ARMv6-M";

export const cortexM0: InOrderTable = {
  name: "cortex-m0",
  error: "unvalidated",
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
    store: [2, RECALLED],
    "load-double": [1, ABSENT],
    "store-double": [1, ABSENT],
    "load-multiple": [1, RECALLED],
    "store-multiple": [1, RECALLED],
    branch: [1, RECALLED],
    "branch-if": [1, RECALLED],
    call: [1, RECALLED],
    jump: [1, RECALLED],
    "table-branch": [1, ABSENT],
    "if-then": [1, ABSENT],
    nop: [1, TRM],
    barrier: [4, RECALLED],
    system: [4, "MRS and MSR, from memory of DDI 0432C; CPS takes 1"],
    float: [1, ABSENT],
    undefined: [1, ABSENT],
  },
  perRegister: [1, RECALLED],
  taken: {
    branch: [2, RECALLED],
    "branch-if": [2, TRM],
    call: [3, RECALLED],
    jump: [2, TRM],
    "load-multiple": [3, "POP with PC 4+N, from memory of DDI 0432C: to be checked"],
  },
  misalignedLanding: [0, NONE],
  pipelinedLoad: [0, NONE],
  registerStore: [0, NONE],
  loadAfterStore: [0, NONE],
  addressFromAlu: [0, NONE],
  loadUse: [0, NONE],
  foldedIfThen: [0, NONE],
};
