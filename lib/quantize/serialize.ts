import type { QuantizedGraph } from "../types.ts";

/**
 * A quantized graph as JSON text: the fields of {@linkcode QuantizedGraph}, maps as objects, typed
 * arrays as arrays of numbers.
 */
export function serialize(graph: QuantizedGraph): string {
  return JSON.stringify(
    graph,
    (_key, value) => {
      if (value instanceof Map) return Object.fromEntries(value);
      if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<number>);
      return value;
    },
  ) + "\n";
}
