import { addition } from "./addition.ts";

/** Difference of two tensors, broadcast against each other; either may be a constant. */
export const sub = addition(-1);
