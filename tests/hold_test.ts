import assert from "node:assert/strict";
import { floatRunner } from "../lib/graph/float.ts";
import { verify } from "../lib/graph/verify.ts";
import { noPadding } from "../lib/ops/window.ts";
import { quantize } from "../lib/quantize/quantize.ts";
import { referenceRunner } from "../lib/run/reference.ts";
import { quantizeValues } from "../lib/quantize/range.ts";
import type { FloatTensor, Graph } from "../lib/types.ts";
import gruFixture from "./fixtures/hold_gru.json" with { type: "json" };
import lstmFixture from "./fixtures/hold_lstm.json" with { type: "json" };
import { HIDDEN, holdSequence, STEPS } from "./hold_task.ts";
import { seededRandom } from "./random_graph.ts";

type Fixture = typeof lstmFixture;

function floats({ shape, data }: { shape: number[]; data: number[] }): FloatTensor {
  return { shape, data: Float32Array.from(data) };
}

/** The recurrent layer, or with a head the whole network, which answers at every step. */
function network(fixture: Fixture, head: boolean): Graph {
  const bias = floats(fixture.bias);
  // tfjs: gates of an LSTM i, f, c, o; of a GRU z, r, h, with the reset before.
  const recurrent = {
    name: fixture.op,
    op: fixture.op,
    inputs: ["x"],
    output: "states",
    activation: "none",
    attributes: {
      hidden: HIDDEN,
      returnSequences: true,
      reverse: false,
      stateful: false,
      resetAfter: false,
    },
    parameters: new Map([
      ["kernel", floats(fixture.kernel)],
      ["recurrent", floats(fixture.recurrent)],
      ["bias", bias],
    ]),
  } as const;
  const column = {
    name: "column",
    op: "reshape",
    inputs: ["states"],
    output: "column",
    activation: "none",
    attributes: { shape: [STEPS, 1, HIDDEN] },
  } as const;
  const answer = {
    name: "head",
    op: "conv2d",
    inputs: ["column"],
    output: "answer",
    activation: "none",
    attributes: { kernel: [1, 1], stride: [1, 1], dilation: [1, 1], padding: noPadding },
    weights: { shape: [1, 1, 1, HIDDEN], data: Float32Array.from(fixture.headKernel.data) },
    bias: Float32Array.from(fixture.headBias.data),
  } as const;
  return verify({
    name: fixture.op,
    nodes: head ? [recurrent, column, answer] : [recurrent],
    input: "x",
    output: head ? "answer" : "states",
    notes: [],
  }, [STEPS, 2]);
}

/** Root mean square of the distance, over that of the float outputs. */
function relativeError(graph: Graph): { error: number; last: number } {
  const random = seededRandom(99);
  const sequences = () => Array.from({ length: 40 }, () => holdSequence(random).x);
  const quantized = quantize(graph, sequences());
  const input = quantized.tensors.get(quantized.input)!;
  const { scale, zeroPoint } = quantized.tensors.get(quantized.output)!;
  const [float, integer] = [floatRunner(graph), referenceRunner(quantized)];
  const sums = { error: 0, all: 0, lastError: 0, lastAll: 0 };
  for (const x of sequences()) {
    const real = float(x);
    const codes = integer(quantizeValues(x, input));
    real.forEach((value, i) => {
      const error = (scale * (codes[i]! - zeroPoint) - value) ** 2;
      sums.error += error;
      sums.all += value ** 2;
      if (i < real.length - real.length / STEPS) return;
      sums.lastError += error;
      sums.lastAll += value ** 2;
    });
  }
  return {
    error: Math.sqrt(sums.error / sums.all),
    last: Math.sqrt(sums.lastError / sums.lastAll),
  };
}

for (const fixture of [lstmFixture, gruFixture]) {
  Deno.test(`a trained ${fixture.op} in integers is within 2 % RMS of float over 50 steps`, () => {
    for (const head of [false, true]) {
      const { error, last } = relativeError(network(fixture, head));
      if (Deno.env.has("INTNIC_VERBOSE")) console.log(fixture.op, { head, error, last });
      assert.ok(error < 0.02, `${error} over all steps, ${head ? "answers" : "states"}`);
      assert.ok(last < 0.02, `${last} at the last step, ${head ? "answers" : "states"}`);
    }
  });

  Deno.test(`the trained ${fixture.op} holds what it was to hold`, () => {
    const random = seededRandom(5);
    const run = floatRunner(network(fixture, true));
    let error = 0;
    for (let i = 0; i < 20; i++) {
      const { x, y } = holdSequence(random);
      run(x).forEach((value, step) => error += (value - y[step]!) ** 2 / (20 * STEPS));
    }
    assert.ok(error < 0.02, `${error}`);
  });
}
