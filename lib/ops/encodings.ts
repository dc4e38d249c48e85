import type { Encoding } from "../types.ts";

/** For values 0…1; 1 itself saturates to 255/256. */
export const PROBABILITY: Encoding = { scale: 1 / 256, zeroPoint: -128 };

/** For values −1…1; 1 itself saturates to 127/128. */
export const SIGNED_FRACTION: Encoding = { scale: 1 / 128, zeroPoint: 0 };
