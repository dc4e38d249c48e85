import type { Graph } from "../../types.ts";
import { verify } from "../verify.ts";
import { foldConstants } from "./fold_constants.ts";
import { fuseRelu } from "./fuse_relu.ts";
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
  floatOnly(fuseRelu),
  removeNoops,
];

/** Makes a graph smaller and faster without changing what it means. Importers end with it. */
export function optimize(graph: Graph): Graph {
  return passes.reduce((before, pass) => pass(before), graph);
}

function dropDead(graph: Graph): Graph {
  return verify(removeDead(graph), graph.tensors.get(graph.input)!);
}

/**
 * The pass, for graphs that bring no quantization along: there, a tensor that goes away or changes
 * its meaning would take its scale and zero point with it.
 */
function floatOnly(pass: Pass): Pass {
  return (graph) => (graph.encodings?.size ?? 0) > 0 ? graph : pass(graph);
}
