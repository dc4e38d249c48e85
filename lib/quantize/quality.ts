import { floatRunner } from "../graph/float.ts";
import { referenceRunner } from "../run/reference.ts";
import type { Graph, QuantizedGraph } from "../types.ts";
import { quantizeValues } from "./range.ts";

/** How well one layer's integer output follows the float one. */
export interface LayerQuality {
  readonly name: string;
  readonly op: string;
  /** Real values that int8 −128 and 127 stand for. */
  readonly low: number;
  readonly high: number;
  readonly scale: number;
  readonly zeroPoint: number;
  /** Fraction of the float values that lie outside [low, high] by more than half a step, 0…1. */
  readonly saturation: number;
  /** Signal-to-noise ratio in decibels, 10·log₁₀(Σ float² / Σ (integer − float)²); may be ∞. */
  readonly snr: number;
}

/**
 * Compares the integer reference with the float graph, layer by layer, each running from its own
 * input: errors of earlier layers are part of later figures.
 */
export function measureQuality(
  graph: Graph,
  quantized: QuantizedGraph,
  samples: Iterable<Float32Array>,
): LayerQuality[] {
  const sums = new Map(
    [...graph.tensors.keys()].map((name) => [name, { signal: 0, noise: 0, outside: 0, count: 0 }]),
  );
  const floats = new Map<string, Float32Array>();
  const runFloat = floatRunner(graph, (tensor, values) => floats.set(tensor, values));
  const runInteger = referenceRunner(quantized, (tensor, codes) => {
    const { scale, zeroPoint } = quantized.tensors.get(tensor)!;
    const sum = sums.get(tensor)!;
    const real = floats.get(tensor)!;
    const low = (-128.5 - zeroPoint) * scale;
    const high = (127.5 - zeroPoint) * scale;
    for (let i = 0; i < codes.length; i++) {
      const value = real[i]!;
      sum.signal += value * value;
      sum.noise += (scale * (codes[i]! - zeroPoint) - value) ** 2;
      if (value < low || value > high) sum.outside++;
    }
    sum.count += codes.length;
  });
  const input = quantized.tensors.get(quantized.input)!;
  for (const sample of samples) {
    runFloat(sample);
    runInteger(quantizeValues(sample, input));
  }
  const rows = [
    { name: quantized.input, op: "input", output: quantized.input },
    ...quantized.nodes,
  ];
  return rows.map(({ name, op, output }) => {
    const { scale, zeroPoint } = quantized.tensors.get(output)!;
    const { signal, noise, outside, count } = sums.get(output)!;
    return {
      name,
      op,
      low: scale * (-128 - zeroPoint),
      high: scale * (127 - zeroPoint),
      scale,
      zeroPoint,
      saturation: outside / count,
      snr: noise === 0 ? Infinity : 10 * Math.log10(signal / noise),
    };
  });
}
