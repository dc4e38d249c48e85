import { addition } from "./addition.ts";

/** Sum of two tensors, broadcast against each other; either may be a constant. */
export const add = addition(1);
