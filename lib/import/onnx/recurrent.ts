import type { Converter } from "./context.ts";

/** Converters of recurrent operators. */
export const recurrent: Readonly<Record<string, Converter>> = {};
