/**
 * Cortex-M4: three-stage pipeline, pipelined loads, a prefetch buffer of three words. The evidence
 * for each rule is in `docs/timing-arm.md`.
 *
 * @module
 */

import type { FetchedTable } from "./table.ts";

const TRM = "DDI 0439, table 3-1";
const FPU = "DDI 0439, table 7-1; TI SWCU192, table 3-27, has the same figures";
const RESULT = "DDI 0439, 7.2.3: one cycle longer if the next instruction uses the result";
const ADDEND = "DDI 0439, 7.2.3: addends are used a cycle later than the other operands";
const LONG = "DDI 0439, 7.2.3: integer instructions go on meanwhile; GCC's cortex-m4-fpu.md alike";
const PAIRS = "DDI 0439, 3.3.3 load/store timings";
const MEASURED = "measured on STM32F407: jnk0le/random, pipeline cycle test, cortex_m3m4.md";
const BRANCH = "measured on an STM32 M4: compendium.i-0.nl, Branch timing; DDI 0439: P = 1 to 3";
const STAGES = "DDI 0337G, table 15-3: targets known when executing, not when decoding";
const LOADED = "DDI 0439, 3.3.3: three cycles of pipeline reload behind a load of the PC";
const DIVISION = "measured on an STM32 M4: compendium.i-0.nl, Division timing";
const ASSUMED = "assumed: the manual leaves it open";

export const cortexM4: FetchedTable = {
  name: "cortex-m4",
  error: "mean 3.3 %, worst 10.5 % (19 programs, hardware; 1.3 and 5.6 % with the board's " +
    "memories told apart)",
  apart: {
    error: "mean 1.3 %, worst 5.6 % (19 programs, hardware, memories told apart)",
    loadCycles: 1,
  },
  dataDependent: true,
  issue: "fetched",
  costs: {
    alu: [1, TRM],
    multiply: [1, TRM],
    "multiply-add": [1, TRM],
    "multiply-long": [1, TRM],
    "multiply-add-long": [1, TRM],
    divide: [2, `${DIVISION}; the rule for operands adds to it`],
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
    "table-branch": [3, "DDI 0439, 3.3.3: two cycles for the load, one for the addition"],
    "if-then": [1, TRM],
    nop: [1, TRM],
    barrier: [3, ASSUMED],
    system: [2, ASSUMED],
    float: [1, FPU],
    undefined: [1, ASSUMED],
  },
  byName: {
    "vldr.32": [2, FPU],
    "vldr.64": [3, FPU],
    "vstr.32": [2, FPU],
    "vstr.64": [3, FPU],
    vmla: [3, FPU],
    vfma: [3, FPU],
    vdiv: [1, LONG],
    vsqrt: [1, LONG],
    "vmov.core": [1, "measured on an STM32 M4: compendium.i-0.nl, FPU registers; table 7-1 has 2"],
    "vmov.pair": [2, FPU],
  },
  float: {
    latency: {
      vadd: [2, RESULT],
      vmul: [2, RESULT],
      vcvt: [2, RESULT],
      vmla: [4, RESULT],
      vfma: [4, RESULT],
      vdiv: [15, RESULT],
      vsqrt: [15, RESULT],
    },
    addendLatency: {
      vadd: [1, ADDEND],
      vmul: [1, ADDEND],
      vcvt: [1, ADDEND],
      vmla: [3, ADDEND],
      vfma: [3, ADDEND],
      vdiv: [14, ADDEND],
      vsqrt: [14, ADDEND],
    },
    busy: { vdiv: [14, FPU], vsqrt: [14, FPU] },
  },
  operands: [
    { kind: "divide", names: ["udiv"], formula: "quotient-bits", cycles: [1, DIVISION] },
    { kind: "divide", names: ["sdiv"], formula: "signed-quotient-bits", cycles: [1, DIVISION] },
  ],
  perRegister: [1, TRM],
  taken: {
    branch: [1, BRANCH],
    "branch-if": [1, BRANCH],
    call: [1, BRANCH],
    jump: [1, BRANCH],
    load: [3, LOADED],
    "load-multiple": [3, LOADED],
    "table-branch": [3, LOADED],
  },
  misalignedLanding: [0, "a matter of the prefetch buffer, which the pricer follows"],
  prefetchWords: [3, "DDI 0337G, 1.4: up to three word fetches; Arm article 103488664"],
  speculativeFetch: [1, "DDI 0337G, 1.4: speculatively presented, consuming a fetch slot"],
  pipelinedLoad: [1, `${PAIRS}; stores: ${MEASURED}`],
  pipelinesBaseUpdate: true,
  registerStore: [1, MEASURED],
  loadAfterStore: [1, MEASURED],
  addressFromAlu: [1, PAIRS],
  addressFromLoad: [1, `${MEASURED}: addresses must be there one cycle early`],
  lateTarget: [1, STAGES],
  foldedIfThen: [1, "measured: compendium.i-0.nl, Conditional block; DDI 0439, table 3-1"],
};
