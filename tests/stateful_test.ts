import assert from "node:assert/strict";
import { build } from "../lib/build/build.ts";
import { loadKernels } from "../lib/build/kernels.ts";
import { generateC } from "../lib/codegen/c.ts";
import { floatRunner } from "../lib/graph/float.ts";
import { verify } from "../lib/graph/verify.ts";
import { quantize } from "../lib/quantize/quantize.ts";
import { runEmulated } from "../lib/run/emulated.ts";
import { runOnHost } from "../lib/run/host.ts";
import { referenceRunner } from "../lib/run/reference.ts";
import { loadTarget } from "../lib/targets.ts";
import type { FloatTensor, Graph, Node } from "../lib/types.ts";
import { seededRandom } from "./random_graph.ts";

const FEATURES = 3;
const HIDDEN = 5;
const STEPS = 24;

/** Three recurrent layers one after the other, over all steps at once or one step a call. */
function network(steps: number, stateful: boolean): Graph {
  const random = seededRandom(7);
  const tensor = (...shape: number[]): FloatTensor => ({
    shape,
    data: Float32Array.from(
      { length: shape.reduce((a, b) => a * b) },
      () => (2 * random() - 1) / Math.sqrt(shape.at(-1)!),
    ),
  });
  const layer = (op: string, gates: number, from: number, input: string): Node => ({
    name: op,
    op,
    inputs: [input],
    output: `${op} output`,
    activation: "none",
    attributes: {
      hidden: HIDDEN,
      returnSequences: true,
      reverse: false,
      stateful,
      resetAfter: true,
    },
    parameters: new Map([
      ["kernel", tensor(gates * HIDDEN, from)],
      ["recurrent", tensor(gates * HIDDEN, HIDDEN)],
      ["bias", tensor(gates * HIDDEN)],
    ]),
  });
  const nodes = [
    layer("lstm", 4, FEATURES, "input"),
    layer("gru", 3, HIDDEN, "lstm output"),
    layer("rnn", 1, HIDDEN, "gru output"),
  ];
  const encodings = new Map([
    ["input", { scale: 0.02, zeroPoint: -5 }],
    ...nodes.map(({ output }) => [output, { scale: 1 / 128, zeroPoint: 3 }] as const),
  ]);
  const rest = { name: "recurrent", nodes, encodings, notes: [] };
  return verify({ ...rest, input: "input", output: "rnn output" }, [steps, FEATURES]);
}

const random = seededRandom(3);
const codes = Int8Array.from({ length: STEPS * FEATURES }, () => Math.floor(256 * random()) - 128);
const whole = quantize(network(STEPS, false), []);
const stepwise = quantize(network(1, true), []);
const expected = referenceRunner(whole)(codes).slice();

Deno.test("a step at a time, float graph and reference say what they say of all steps", () => {
  const real = Float32Array.from(codes, (code) => 0.02 * (code + 5));
  const outputs = floatRunner(network(STEPS, false))(real).slice();
  const float = floatRunner(network(1, true));
  const reference = referenceRunner(stepwise);
  for (let round = 0; round < 2; round++) {
    float.reset();
    reference.reset();
    for (let step = 0; step < STEPS; step++) {
      const [x, y] = [step * FEATURES, step * HIDDEN];
      assert.deepEqual(
        float(real.subarray(x, x + FEATURES)),
        outputs.subarray(y, y + HIDDEN),
      );
      assert.deepEqual(
        reference(codes.subarray(x, x + FEATURES)),
        expected.subarray(y, y + HIDDEN),
      );
    }
  }
});

for (const name of ["host", "cortex-m4", "cortex-m0plus", "rv32imc"]) {
  Deno.test(`state carries over from call to call on ${name}, and a run begins with a reset`, async () => {
    const target = await loadTarget(name);
    const directory = await Deno.makeTempDir();
    try {
      const program = generateC(stepwise, await loadKernels(target));
      assert.ok(program.stateful);
      const binary = await build(program, target, { directory });
      for (let round = 0; round < 2; round++) {
        const { outputs, cycles } = target.runner === "ffi"
          ? runOnHost(binary, program, codes)
          : await runEmulated(binary, program, codes, { jobs: 3 });
        assert.deepEqual(outputs, expected);
        assert.equal(cycles?.min, cycles?.max);
      }
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  });
}
