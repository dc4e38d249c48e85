import { floatRunner } from "../graph/float.ts";
import { elements } from "../ops/op.ts";
import { quantizeValues } from "../quantize/range.ts";
import type { Graph, QuantizedGraph } from "../types.ts";
import { referenceRunner } from "./reference.ts";
import type { Progress } from "./runner.ts";

/** Samples in the network's own terms: real inputs, and the class of each where it is known. */
export interface LabelledSamples {
  /** Where they come from, for the record. */
  readonly name: string;
  readonly count: number;
  readonly labels: Uint8Array | null;
  /** Real input values of a sample, row-major. */
  input(index: number): Float32Array;
  /** Their int8 codes, where the samples come in codes of the network's own. */
  codes?(index: number): Int8Array;
}

/** What every target is judged by. */
export interface Evaluation {
  readonly data: string;
  readonly samples: number;
  readonly labels: Uint8Array | null;
  /** int8 codes of the inputs, one sample after the other. */
  readonly inputs: Int8Array<ArrayBuffer>;
  /** The reference's outputs, one sample after the other. */
  readonly expected: Int8Array;
  /** Fraction of the samples that the float graph classifies correctly; null without labels. */
  readonly floatAccuracy: number | null;
  /** Samples that float graph and reference put into different classes; null without labels. */
  readonly changed: number | null;
}

/**
 * Runs the integer reference over the samples, and the float graph too where there are labels to
 * judge it by.
 */
export function evaluate(
  graph: Graph,
  quantized: QuantizedGraph,
  samples: LabelledSamples,
  progress: Progress = () => {},
): Evaluation {
  const input = quantized.tensors.get(quantized.input)!;
  const inputSize = elements(input.shape);
  const outputSize = elements(quantized.tensors.get(quantized.output)!.shape);
  const inputs = new Int8Array(samples.count * inputSize);
  const expected = new Int8Array(samples.count * outputSize);
  const runFloat = floatRunner(graph);
  const runReference = referenceRunner(quantized);
  let correct = 0;
  let changed = 0;
  for (let i = 0; i < samples.count; i++) {
    const real = samples.input(i);
    const codes = samples.codes?.(i) ?? quantizeValues(real, input);
    inputs.set(codes, i * inputSize);
    const output = runReference(codes);
    expected.set(output, i * outputSize);
    if (samples.labels !== null) {
      const decision = argmax(runFloat(real));
      if (decision === samples.labels[i]) correct++;
      if (decision !== argmax(output)) changed++;
    }
    progress(1);
  }
  return {
    data: samples.name,
    samples: samples.count,
    labels: samples.labels,
    inputs,
    expected,
    floatAccuracy: samples.labels === null ? null : correct / samples.count,
    changed: samples.labels === null ? null : changed,
  };
}

/** Index of the largest value, the first of equal ones. */
export function argmax(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}
