/**
 * Cortex-M3: as the M4 without its one-cycle multiply-accumulate.
 *
 * @module
 */

import type { OperandRule } from "../operands.ts";
import type { FetchedTable } from "./table.ts";

const TRM = "DDI 0337I, table 3-1";
const PRODUCT =
  "measured on CC2650 and STM32F100: mimuw-distributed-systems-group/cmemu; DDI 0337I: 3 to 5, 4 to 7";
const PAIRS = "DDI 0337I, 3.3.3 load/store timings";
const MEASURED = "measured on STM32F103: jnk0le/random, pipeline cycle test, cortex_m3m4.md";
const BRANCH = "DDI 0337I: P = 1 to 3; 1 measured on an M4: compendium.i-0.nl, Branch timing";
const STAGES = "DDI 0337G, table 15-3: targets known when executing, not when decoding";
const LOADED = "DDI 0337I, 3.3.3: three cycles of pipeline reload behind a load of the PC";
const DIVISION =
  "the M4's, measured: compendium.i-0.nl, Division timing; the same on CC2650 and STM32F100: cmemu";
const ASSUMED = "assumed: the manual leaves it open";

const LONG_PRODUCTS: readonly OperandRule[] = [
  { kind: "multiply-long", names: ["umull"], formula: "product-halves", cycles: [1, PRODUCT] },
  {
    kind: "multiply-long",
    names: ["smull"],
    formula: "signed-product-halves",
    cycles: [1, PRODUCT],
  },
  { kind: "multiply-add-long", names: ["umlal"], formula: "sum-halves", cycles: [1, PRODUCT] },
  {
    kind: "multiply-add-long",
    names: ["smlal"],
    formula: "signed-sum-halves",
    cycles: [1, PRODUCT],
  },
];

export const cortexM3: FetchedTable = {
  name: "cortex-m3",
  error: "mean 1.1 %, worst 6.6 % (32 figures of hand-written assembly, hardware)",
  dataDependent: true,
  issue: "fetched",
  costs: {
    alu: [1, TRM],
    multiply: [1, TRM],
    "multiply-add": [2, TRM],
    "multiply-long": [3, `${PRODUCT}; the rule for operands adds to it`],
    "multiply-add-long": [3, `${PRODUCT}; the rule for operands adds to it`],
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
    "table-branch": [3, "DDI 0337I, 3.3.3: two cycles for the load, one for the addition"],
    "if-then": [1, TRM],
    nop: [1, TRM],
    barrier: [3, ASSUMED],
    system: [2, ASSUMED],
    float: [1, "no floating-point unit"],
    undefined: [1, ASSUMED],
  },
  operands: [
    { kind: "divide", names: ["udiv"], formula: "quotient-bits", cycles: [1, DIVISION] },
    { kind: "divide", names: ["sdiv"], formula: "signed-quotient-bits", cycles: [1, DIVISION] },
    ...LONG_PRODUCTS,
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
  // Only the first of a chain of accesses may be indexed: cortex_m3m4.md.
  pipelinesBaseUpdate: false,
  registerStore: [1, MEASURED],
  loadAfterStore: [1, MEASURED],
  addressFromAlu: [1, PAIRS],
  addressFromLoad: [1, `${MEASURED}: addresses must be there one cycle early`],
  lateTarget: [1, STAGES],
  foldedIfThen: [1, TRM],
};
