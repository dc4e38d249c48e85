import { opOf } from "../ops/mod.ts";
import { contextOf } from "../ops/op.ts";
import type { QuantizedGraph } from "../types.ts";
import { type Choice, choicesOf, type Choosing } from "./choose.ts";
import { codeBytes, kernelText } from "./kernel_text.ts";
import { joinPools } from "./pools.ts";

/** Per cent of the cycles that one per cent of the flash is worth at the level `size`. */
const WORTH = 5;

/** Why a layer does not have the kernel that it would have alone. */
const REASON = "more code than it is worth at this level";

/** By layer the kernels that it goes without, as `Choosing.avoid` has them. */
type Avoided = Map<string, Map<string, string>>;

/**
 * The kernels that layers go without at the level `size`, and why: code is there once for all layers
 * that use it, so that few kinds of kernels, or plain C, may take less flash than the best of each.
 */
export function kernelsTooLarge(graph: QuantizedGraph, choosing: Choosing): Avoided {
  const joined = joinPools(graph, choosing);
  const pooling: Avoided = new Map(
    joined.nodes.filter(({ attributes }) => "pool" in attributes).map((node) => {
      const choices = choicesOf(node, contextOf(joined, node), "layer", choosing);
      return [node.name, new Map(choices.map(({ kernel }) => [kernel, REASON]))];
    }),
  );
  // Convolutions whose pools stay apart, all of them at first.
  let apart = pooling;
  let best = smallest(graph, choosing);
  for (const name of pooling.keys()) {
    const fewer = new Map([...apart].filter(([other]) => other !== name));
    const next = smallest(joinPools(graph, { ...choosing, avoid: fewer }), choosing);
    if (next.score < best.score) [best, apart] = [next, fewer];
  }
  return new Map([...best.avoid].map(([name, kernels]) => [
    name,
    new Map([...kernels, ...apart.get(name) ?? []]),
  ]));
}

function smallest(graph: QuantizedGraph, choosing: Choosing): { avoid: Avoided; score: number } {
  const nodes = graph.nodes.filter((node) => opOf(node.op).emit !== undefined);
  const layers = nodes.map((node) => choicesOf(node, contextOf(graph, node), "layer", choosing));
  const scoring = scoreOf(nodes.map(({ linear }) => linear?.weights.length ?? 0), choosing);
  let best = layers.map((choices) => choices[0]!);
  let score = scoring(best);
  for (;;) {
    const [next] = moves(layers, best).map((choices) => ({ choices, score: scoring(choices) }))
      .sort((a, b) => a.score - b.score);
    if (next === undefined || next.score >= score) break;
    ({ choices: best, score } = next);
  }
  const avoid = new Map(nodes.map(({ name }, i) => {
    const choices = layers[i]!;
    const before = choices.slice(0, choices.indexOf(best[i]!));
    return [name, new Map(before.map(({ kernel }) => [kernel, REASON]))];
  }));
  return { avoid, score };
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
  const codeOf = (files: readonly string[]) =>
    files.reduce((sum, file) => sum + code(file, () => kernelText(kernels, file)), 0);
  return (choices) => {
    let [flash, cycles] = [0, 0];
    const used = new Set<string>();
    for (const [i, choice] of choices.entries()) {
      const { body, kernels: files } = choice.emission;
      flash += weights[i]! + choice.extraFlash + code(body, () => body);
      cycles += choice.cycles;
      // Compilers write plain C anew for each layer, whose sizes are constants.
      if (choice.kernel === "generic") flash += codeOf(files);
      else files.forEach((file) => used.add(file));
    }
    flash += codeOf([...used]);
    return WORTH * Math.log(flash) + Math.log(cycles);
  };
}
