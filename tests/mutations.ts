import type { Graph } from "../lib/types.ts";
import { whole } from "./op_graphs.ts";
import type { Random } from "./op_trials.ts";

/** Numbers that a damaged offset, length or size likes to be. */
const EXTREMES = [
  0,
  1,
  2,
  4,
  127,
  128,
  255,
  256,
  65_535,
  65_536,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
];

/**
 * A damaged copy of a file: cut short, with bits turned, bytes or words replaced, or a piece of it
 * copied over another.
 */
export function mutate(original: Uint8Array, random: Random): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(original);
  const { length } = bytes;
  const kind = random();
  if (kind < 0.1) return bytes.slice(0, whole(random, 0, length - 1));
  for (let times = whole(random, 1, 6); times > 0; times--) {
    const at = whole(random, 0, length - 1);
    if (kind < 0.4) bytes[at]! ^= 1 << whole(random, 0, 7);
    else if (kind < 0.6) bytes[at] = whole(random, 0, 255);
    else if (kind < 0.9) {
      const word = EXTREMES[whole(random, 0, EXTREMES.length - 1)]!;
      const start = at - at % 4;
      if (start + 4 <= length) new DataView(bytes.buffer).setUint32(start, word, true);
    } else {
      const span = Math.min(length - at, whole(random, 1, 32));
      const from = whole(random, 0, length - span);
      bytes.copyWithin(at, from, from + span);
    }
  }
  return bytes;
}

/** Bytes of all the constants of a graph. */
export function constantBytes({ nodes, constants }: Graph): number {
  const tensors = new Set(
    [...nodes.flatMap(({ weights, bias, codes }) => [weights?.data, bias, codes?.weights])],
  );
  for (const { data } of constants?.values() ?? []) tensors.add(data);
  return [...tensors].reduce((sum, data) => sum + (data?.byteLength ?? 0), 0);
}
