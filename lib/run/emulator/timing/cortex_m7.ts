/**
 * Cortex-M7: two instructions a cycle. Every branch counts as guessed right: how the core guesses is
 * not published, and loops that run again and again show no wrong guesses.
 *
 * @module
 */

import type { TwoWideTable } from "./table.ts";

const MEASURED = "measured on STM32H743: jnk0le/random, pipeline cycle test, cortex_m7.md";
const ASSUMED = "assumed: branch targets are cached, returns are not";
const FPU = "measured on STM32H743: jnk0le/random, cortex_m7.md, fpu";
const ALIKE = "assumed: as VADD";
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
    float: [1, FPU],
    undefined: [1, OPEN],
  },
  byName: {
    vdiv: [16, FPU],
    vsqrt: [14, FPU],
    "vmul.64": [5, FPU],
    "vfma.64": [8, FPU],
    "vmla.64": [8, FPU],
    "vdiv.64": [30, FPU],
    "vsqrt.64": [30, "assumed: as VDIV"],
  },
  float: {
    latency: {
      vadd: [3, FPU],
      vmul: [3, FPU],
      vcvt: [3, ALIKE],
      vmov: [3, FPU],
      "vmov.core": [3, FPU],
      "vmov.pair": [3, FPU],
      vfma: [5, FPU],
      vmla: [6, FPU],
      vdiv: [16, FPU],
      vsqrt: [14, FPU],
      "vldr.32": [2, FPU],
      "vldr.64": [2, FPU],
      vldm: [2, FPU],
    },
    addendLatency: { vfma: [3, FPU], vmla: [3, FPU], "vldr.32": [4, FPU] },
    storeLatency: { vadd: [1, FPU], vmul: [1, FPU], vfma: [3, FPU], vmla: [4, FPU] },
    apart: {
      after: ["vfma", "vmla"],
      before: ["vadd", "vldm", "vstm", "vldr.64"],
      cycles: [4, FPU],
    },
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
    float: [2, `${FPU}: VMOV to a core register`],
  },
  loadPairs: true,
};
