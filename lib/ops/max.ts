import { extreme } from "./extreme.ts";

/** The larger of two tensors, broadcast against each other; either may be a constant. */
export const max = extreme("max");
