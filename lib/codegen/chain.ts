import { contextOf, type Emission } from "../ops/op.ts";
import type { QuantizedGraph, QuantizedNode } from "../types.ts";
import { type Choice, chooseKernel, type Choosing } from "./choose.ts";
import { indent } from "./literals.ts";
import { rowBytes, type Rows, type Strip, stripOf } from "./strips.ts";

/**
 * Layers that follow each other and are computed together, strip by strip: some rows of the last one's
 * output, from as many rows as that takes of the layers before. What lies between them is never in
 * memory as a whole.
 */
export interface Chain {
  /** Indices into the graph's nodes. */
  readonly first: number;
  readonly last: number;
  /** How often the layers run. */
  readonly strips: number;
  /** Rows of the last layer's output that a strip has; the last strip may have fewer. */
  readonly rows: number;
  readonly layers: readonly ChainLayer[];
  /** Bytes of the tensors in between, by name. */
  readonly between: ReadonlyMap<string, number>;
  /** See `Emission`: of the last layer's output before the first layer's input. */
  readonly distance: number;
  /** Rough cycles of all its layers. */
  readonly cycles: number;
}

/** A layer of a chain. */
export interface ChainLayer {
  readonly node: QuantizedNode;
  readonly kernel: string;
  readonly why: string;
  readonly scratch: number;
  /** Whether all kinds of strips use the same weights; else they would be there more than once. */
  sharesWeights(): boolean;
  /** Its C; the parameter `strip` says which. */
  emit(name: string): Emission;
}

/** Strips that follow each other and differ only in where they lie. */
interface Run {
  readonly strip: Strip;
  readonly choose: (name: string) => Choice;
  /** The first strip, and the one behind the last. */
  readonly from: number;
  to: number;
  /** First row of the input of the first strip; and how many further that of the next lies. */
  readonly start: number;
  step: number | undefined;
}

/** Runs beyond which a layer's code is not worth it. */
const MAX_RUNS = 4;

/**
 * The chain of some layers, or undefined if they cannot be one.
 *
 * @param rows of the last layer's output in a strip
 */
export function planChain(
  graph: QuantizedGraph,
  [first, last]: readonly [number, number],
  rows: number,
  choosing: Choosing,
): Chain | undefined {
  const nodes = graph.nodes.slice(first, last + 1);
  const height = graph.tensors.get(nodes.at(-1)!.output)!.shape[0]!;
  const strips = Math.ceil(height / rows);
  if (strips < 2) return undefined;
  const layers: ChainLayer[] = [];
  const between = new Map<string, number>();
  let wanted: Rows[] = Array.from(
    { length: strips },
    (_, i) => [i * rows, Math.min(height, (i + 1) * rows)],
  );
  const written = wanted;
  let cycles = 0;
  for (const node of nodes.toReversed()) {
    const whole = { input: node === nodes[0], output: node === nodes.at(-1) };
    const runs = runsOf(graph, node, wanted, { whole, choosing });
    if (runs === undefined) return undefined;
    const choices = runs.map(({ choose }) => choose("probe"));
    if (choices.some(({ kernel }) => kernel !== choices[0]!.kernel)) return undefined;
    choices.forEach((choice, i) => cycles += choice.cycles * (runs[i]!.to - runs[i]!.from));
    const output = graph.tensors.get(node.output)!;
    if (!whole.output) {
      between.set(
        node.output,
        rowBytes(output) * Math.max(...wanted.map(([from, to]) => to - from)),
      );
    }
    layers.unshift({
      node,
      kernel: choices[0]!.kernel,
      why: choices[0]!.why,
      scratch: Math.max(...choices.map(({ scratch }) => scratch)),
      sharesWeights: () =>
        node.linear === undefined ||
        new Set(choices.map(({ emission }) => emission.constants)).size === 1,
      emit: (name) => emitRuns(graph, node, { name, runs, whole, rows }),
    });
    wanted = wanted.map((row) => stripOf(node, contextOf(graph, node), row).input);
  }
  const [x, y] = [nodes[0]!.inputs[0]!, nodes.at(-1)!.output].map((name) =>
    rowBytes(graph.tensors.get(name!)!)
  ) as [number, number];
  // Before a strip is written, all that it takes has been read; strips behind it are still to come.
  const distance = Math.max(
    0,
    ...wanted.slice(1).map(([next], i) => written[i]![1] * y - next * x),
  );
  return { first, last, strips, rows, layers, between, distance, cycles };
}

/** The strips of one layer, by the rows of its output that are wanted. */
function runsOf(
  graph: QuantizedGraph,
  node: QuantizedNode,
  wanted: readonly Rows[],
  { whole, choosing }: {
    readonly whole: { readonly input: boolean; readonly output: boolean };
    readonly choosing: Choosing;
  },
): Run[] | undefined {
  const context = contextOf(graph, node);
  const runs: Run[] = [];
  const keys: string[] = [];
  for (const [i, rows] of wanted.entries()) {
    const strip = stripOf(node, context, rows);
    const { attributes } = strip.node as QuantizedNode<{ padding?: Record<string, number> }>;
    if (Object.values(attributes.padding ?? {}).some((size) => size < 0)) return undefined;
    const key = JSON.stringify([
      attributes,
      strip.context.inputs.map(({ shape }) => shape),
      strip.context.output.shape,
    ]);
    const run = runs.at(-1);
    const step = run === undefined ? 0 : strip.input[0] - run.start - (i - 1 - run.from) *
        (run.step ?? 0);
    if (run !== undefined && keys.at(-1) === key && (!whole.input || step === (run.step ?? step))) {
      run.step ??= step;
      run.to = i + 1;
      continue;
    }
    const { kernel } = runs[0]?.choose("probe") ?? {};
    const chosen = new Map<string, Choice>();
    runs.push({
      strip,
      choose: (name) => {
        const choice = chosen.get(name) ??
          chooseKernel(strip.node, strip.context, name, {
            ...choosing,
            ...(kernel === undefined ? {} : { only: kernel }),
          });
        chosen.set(name, choice);
        return choice;
      },
      from: i,
      to: i + 1,
      start: strip.input[0],
      step: undefined,
    });
    keys.push(key);
    if (runs.length > MAX_RUNS) return undefined;
  }
  return runs;
}

/** One layer's strips as one function body. */
function emitRuns(
  graph: QuantizedGraph,
  node: QuantizedNode,
  { name, runs, whole, rows }: {
    readonly name: string;
    readonly runs: readonly Run[];
    readonly whole: { readonly input: boolean; readonly output: boolean };
    readonly rows: number;
  },
): Emission {
  const emissions = runs.map(({ choose }) => choose(name).emission);
  const [sample] = emissions as [Emission];
  // What does not depend on a strip's height is written once; else every kind of strip has its own.
  const shared = emissions.every(({ constants }) => constants === sample.constants);
  const own = shared
    ? emissions
    : runs.map(({ choose }, i) => i === 0 ? sample : choose(`${name}_${i}`).emission);
  const y = rowBytes(graph.tensors.get(node.output)!);
  const bodies = runs.map((run, i) => {
    const moves = node.inputs.map((input, k) => {
      if (k === 0 && !whole.input) return "";
      const bytes = rowBytes(graph.tensors.get(input)!);
      const { start, step = 0, from } = run;
      return move(k === 0 ? "x" : `x${k}`, step * bytes, (start - from * step) * bytes);
    });
    if (whole.output) moves.push(move("y", rows * y, 0));
    return moves.join("") + `{\n${indent(own[i]!.body)}\n}`;
  });
  const text = bodies.map((body, i) => {
    if (i === runs.length - 1) return runs.length === 1 ? body : `{\n${indent(body)}\n}`;
    return `if (strip < ${runs[i]!.to}) {\n${indent(body)}\n} else `;
  });
  const unused = whole.input || whole.output || runs.length > 1 ? "" : "(void)strip;\n";
  return {
    kernels: [...new Set(own.flatMap(({ kernels }) => kernels))],
    constants: shared ? sample.constants : own.map(({ constants }) => constants).join(""),
    weightBytes: own.reduce((sum, { weightBytes }) => shared ? weightBytes : sum + weightBytes, 0),
    scratchBytes: Math.max(...own.map(({ scratchBytes }) => scratchBytes)),
    body: unused + text.join(""),
  };
}

/** Statement that moves a pointer to where a strip begins. */
function move(pointer: string, step: number, offset: number): string {
  if (step === 0 && offset === 0) return "";
  const strips = step === 0 ? "" : `strip * ${step}`;
  if (offset < 0) return `${pointer} += ${strips} - ${-offset};\n`;
  return `${pointer} += ${
    [strips, ...(offset > 0 ? [offset] : [])].filter(Boolean).join(" + ")
  };\n`;
}
