/**
 * Two products in one 32-bit multiplication, for cores without SIMD: a word holds x0 + 2¹⁶·x1, a
 * weight multiplies both, and the products are added up in both halves at once. That is exact while
 * neither half's sum leaves 16 bits, so the taps of a layer are divided into runs, after each of which
 * the halves are added to 32-bit sums. The weights are known, so how long a run may be is too.
 *
 * @module
 */

import { formatList } from "../codegen/literals.ts";

/** Taps that a kernel works off between two chances to end a run. */
export const TAPS = 4;
/** Runs are told by bits in words of so many. */
const FLAGS = 16;

/** A weight that is left to the end because with it four taps would be too long a run. */
export interface Rest {
  /** Since the rest before. */
  readonly skip: number;
  readonly weight: number;
}

/** The weights of neighbouring channels whose runs end together, ready for a kernel. */
export interface LaneBlock {
  /** For every tap, filled up to fours, one weight a channel. */
  readonly weights: Int8Array;
  /** A bit for every four taps, top bit first, set where a run ends; the last of each word is. */
  readonly ends: readonly number[];
  readonly runs: number;
  /** By channel. */
  readonly rests: readonly (readonly Rest[])[];
}

/**
 * Divides the taps of some channels into runs.
 *
 * @param channels each channel's weights, tap by tap
 */
export function laneBlock(channels: readonly Int8Array[]): LaneBlock {
  const fours = Math.ceil(channels[0]!.length / TAPS);
  const kept = channels.map((weights) => {
    const padded = new Int8Array(fours * TAPS);
    padded.set(weights);
    return padded;
  });
  const rests = kept.map((weights) => takeRests(weights));
  const ends = new Array<number>(Math.ceil(fours / FLAGS)).fill(0);
  let runs = 0;
  let start = 0;
  for (let four = 0; four < fours; four++) {
    const end = (four + 2) * TAPS;
    const goesOn = four + 1 < fours && four % FLAGS !== FLAGS - 1 &&
      kept.every((weights) => fitsLane(weights.subarray(start * TAPS, end)));
    if (goesOn) continue;
    const word = Math.floor(four / FLAGS);
    ends[word]! |= 1 << (FLAGS - 1 - four % FLAGS);
    runs++;
    start = four + 1;
  }
  const weights = new Int8Array(fours * TAPS * channels.length);
  kept.forEach((of, c) => of.forEach((weight, t) => weights[t * channels.length + c] = weight));
  return { weights, ends, runs, rests };
}

/** Whether no sum of products with int8 values, in any order, leaves so many bits. */
export function fitsLane(weights: Int8Array, bits = 16): boolean {
  let [low, high] = [0, 0];
  for (const weight of weights) {
    low += Math.min(-128 * weight, 127 * weight);
    high += Math.max(-128 * weight, 127 * weight);
  }
  return low >= -(2 ** (bits - 1)) && high < 2 ** (bits - 1);
}

/** Takes the largest weights away wherever four taps do not fit. */
function takeRests(weights: Int8Array): Rest[] {
  const taken = new Map<number, number>();
  for (let first = 0; first < weights.length; first += TAPS) {
    const four = weights.subarray(first, first + TAPS);
    while (!fitsLane(four)) {
      const most = four.reduce((at, w, i) => Math.abs(w) > Math.abs(four[at]!) ? i : at, 0);
      taken.set(first + most, four[most]!);
      four[most] = 0;
    }
  }
  const rests: Rest[] = [];
  let at = 0;
  for (const tap of [...taken.keys()].sort((a, b) => a - b)) {
    for (; tap - at > 255; at += 255) rests.push({ skip: 255, weight: 0 });
    rests.push({ skip: tap - at, weight: taken.get(tap)! });
    at = tap;
  }
  return rests;
}

/** Definitions of where runs end, how many there are, and of the rests. */
export function defineRuns(name: string, blocks: readonly LaneBlock[]): string {
  const words = blocks.flatMap(({ ends }) =>
    ends.map((word) => `0x${word.toString(16).padStart(4, "0")}`)
  );
  const counts = blocks.flatMap(({ runs, rests }) =>
    rests.map((of) => `{ ${runs}, ${of.length} }`)
  );
  const rests = blocks.flatMap(({ rests }) =>
    rests.flat().map(({ skip, weight }) => `{ ${skip}, ${weight} }`)
  );
  const define = (type: string, what: string, rows: readonly string[]) =>
    `static const ${type} model_${what}_${name}[${rows.length}] = {\n${formatList(rows)}\n};\n`;
  return define("uint16_t", "runs", words) + define("struct intnic_lane_channel", "lanes", counts) +
    (rests.length === 0 ? "" : define("struct intnic_lane_rest", "rests", rests));
}
