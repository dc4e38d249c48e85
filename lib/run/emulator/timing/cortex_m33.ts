/**
 * Cortex-M33: one instruction a cycle, but for branches and IT behind 16-bit instructions.
 *
 * @module
 */

import type { DualIssueTable } from "./table.ts";

const MEASURED = "published pipeline measurements of M33 (jnk0le/random)";
const ASSUMED = "assumed: no measurement at hand";

export const cortexM33: DualIssueTable = {
  name: "cortex-m33",
  error: "unvalidated",
  dataDependent: true,
  issue: "dual",
  costs: {
    alu: [1, MEASURED],
    multiply: [1, MEASURED],
    "multiply-add": [1, MEASURED],
    "multiply-long": [1, MEASURED],
    "multiply-add-long": [1, MEASURED],
    divide: [11, "2 to 11 by operands, worst case"],
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
    "table-branch": [2, ASSUMED],
    "if-then": [1, MEASURED],
    nop: [1, MEASURED],
    barrier: [3, ASSUMED],
    system: [2, ASSUMED],
    float: [1, ASSUMED],
    undefined: [1, ASSUMED],
  },
  perRegister: [1, MEASURED],
  taken: {
    branch: [1, MEASURED],
    "branch-if": [1, MEASURED],
    call: [1, ASSUMED],
    jump: [1, ASSUMED],
    "load-multiple": [2, ASSUMED],
    load: [3, ASSUMED],
    "table-branch": [3, ASSUMED],
  },
  misalignedLanding: [0, ASSUMED],
  latency: {
    load: [2, MEASURED],
    "load-double": [2, MEASURED],
    multiply: [2, MEASURED],
    "multiply-add": [2, MEASURED],
    "multiply-long": [2, MEASURED],
    "multiply-add-long": [2, MEASURED],
  },
  shiftLatency: [2, MEASURED],
  chained: [1, MEASURED],
  pairWidth: 2,
  // Neither arithmetic nor accesses pair with each other: cortex_m33.md.
  joins: ["branch", "branch-if", "if-then"],
  loadPairs: false,
  branchAfterFlags: { notTaken: [0, MEASURED], taken: [2, MEASURED] },
};
