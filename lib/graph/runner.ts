import type { Stateful } from "../ops/op.ts";

/** The nodes of a graph of either kind, as far as running them goes. */
interface Runnable<N> {
  readonly nodes: readonly N[];
  readonly input: string;
  readonly output: string;
}

/** What every node has, float or integer. */
interface Step {
  readonly inputs: readonly string[];
  readonly output: string;
}

/** How to run a graph over arrays of type `T`. */
interface RunnerParts<N, T> {
  /** One array for every tensor, by name; those of constants are filled. */
  readonly buffers: ReadonlyMap<string, T>;
  /** Prepares a node once; the result is called for every sample. */
  readonly prepare: (node: N) => Stateful<(inputs: readonly T[], output: T) => void>;
  /** Told of the input and of every node's output as soon as it is there. */
  readonly observe: ((tensor: string, values: T) => void) | undefined;
}

/** Runs a graph on one sample: from its input to its output. */
export interface Runner<T> {
  (input: T): T;
  /** Puts the state of all ops that have any back to what it is before the first sample. */
  reset(): void;
}

/**
 * A function that runs a graph on one sample after the other, always in the same arrays: its result
 * is overwritten by the next call.
 */
export function makeRunner<N extends Step, T extends Float32Array | Int8Array>(
  graph: Runnable<N>,
  { buffers, prepare, observe }: RunnerParts<N, T>,
): Runner<T> {
  const resets: (() => void)[] = [];
  const steps = graph.nodes.map((node) => {
    const run = prepare(node);
    if (run.reset !== undefined) resets.push(() => run.reset!());
    const inputs = node.inputs.map((name) => buffers.get(name)!);
    const output = buffers.get(node.output)!;
    return () => {
      run(inputs, output);
      observe?.(node.output, output);
    };
  });
  const input = buffers.get(graph.input)!;
  const run = (values: T) => {
    input.set(values);
    observe?.(graph.input, input);
    for (const step of steps) step();
    return buffers.get(graph.output)!;
  };
  return Object.assign(run, {
    reset: () => {
      for (const reset of resets) reset();
    },
  });
}
