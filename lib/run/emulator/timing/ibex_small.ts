/**
 * Ibex, configuration "small": two stages, three-cycle multiplier.
 *
 * @module
 */

import type { InOrderTable } from "./table.ts";

const DOC = "Ibex documentation, pipeline details";
const RTL = "Ibex documentation, checked against RTL simulation";
const NONE = "no such effect";
const ABSENT = "not an instruction of RV32IMC";

export const ibexSmall: InOrderTable = {
  name: "ibex-small",
  error: "a few cycles in a million from RTL by its rules; this table unvalidated",
  dataDependent: false,
  issue: "single",
  costs: {
    alu: [1, DOC],
    multiply: [3, RTL],
    "multiply-add": [1, ABSENT],
    "multiply-long": [4, RTL],
    "multiply-add-long": [1, ABSENT],
    divide: [37, RTL],
    load: [2, RTL],
    store: [2, RTL],
    "load-double": [1, ABSENT],
    "store-double": [1, ABSENT],
    "load-multiple": [1, ABSENT],
    "store-multiple": [1, ABSENT],
    branch: [1, DOC],
    "branch-if": [1, DOC],
    call: [1, DOC],
    jump: [1, DOC],
    "table-branch": [1, ABSENT],
    "if-then": [1, ABSENT],
    nop: [1, DOC],
    barrier: [1, DOC],
    system: [1, DOC],
    float: [1, ABSENT],
    undefined: [1, ABSENT],
  },
  perRegister: [0, ABSENT],
  taken: {
    branch: [1, RTL],
    "branch-if": [2, RTL],
    call: [1, RTL],
    jump: [1, RTL],
    system: [1, DOC],
  },
  misalignedLanding: [1, "RTL simulation; not in the documentation"],
  pipelinedLoad: [0, NONE],
  registerStore: [0, NONE],
  loadAfterStore: [0, NONE],
  addressFromAlu: [0, NONE],
  loadUse: [0, NONE],
  foldedIfThen: [0, NONE],
};
