import type { Plan } from "../kernels/kernel.ts";
import { opOf } from "../ops/mod.ts";
import type { Window } from "../ops/window.ts";
import { elements, type Emission, type QuantizedContext } from "../ops/op.ts";
import type { Optimize, QuantizedNode } from "../types.ts";
import type { KernelSources } from "./kernel_text.ts";

/** The kernel of one layer. */
export interface Choice {
  readonly kernel: string;
  readonly why: string;
  /** Rough cycles of one inference, to compare choices by. */
  readonly cycles: number;
  /** Bytes of flash that its data take beyond one byte a weight. */
  readonly extraFlash: number;
  /** Arena bytes while it runs. */
  readonly scratch: number;
  /** Written when it is first asked for. */
  readonly emission: Emission;
}

/** Rough cycles of a multiply-accumulate, of a pool's tap, and of an output, in plain C. */
const GENERIC = { mac: 9, tap: 7, output: 30 };

/** A plan under its kernel's name. */
interface Candidate extends Plan {
  readonly kernel: string;
}

/** Flash beyond one byte a weight that `balanced` accepts, as a share of the weights. */
const BALANCED_SHARE = 1 / 8;
/** … and in any case, for layers with few weights. */
const BALANCED_BYTES = 512;

/** How to choose. */
export interface Choosing {
  readonly kernels: KernelSources;
  readonly optimize: Optimize;
  /** The kernel it must be, if that can run this layer; else it is the generic one. */
  readonly only?: string;
  /** By layer the kernels that it may not have, and why. */
  readonly avoid?: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

/**
 * Chooses how one layer is computed:
 *
 * - `speed`: the fewest cycles;
 * - `balanced`: the fewest cycles with weights of about a byte each;
 * - `size`: the least flash for its data, then the fewest cycles; what code takes depends on all
 *   layers (`smallest.ts`);
 * - `ram`: as `balanced`; then the layers that need most of the arena take what needs less
 *   (`limits.ts`).
 */
export function chooseKernel(
  node: QuantizedNode,
  context: QuantizedContext,
  name: string,
  choosing: Choosing,
): Choice {
  const [best] = choicesOf(node, context, name, choosing);
  if (best === undefined) throw new Error(`No kernel is left for ${node.name} with its pool.`);
  return best;
}

/**
 * All ways to compute one layer, best first, as `chooseKernel` says. The last is plain C, but for
 * convolutions joined with their pools, which it cannot compute.
 */
export function choicesOf(
  node: QuantizedNode,
  context: QuantizedContext,
  name: string,
  { kernels, optimize, only, avoid = new Map() }: Choosing,
): Choice[] {
  const op = opOf(node.op);
  const refusals: string[] = [];
  const avoided = avoid.get(node.name) ?? new Map<string, string>();
  const instead = [...avoided].map(([kernel, reason]) => `; instead of ${kernel}: ${reason}`).join(
    "",
  );
  const candidates: Candidate[] = [];
  const pools = "pool" in node.attributes ? true : undefined;
  for (const { name: kernel, file, plan, ...kind } of op.kernels ?? []) {
    if (kind.pools !== pools || (kind.level ?? optimize) !== optimize) continue;
    if (!kernels.has(file) || (only !== undefined && kernel !== only)) continue;
    if (avoided.has(kernel)) continue;
    const planned = plan(node, context);
    if (typeof planned === "string") refusals.push(`${kernel}: ${planned}`);
    else candidates.push({ ...planned, kernel });
  }
  const why = `plain C${refusals.map((refusal) => `; not ${refusal}`).join("")}${instead}`;
  const cycles = GENERIC.mac * node.macs +
    (GENERIC.tap * poolTaps(node) + GENERIC.output) * elements(context.output.shape);
  const plain = lazily(
    { kernel: "generic", why, cycles, extraFlash: 0 },
    () => op.emit!(node, context, name),
  );
  return [
    ...rank(candidates, optimize, node.linear?.weights.length ?? 0).map((plan) =>
      lazily({ ...plan, why: plan.why + instead }, () => plan.emit(name))
    ),
    ...(pools === true ? [] : [plain]),
  ];
}

/** Values that a pool looks at for each that it gives. */
function poolTaps({ op, attributes }: QuantizedNode): number {
  if (op !== "max_pool" && op !== "average_pool") return 0;
  const { kernel: [height, width] } = attributes as Window;
  return height * width;
}

function lazily(
  { kernel, why, cycles, extraFlash, scratch }:
    & Pick<Choice, "kernel" | "why" | "cycles" | "extraFlash">
    & { readonly scratch?: number },
  emit: () => Emission,
): Choice {
  let emission: Emission | undefined;
  return {
    kernel,
    why,
    cycles,
    extraFlash,
    get emission() {
      return emission ??= emit();
    },
    get scratch() {
      return scratch ?? this.emission.scratchBytes;
    },
  };
}

function rank(candidates: readonly Candidate[], optimize: Optimize, weights: number): Candidate[] {
  const by = (...keys: ((plan: Plan) => number)[]) => (a: Plan, b: Plan) =>
    keys.map((key) => key(a) - key(b)).find((difference) => difference !== 0) ?? 0;
  const cycles = (plan: Plan) => plan.cycles;
  switch (optimize) {
    case "speed":
      return candidates.toSorted(by(cycles));
    case "balanced":
    case "ram": {
      const most = Math.max(BALANCED_BYTES, weights * BALANCED_SHARE);
      return candidates.filter(({ extraFlash }) => extraFlash <= most).toSorted(by(cycles));
    }
    case "size":
      return candidates.toSorted(by(({ extraFlash }) => extraFlash, cycles));
  }
}
