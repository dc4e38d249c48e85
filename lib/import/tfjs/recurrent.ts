import type { LayerConverter } from "./layer.ts";

/** Converters by class name. */
export const recurrentLayers: Readonly<Record<string, LayerConverter>> = {};
