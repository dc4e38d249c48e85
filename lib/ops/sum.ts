import { reduction } from "./reduction.ts";

/** Sum over some of the axes; see `reduction.ts`. */
export const sum = reduction("sum");
