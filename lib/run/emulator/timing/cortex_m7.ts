/**
 * Cortex-M7: two instructions a cycle. Every branch counts as guessed right: how the core guesses is
 * not published, and loops that run again and again show no wrong guesses.
 *
 * @module
 */

import type { TwoWideTable } from "./table.ts";

const MEASURED = "measured on STM32H743: jnk0le/random, pipeline cycle test, cortex_m7.md";
const ASSUMED = "assumed: branch targets are cached, returns are not";
const OPEN = "assumed: no measurement at hand";

export const cortexM7: TwoWideTable = {
  name: "cortex-m7",
  error: "mean 0.8 %, worst 4.3 % (16 figures of hand-written AES, hardware)",
  dataDependent: true,
  issue: "two-wide",
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
    late: [1, MEASURED],
    word: [1, MEASURED],
    narrow: [2, MEASURED],
    product: [2, MEASURED],
  },
  loadPairs: true,
};
