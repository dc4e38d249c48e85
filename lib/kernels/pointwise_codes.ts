/**
 * Codes of a multiple of the sums of a layer, mostly 256 times, in two instructions each, by one shift
 * for all channels:
 *
 *     code = (⌊256 · sum · multiplier / 2³²⌋ + addend) >> shift, saturated
 *
 * The numbers are looked for such that every one of the at most 255 sums at which a channel's code
 * changes is the same as by the rounding rule, whichever that is. By the rule `tflite` there are such
 * numbers only where negative sums give no codes of their own, as it rounds these in another way.
 *
 * @module
 */
import { foldZeroPoint } from "../codegen/pack.ts";
import { mulHigh, roundingRule } from "../quantize/requant.ts";
import type { Encoding, LinearConstants, QuantizedNode, Rounding } from "../types.ts";
import { changesOf } from "./steps.ts";
import { reachOf } from "./sums.ts";

/** What makes the codes of all channels. */
export interface ShiftedCodes {
  readonly shift: number;
  readonly channels: readonly {
    readonly multiplier: number;
    readonly addend: number;
    readonly more: number;
  }[];
}

/** Shifts that are tried: first one that most layers can have, so that they share their code. */
const SHIFTS = [12, 14, 16, 18, 20, 10, 8, 6];
/** Multipliers that are tried about the nearest one. */
const TRIES = 16;
/** Most that may be added to a product's top word, which is below 2³⁰. */
const MAX_ADDEND = 2 ** 30 - 1;

/** The sums at which a channel's code changes. */
interface Channel {
  readonly slope: number;
  readonly lowest: number;
  readonly sums: readonly number[];
  /** A sum that may not give less than the lowest code, and one that may give no more than the highest. */
  readonly least?: number;
  readonly most?: number;
}

/** What is multiplied: so many times a sum, and up to so much more, which is found for each channel. */
export interface Multiplied {
  readonly times: number;
  readonly more: number;
}

/** The numbers of a layer whose multiplied sums fit int32, or undefined if there are none. */
export function shiftedCodes(
  linear: LinearConstants,
  inputZero: number,
  { clamp }: Pick<QuantizedNode, "clamp">,
  output: Encoding,
  rounding: Rounding,
  multiplied: Multiplied = { times: 256, more: 0 },
): ShiftedCodes | undefined {
  if (rounding === "tflite" && clamp[0] < output.zeroPoint) return undefined;
  const channels = channelsOf(linear, inputZero, clamp, output, rounding);
  for (const shift of SHIFTS) {
    const found = [];
    for (const channel of channels) {
      const numbers = numbersOf(channel, shift, multiplied);
      if (numbers === undefined) break;
      found.push(numbers);
    }
    if (found.length === channels.length) return { shift, channels: found };
  }
  return undefined;
}

/**
 * The numbers of a layer whose channels have one scale, by a given shift: one set for all, as it is one
 * and the same sum at which each channel's code changes.
 */
export function codesOfAll(
  linear: LinearConstants,
  inputZero: number,
  { clamp }: Pick<QuantizedNode, "clamp">,
  output: Encoding,
  rounding: Rounding,
  multiplied: Multiplied & { readonly shift: number },
) {
  if (rounding === "tflite" && clamp[0] < output.zeroPoint) return undefined;
  const { multiplier, shift } = linear;
  const alike = multiplier.every((value, o) => value === multiplier[0] && shift[o] === shift[0]);
  if (!alike) return undefined;
  const all = reachesOf(linear, inputZero).reduce(
    ([least, most], [low, high]) => [Math.min(least, low), Math.max(most, high)] as const,
  );
  const channel = channelOf([multiplier[0]!, shift[0]!], all, clamp, output, rounding);
  return numbersOf(channel, multiplied.shift, multiplied);
}

function reachesOf(linear: LinearConstants, inputZero: number) {
  const biases = foldZeroPoint(linear, inputZero);
  const taps = linear.weights.length / biases.length;
  return Array.from(
    biases,
    (bias, o) => reachOf(linear.weights.subarray(o * taps, (o + 1) * taps), bias),
  );
}

function channelsOf(
  linear: LinearConstants,
  inputZero: number,
  clamp: QuantizedNode["clamp"],
  output: Encoding,
  rounding: Rounding,
): Channel[] {
  return reachesOf(linear, inputZero).map((reach, o) =>
    channelOf([linear.multiplier[o]!, linear.shift[o]!], reach, clamp, output, rounding)
  );
}

function channelOf(
  [multiplier, shift]: readonly [number, number],
  reach: readonly [number, number],
  [low, high]: QuantizedNode["clamp"],
  output: Encoding,
  rounding: Rounding,
): Channel {
  const { requantize } = roundingRule(rounding);
  const code = (sum: number) =>
    Math.min(high, Math.max(low, requantize(sum, multiplier, shift) + output.zeroPoint));
  const slope = multiplier * 2 ** (shift - 31);
  const { lowest, sums } = changesOf(code, reach, slope);
  // What lies outside the range is limited later, or saturates.
  return {
    slope,
    lowest,
    sums,
    ...(lowest > Math.max(-128, low) ? { least: reach[0] } : {}),
    ...(lowest + sums.length < Math.min(127, high) ? { most: reach[1] } : {}),
  };
}

/** A multiplier and an addend right for all sums at which the code changes. */
function numbersOf(channel: Channel, shift: number, { times, more }: Multiplied) {
  const { slope, lowest, sums } = channel;
  const step = 2 ** shift;
  if (sums.length === 0) return { multiplier: 0, addend: lowest * step + step / 2, more: 0 };
  const nearest = slope * 2 ** (shift + 32) / times;
  for (let n = 0; n <= TRIES; n++) {
    const multiplier = Math.round(nearest) + (n % 2 === 0 ? n / 2 : -(n + 1) / 2);
    if (multiplier < 0 || multiplier >= 2 ** 31) continue;
    // More than a unit of the product's top word is a matter of the addend.
    for (let offset = 0; offset <= more && offset * multiplier < 2 ** 32; offset++) {
      const addend = addendOf(channel, step, (sum) => mulHigh(times * sum + offset, multiplier));
      if (addend !== undefined) return { multiplier, addend, more: offset };
    }
  }
  return undefined;
}

/** What to add to the scaled sums, if anything gives the codes of all. */
function addendOf(
  { lowest, sums, least, most }: Channel,
  step: number,
  scaled: (sum: number) => number,
): number | undefined {
  let from = least === undefined ? -MAX_ADDEND : lowest * step - scaled(least);
  let to = most === undefined ? MAX_ADDEND : (lowest + sums.length + 1) * step - 1 - scaled(most);
  for (let j = 0; j < sums.length && from <= to; j++) {
    const wanted = (lowest + 1 + j) * step;
    from = Math.max(from, wanted - scaled(sums[j]!));
    to = Math.min(to, wanted - 1 - scaled(sums[j]! - 1));
  }
  const addend = Math.floor((from + to) / 2);
  return from <= to && Math.abs(addend) <= MAX_ADDEND ? addend : undefined;
}
