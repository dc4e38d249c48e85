/**
 * Cortex-M7: two instructions a cycle and a static guess at branches, to a first approximation.
 *
 * @module
 */

import type { DualIssueTable } from "./table.ts";

const MEASURED = "published pipeline measurements of M7 (jnk0le/random)";
const ASSUMED = "assumed: branch targets are cached, returns are not";
const OPEN = "assumed: no measurement at hand";

export const cortexM7: DualIssueTable = {
  name: "cortex-m7",
  error: "unvalidated",
  dataDependent: true,
  issue: "dual",
  costs: {
    alu: [1, MEASURED],
    multiply: [1, MEASURED],
    "multiply-add": [1, MEASURED],
    "multiply-long": [1, MEASURED],
    "multiply-add-long": [1, MEASURED],
    divide: [12, "2 to 12 by operands, worst case, as on M4"],
    load: [1, MEASURED],
    store: [1, MEASURED],
    "load-double": [0, MEASURED],
    "store-double": [0, MEASURED],
    "load-multiple": [0, MEASURED],
    "store-multiple": [0, MEASURED],
    branch: [1, MEASURED],
    "branch-if": [1, MEASURED],
    call: [1, MEASURED],
    jump: [1, MEASURED],
    "table-branch": [2, OPEN],
    "if-then": [1, MEASURED],
    nop: [1, MEASURED],
    barrier: [3, OPEN],
    system: [2, OPEN],
    float: [1, OPEN],
    undefined: [1, OPEN],
  },
  perRegister: [0.5, MEASURED],
  taken: {
    jump: [3, ASSUMED],
    "load-multiple": [3, ASSUMED],
    load: [3, ASSUMED],
    "table-branch": [8, ASSUMED],
  },
  misalignedLanding: [0, "fetches 64 bits"],
  latency: {
    load: [2, OPEN],
    "load-double": [2, OPEN],
    multiply: [2, MEASURED],
    "multiply-add": [2, MEASURED],
    "multiply-long": [2, MEASURED],
    "multiply-add-long": [2, MEASURED],
  },
  shiftLatency: [1, OPEN],
  chained: [1, MEASURED],
  pairWidth: 4,
  loadPairs: true,
  mispredict: { late: [8, MEASURED], early: [6, MEASURED], earlyAfter: 3 },
};
