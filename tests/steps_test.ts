import assert from "node:assert/strict";
import { foldZeroPoint } from "../lib/codegen/pack.ts";
import { slopesOf } from "../lib/kernels/slope.ts";
import { stepsOf } from "../lib/kernels/steps.ts";
import { reachOf } from "../lib/kernels/sums.ts";
import { roundingRule } from "../lib/quantize/requant.ts";
import type { LinearConstants, Rounding } from "../lib/types.ts";
import { whole } from "./op_graphs.ts";
import { type Random } from "./op_trials.ts";
import { seededRandom } from "./random_graph.ts";

/** A layer of one channel, of any scale up to some codes a sum. */
function layerOf(random: Random) {
  const most = whole(random, 1, 127);
  const weights = Int8Array.from({ length: 9 }, () => whole(random, -most, most));
  const bias = whole(random, -1, 1) * Math.floor(2 ** (16 * random()));
  const shift = whole(random, -16, 3);
  const outputZero = whole(random, -128, 127);
  const inputZero = whole(random, -128, 127);
  const linear: LinearConstants = {
    weights,
    weightShape: [1, 9],
    weightScales: Float64Array.of(1),
    bias: Int32Array.of(bias),
    multiplier: Int32Array.of(whole(random, 2 ** 30, 2 ** 31 - 1)),
    shift: Int8Array.of(shift),
    bound: Float64Array.of(
      Math.abs(bias) +
        weights.reduce((sum, weight) => sum + Math.abs(weight) * (128 + Math.abs(inputZero)), 0),
    ),
  };
  const clamp: [number, number] = random() < 0.5
    ? [-128, 127]
    : [outputZero, Math.min(127, outputZero + whole(random, 0, 100))];
  const rounding: Rounding = shift <= -2 && random() < 0.5 ? "single" : "tflite";
  return { linear, clamp, inputZero, rounding, output: { zeroPoint: outputZero, scale: 1 } };
}

/** As `lanes/steps.c` has it. */
function stepCode(
  sum: number,
  { most, shift, factor, offset }: {
    most: number;
    shift: number;
    factor: number;
    offset: number;
  },
): number {
  const u = Math.min(most, Math.max(0, sum));
  const scaled = (Math.imul(u, factor & 0xfff) >>> 12) + Math.imul(u, factor >>> 12);
  return ((scaled + offset) >>> 0) >>> shift << 24 >> 24;
}

/** As `mulh/slope.c` has it. */
function slopeCode(
  sum: number,
  { most, up, factor, offset }: { most: number; up: number; factor: number; offset: number },
): number {
  const u = Math.min(-most - Math.min(sum, 0), 0) << up;
  const scaled = Number(BigInt(u) * BigInt(-factor) >> 32n);
  return ((scaled + offset) >>> 0) >>> 21 << 24 >> 24;
}

Deno.test("steps and slopes give the rounding rule's code wherever it changes, and at both ends", () => {
  const random = seededRandom(1);
  const found = { steps: 0, slopes: 0, steep: 0 };
  for (let n = 0; n < 400; n++) {
    const { linear, clamp, inputZero, rounding, output } = layerOf(random);
    const { requantize } = roundingRule(rounding);
    const [multiplier, shift] = [linear.multiplier[0]!, linear.shift[0]!];
    const codeOf = (sum: number) =>
      Math.min(
        clamp[1],
        Math.max(clamp[0], requantize(sum, multiplier, shift) + output.zeroPoint),
      );
    const folded = foldZeroPoint(linear, inputZero)[0]!;
    const [least, most] = reachOf(linear.weights, folded);
    const sums = [least, most];
    for (let sum = least + 1; sum <= most; sum++) {
      if (codeOf(sum) !== codeOf(sum - 1)) sums.push(...[sum - 2, sum - 1, sum, sum + 1]);
    }
    const inside = sums.filter((sum) => sum >= least && sum <= most);
    const steps = stepsOf(linear, inputZero, { clamp }, output, rounding);
    const slopes = slopesOf(linear, inputZero, { clamp }, output, rounding);
    if (typeof steps !== "string") {
      found.steps++;
      if (shift > 0) found.steep++;
      for (const sum of inside) {
        const [step] = steps as [typeof steps[0]];
        assert.equal(stepCode(sum - folded + step.bias, step), codeOf(sum), `${n}: ${sum}`);
      }
    }
    if (typeof slopes !== "string") {
      found.slopes++;
      if (shift > 0) found.steep++;
      for (const sum of inside) {
        const [slope] = slopes as [typeof slopes[0]];
        assert.equal(slopeCode(sum - folded + slope.bias, slope), codeOf(sum), `${n}: ${sum}`);
      }
    }
  }
  assert.ok(Object.values(found).every((count) => count > 20), JSON.stringify(found));
});
