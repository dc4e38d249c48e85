import { build } from "../build/build.ts";
import { generateC } from "../codegen/c.ts";
import type { KernelSources } from "../codegen/kernel_text.ts";
import { elements } from "../ops/op.ts";
import { runEmulated } from "../run/emulated.ts";
import { runOnHost } from "../run/host.ts";
import { referenceRunner } from "../run/reference.ts";
import type { QuantizedGraph, Target } from "../types.ts";

/** How one layer's bytes on a target compare with the reference's. */
export interface LayerDifference {
  readonly name: string;
  readonly op: string;
  /** The kernel that computes it there. */
  readonly kernel: string;
  /** Samples with any byte that differs. */
  readonly samples: number;
  /** Bytes that differ, of `of`, over all samples. */
  readonly bytes: number;
  readonly of: number;
  /** The first byte that differs; null if none does. */
  readonly first: {
    readonly sample: number;
    readonly index: number;
    readonly expected: number;
    readonly actual: number;
  } | null;
}

/** What to compare with what. */
export interface CompareOptions {
  /** C of the kernels, from `loadKernels`. */
  readonly kernels: KernelSources;
  /** Folder for the program; must exist. */
  readonly directory: string;
}

/**
 * Runs a program on a target that shows every layer's output, and compares each with the
 * reference's. The layers' code, arena and order are those of the real program; only a copy of each
 * output is added, for which the target gets as much memory as it takes.
 *
 * @param inputs int8 codes, one array a sample; at least one
 * @returns one entry for each layer that has code, in the order in which they run
 * @throws {UserError} if the compiler or emulator is missing, or the program faults
 */
export async function compareLayers(
  graph: QuantizedGraph,
  target: Target,
  inputs: readonly Int8Array[],
  { kernels, directory }: CompareOptions,
): Promise<LayerDifference[]> {
  const program = generateC(graph, kernels, { trace: true });
  const binary = await build(program, withRoom(target), { directory });
  const all = new Int8Array(inputs.length * program.inputBytes);
  inputs.forEach((codes, i) => all.set(codes, i * program.inputBytes));
  const { outputs } = target.runner === "ffi"
    ? runOnHost(binary, program, all)
    : await runEmulated(binary, program, all);
  const expected = new Map<string, Int8Array>();
  const run = referenceRunner(graph, (tensor, codes) => expected.set(tensor, codes));
  const tensors = new Map(graph.nodes.map(({ name, output }) => [name, output]));
  const tallies = program.layers.map(() => ({ samples: 0, bytes: 0, of: 0, first: null })) as {
    samples: number;
    bytes: number;
    of: number;
    first: LayerDifference["first"];
  }[];
  inputs.forEach((codes, sample) => {
    run(codes);
    let at = sample * program.outputBytes + elements(graph.tensors.get(graph.output)!.shape);
    program.layers.forEach(({ name }, layer) => {
      const tally = tallies[layer]!;
      const wanted = expected.get(tensors.get(name)!)!;
      const before = tally.bytes;
      wanted.forEach((code, index) => {
        const actual = outputs[at + index]!;
        if (actual === code) return;
        tally.bytes++;
        tally.first ??= { sample, index, expected: code, actual };
      });
      if (tally.bytes > before) tally.samples++;
      tally.of += wanted.length;
      at += wanted.length;
    });
  });
  return program.layers.map(({ name, op, kernel }, i) => ({ name, op, kernel, ...tallies[i]! }));
}

/** The target with room for the copies of all outputs. */
function withRoom(target: Target): Target {
  if (target.memory === undefined) return target;
  const { flash, ram, source } = target.memory;
  const size = 1 << 26;
  const origin = Math.max(ram.origin, flash.origin + size);
  const memory = { source, flash: { ...flash, size }, ram: { ...ram, origin, size } };
  return { ...target, memory };
}
