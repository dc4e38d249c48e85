import { opOf } from "../ops/mod.ts";
import { contextOf } from "../ops/op.ts";
import type { QuantizedGraph } from "../types.ts";
import { type Choice, choicesOf, type Choosing } from "./choose.ts";
import { codeBytes, kernelText } from "./kernel_text.ts";

/** Per cent of the cycles that one per cent of the flash is worth at the level `size`. */
const WORTH = 5;

/** Why a layer does not have the kernel that it would have alone. */
const REASON = "more code than it is worth at this level";

/**
 * The kernels that layers go without at the level `size`, and why: code is there once for all layers
 * that use it, so that few kinds of kernels, or plain C, may take less flash than the best of each.
 *
 * @returns by layer, as `Choosing.avoid` takes it
 */
export function kernelsTooLarge(
  graph: QuantizedGraph,
  choosing: Choosing,
): Map<string, Map<string, string>> {
  const nodes = graph.nodes.filter((node) => opOf(node.op).emit !== undefined);
  const layers = nodes.map((node) => choicesOf(node, contextOf(graph, node), "layer", choosing));
  const score = scoreOf(nodes.map(({ linear }) => linear?.weights.length ?? 0), choosing);
  let best = layers.map((choices) => choices[0]!);
  for (let least = score(best);;) {
    const [next] = moves(layers, best).map((choices) => ({ choices, score: score(choices) }))
      .sort((a, b) => a.score - b.score);
    if (next === undefined || next.score >= least) break;
    ({ choices: best, score: least } = next);
  }
  return new Map(nodes.map(({ name }, i) => {
    const choices = layers[i]!;
    const before = choices.slice(0, choices.indexOf(best[i]!));
    return [name, new Map(before.map(({ kernel }) => [kernel, REASON]))];
  }));
}

/** One layer, or all layers with the same kernel, given another. */
function moves(
  layers: readonly (readonly Choice[])[],
  current: readonly Choice[],
): Choice[][] {
  const single = layers.flatMap((choices, i) =>
    choices.filter((choice) => choice !== current[i]).map((choice) => current.with(i, choice))
  );
  const names = (choices: readonly Choice[]) => [...new Set(choices.map(({ kernel }) => kernel))];
  const others = names(layers.flat());
  const together = names(current).flatMap((from) =>
    others.filter((to) => to !== from).map((to) =>
      current.map((choice, i) =>
        choice.kernel === from ? layers[i]!.find(({ kernel }) => kernel === to) ?? choice : choice
      )
    )
  );
  return [...single, ...together];
}

/** What some choices cost: less is better. */
function scoreOf(
  weights: readonly number[],
  { kernels }: Choosing,
): (choices: readonly Choice[]) => number {
  const known = new Map<string, number>();
  const code = (key: string, text: () => string) => {
    if (!known.has(key)) known.set(key, codeBytes(text()));
    return known.get(key)!;
  };
  return (choices) => {
    let [flash, cycles] = [0, 0];
    const used = new Set<string>();
    for (const [i, choice] of choices.entries()) {
      const { body, kernels: files } = choice.emission;
      flash += weights[i]! + choice.extraFlash + code(body, () => body);
      cycles += choice.cycles;
      files.forEach((file) => used.add(file));
    }
    for (const file of used) flash += code(file, () => kernelText(kernels, file));
    return WORTH * Math.log(flash) + Math.log(cycles);
  };
}
