/**
 * Cortex-M33: one instruction a cycle, but for branches and IT behind 16-bit instructions.
 *
 * @module
 */

import type { DualIssueTable } from "./table.ts";

const MEASURED = "measured on RP2350: jnk0le/random, pipeline cycle test, cortex_m33.md";
const POP = "one or two more than POP {LR} and BX LR with two others between: jnk0le/random";
const FPU = "measured on RP2350: jnk0le/random, cortex_m33.md, fpu";
const AS_M4 = "assumed: as on Cortex-M4, DDI 0439, table 7-1";
const ASSUMED = "assumed: no measurement at hand";

export const cortexM33: DualIssueTable = {
  name: "cortex-m33",
  error: "mean 0.0 %, worst 0.3 % (8 figures of hand-written AES, hardware)",
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
  byName: {
    vdiv: [14, AS_M4],
    vsqrt: [14, AS_M4],
    vldm: [0, "assumed: as LDM"],
    vstm: [0, "assumed: as STM"],
    "vldr.64": [2, "assumed: as LDRD"],
    "vstr.64": [2, "assumed: as STRD"],
  },
  float: {
    latency: {
      vadd: [2, AS_M4],
      vmul: [2, AS_M4],
      vcvt: [2, AS_M4],
      vfma: [3, FPU],
      vmla: [3, FPU],
      vdiv: [15, AS_M4],
      vsqrt: [15, AS_M4],
      "vldr.32": [2, "assumed: as LDR"],
      "vldr.64": [2, "assumed: as LDRD"],
    },
    busy: { vfma: [3, FPU], vmla: [3, FPU] },
  },
  perRegister: [1, MEASURED],
  taken: {
    branch: [1, MEASURED],
    "branch-if": [1, MEASURED],
    call: [1, ASSUMED],
    jump: [1, ASSUMED],
    "load-multiple": [3, POP],
    load: [3, ASSUMED],
    "table-branch": [3, ASSUMED],
  },
  misalignedLanding: [0, ASSUMED],
  latency: {
    load: [2, MEASURED],
    "load-double": [2, MEASURED],
    "load-multiple": [2, MEASURED],
    multiply: [2, MEASURED],
    "multiply-add": [2, MEASURED],
    "multiply-long": [2, MEASURED],
    "multiply-add-long": [2, MEASURED],
  },
  shiftLatency: [2, MEASURED],
  chained: [1, MEASURED],
  // Neither arithmetic nor accesses pair with each other: cortex_m33.md.
  joins: ["branch", "branch-if", "jump", "if-then"],
  freshFlags: [1, MEASURED],
  slowFlags: [1, `${MEASURED}; Arm knowledge article KA001260`],
  targetFromLoad: [1, `${MEASURED}: two cycles free between POP {LR} and BX LR`],
};
