import { reduction } from "./reduction.ts";

/** Mean over some of the axes; see `reduction.ts`. */
export const mean = reduction("mean");
