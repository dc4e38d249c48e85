import type { Graph } from "../../types.ts";
import { verify } from "../verify.ts";
import { foldBatchNorm } from "./fold_batch_norm.ts";
import { foldConstants } from "./fold_constants.ts";
import { foldPads } from "./fold_pads.ts";
import { fuseActivations } from "./fuse_activations.ts";
import { recogniseActivations } from "./recognise_activations.ts";
import { removeDead } from "./remove_dead.ts";
import { removeNoops } from "./remove_noops.ts";

/** Returns a verified graph that means the same; see its file. */
export type Pass = (graph: Graph) => Graph;

/**
 * The passes in the order in which they run: first what makes constants and brings ops next to one
 * another, then what merges neighbours, then what may have become empty.
 */
const passes: readonly Pass[] = [
  dropDead,
  foldConstants,
  removeNoops,
  recogniseActivations,
  foldBatchNorm,
  fuseActivations,
  foldPads,
  removeNoops,
];

/** Makes a graph smaller and faster without changing what it means. Importers end with it. */
export function optimize(graph: Graph): Graph {
  return passes.reduce((before, pass) => pass(before), graph);
}

function dropDead(graph: Graph): Graph {
  return verify(removeDead(graph), graph.tensors.get(graph.input)!);
}
