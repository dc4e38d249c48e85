/**
 * A plain RV64 core of the kind found in NICs. No such core has published timings: every number is an assumption.
 *
 * @module
 */

import type { InOrderTable } from "./table.ts";

const ASSUMED = "assumed: single issue, in order, first-level cache hits only";
const ABSENT = "not an instruction of RV64IMAC";

export const rv64InOrder: InOrderTable = {
  name: "rv64-inorder",
  error: "unvalidated",
  dataDependent: true,
  issue: "single",
  costs: {
    alu: [1, ASSUMED],
    multiply: [3, ASSUMED],
    "multiply-add": [1, ABSENT],
    "multiply-long": [3, ASSUMED],
    "multiply-add-long": [1, ABSENT],
    divide: [34, "assumed, worst case of one bit at a time in words of 32"],
    load: [1, ASSUMED],
    store: [1, ASSUMED],
    "load-double": [1, ABSENT],
    "store-double": [1, ABSENT],
    "load-multiple": [1, ABSENT],
    "store-multiple": [1, ABSENT],
    branch: [1, ASSUMED],
    "branch-if": [1, ASSUMED],
    call: [1, ASSUMED],
    jump: [1, ASSUMED],
    "table-branch": [1, ABSENT],
    "if-then": [1, ABSENT],
    nop: [1, ASSUMED],
    barrier: [1, ASSUMED],
    system: [1, ASSUMED],
    float: [1, ABSENT],
    undefined: [1, ABSENT],
  },
  perRegister: [0, ABSENT],
  taken: {
    branch: [1, ASSUMED],
    "branch-if": [1, ASSUMED],
    call: [1, ASSUMED],
    jump: [1, ASSUMED],
    system: [1, ASSUMED],
  },
  misalignedLanding: [0, ASSUMED],
  pipelinedLoad: [0, ASSUMED],
  registerStore: [0, ASSUMED],
  loadAfterStore: [0, ASSUMED],
  addressFromAlu: [0, ASSUMED],
  loadUse: [1, ASSUMED],
  foldedIfThen: [0, ABSENT],
};
