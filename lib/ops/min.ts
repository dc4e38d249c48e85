import { extreme } from "./extreme.ts";

/** The smaller of two tensors, broadcast against each other; either may be a constant. */
export const min = extreme("min");
