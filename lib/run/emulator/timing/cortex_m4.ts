/**
 * Cortex-M4: three-stage pipeline with pipelined loads.
 *
 * @module
 */

import type { InOrderTable } from "./table.ts";

const TRM = "DDI 0439, table 3-1";
const WORST = "DDI 0439, table 3-1: depends on the operands, worst case";
const PAIRS = "DDI 0439, load/store timings; published pipeline measurements";
const MEASURED = "published pipeline measurements of M3 and M4 (jnk0le/random)";
const REFILL = "1+P, P = 1 to 3 by target and speculation (DDI 0439): 1 for known targets";
const INDIRECT = "1+P, P = 1 to 3: 2 for targets known late";
const ASSUMED = "assumed: the manual leaves it open";

export const cortexM4: InOrderTable = {
  name: "cortex-m4",
  error: "about 6 % below hardware on compiled C",
  dataDependent: true,
  issue: "single",
  costs: {
    alu: [1, TRM],
    multiply: [1, TRM],
    "multiply-add": [1, TRM],
    "multiply-long": [1, TRM],
    "multiply-add-long": [1, TRM],
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
    float: [1, "moves and sums, from memory of DDI 0439; VMLA 3 and VDIV 14 are not told apart"],
    undefined: [1, ASSUMED],
  },
  perRegister: [1, TRM],
  taken: {
    branch: [1, REFILL],
    "branch-if": [1, REFILL],
    call: [1, REFILL],
    jump: [2, INDIRECT],
    load: [3, "at least 5 in all: DDI 0439"],
    "load-multiple": [2, INDIRECT],
    "table-branch": [4, "at least 6 in all: DDI 0439"],
  },
  misalignedLanding: [1, "P grows by 1 when the target spans two words: DDI 0439"],
  pipelinedLoad: [1, PAIRS],
  registerStore: [1, PAIRS],
  loadAfterStore: [1, MEASURED],
  addressFromAlu: [1, MEASURED],
  loadUse: [0, "the load's second cycle covers it"],
  foldedIfThen: [1, TRM],
};
