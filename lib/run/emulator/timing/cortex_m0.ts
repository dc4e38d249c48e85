/**
 * Cortex-M0: three-stage pipeline, no pairing effects, one-cycle multiplier.
 *
 * @module
 */

import type { InOrderTable } from "./table.ts";

const TRM = "DDI 0432C, table 3-1";
const FAST = "DDI 0432C, table 3-1, with the fast multiplier; the small one takes 32";
const NONE = "no such effect in DDI 0432C";
const ABSENT = "not an instruction of ARMv6-M";

export const cortexM0: InOrderTable = {
  name: "cortex-m0",
  error: "mean 0.2 %, worst 0.7 % (26 figures of hand-written AES, hardware)",
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
    store: [2, TRM],
    "load-double": [1, ABSENT],
    "store-double": [1, ABSENT],
    "load-multiple": [1, TRM],
    "store-multiple": [1, TRM],
    branch: [1, TRM],
    "branch-if": [1, TRM],
    call: [1, TRM],
    jump: [1, TRM],
    "table-branch": [1, ABSENT],
    "if-then": [1, ABSENT],
    nop: [1, TRM],
    barrier: [4, TRM],
    system: [4, "DDI 0432C, table 3-1: MRS and MSR; CPS takes 1"],
    float: [1, ABSENT],
    undefined: [1, ABSENT],
  },
  perRegister: [1, TRM],
  taken: {
    branch: [2, TRM],
    "branch-if": [2, TRM],
    call: [3, TRM],
    jump: [2, TRM],
    "load-multiple": [3, "DDI 0432C, table 3-1: POP with PC 4+N"],
  },
  misalignedLanding: [0, NONE],
  pipelinedLoad: [0, NONE],
  registerStore: [0, NONE],
  loadAfterStore: [0, NONE],
  addressFromAlu: [0, NONE],
  loadUse: [0, NONE],
  foldedIfThen: [0, NONE],
};
