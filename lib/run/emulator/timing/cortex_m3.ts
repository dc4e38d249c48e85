/**
 * Cortex-M3: as the M4 without its one-cycle multiply-accumulate.
 *
 * @module
 */

import type { InOrderTable } from "./table.ts";

const TRM = "DDI 0337, table 3-1";
const WORST = "DDI 0337, table 3-1: depends on the operands, worst case";
const PAIRS = "DDI 0337, load/store timings; published pipeline measurements";
const MEASURED = "published pipeline measurements of M3 and M4 (jnk0le/random)";
const REFILL = "1+P, P = 1 to 3 by target and speculation (DDI 0337): 1 for known targets";
const INDIRECT = "1+P, P = 1 to 3: 2 for targets known late";
const ASSUMED = "assumed: the manual leaves it open";

export const cortexM3: InOrderTable = {
  name: "cortex-m3",
  error: "unvalidated",
  dataDependent: true,
  issue: "single",
  costs: {
    alu: [1, TRM],
    multiply: [1, TRM],
    "multiply-add": [2, TRM],
    "multiply-long": [5, WORST],
    "multiply-add-long": [7, WORST],
    divide: [12, WORST],
    load: [2, TRM],
    store: [1, TRM],
    "load-double": [1, TRM],
    "store-double": [1, TRM],
    "load-multiple": [1, TRM],
    "store-multiple": [1, TRM],
    branch: [1, TRM],
    "branch-if": [1, TRM],
    call: [1, TRM],
    jump: [1, TRM],
    "table-branch": [2, TRM],
    "if-then": [1, TRM],
    nop: [1, TRM],
    barrier: [3, ASSUMED],
    system: [2, ASSUMED],
    float: [1, "no floating-point unit"],
    undefined: [1, ASSUMED],
  },
  perRegister: [1, TRM],
  taken: {
    branch: [1, REFILL],
    "branch-if": [1, REFILL],
    call: [1, REFILL],
    jump: [2, INDIRECT],
    load: [3, "at least 5 in all: DDI 0337"],
    "load-multiple": [2, INDIRECT],
    "table-branch": [4, "at least 6 in all: DDI 0337"],
  },
  misalignedLanding: [1, "P grows by 1 when the target spans two words: DDI 0337"],
  pipelinedLoad: [1, PAIRS],
  registerStore: [1, PAIRS],
  loadAfterStore: [1, MEASURED],
  addressFromAlu: [1, MEASURED],
  loadUse: [0, "the load's second cycle covers it"],
  foldedIfThen: [1, TRM],
};
