import assert from "node:assert/strict";
import { type Random, tryOp } from "../../tests/op_trials.ts";
import { pick, randomEncoding, single, whole } from "../../tests/op_graphs.ts";
import { UserError } from "../errors.ts";
import type { FloatTensor, Graph } from "../types.ts";
import { floatSquash, integerSquash, tanhTable } from "./squash.ts";

const GATES = { lstm: 4, gru: 3, rnn: 1 } as const;

/** Weights as a trained network has them: of the size at which gates are neither open nor shut. */
function parameters(random: Random, rows: number, features: number, hidden: number) {
  const tensor = (...shape: number[]): FloatTensor => {
    const spread = (0.3 + 1.5 * random()) / Math.sqrt(shape.at(-1)!);
    const length = shape.reduce((a, b) => a * b);
    return { shape, data: Float32Array.from({ length }, () => spread * (2 * random() - 1)) };
  };
  return new Map([
    ["kernel", tensor(rows, features)],
    ["recurrent", tensor(rows, hidden)],
    ["bias", tensor(rows)],
    ...(random() < 0.5 ? [["recurrentBias", tensor(rows)]] as const : []),
  ]);
}

function recurrentGraph(op: keyof typeof GATES): (random: Random) => Graph {
  return (random) => {
    const [steps, features, hidden] = [
      whole(random, 1, 5),
      whole(random, 1, 9),
      whole(random, 1, 7),
    ];
    const attributes = {
      hidden,
      returnSequences: random() < 0.5,
      reverse: random() < 0.3,
      stateful: random() < 0.3,
      resetAfter: random() < 0.5,
      ...(random() < 0.3 ? { recurrentActivation: "hard_sigmoid" } : {}),
      ...(random() < 0.2 ? { activation: pick(random, ["sigmoid", "hard_sigmoid"]) } : {}),
    };
    const encodings = new Map([["x", {
      ...randomEncoding(random),
      scale: 0.005 + 0.03 * random(),
    }]]);
    if (random() < 0.2) encodings.set("y", { scale: 0.01, zeroPoint: whole(random, -50, 50) });
    const rows = GATES[op] * hidden;
    return single(random, op, [steps, features], {
      attributes,
      parameters: parameters(random, rows, features, hidden),
    }, random() < 0.8 ? encodings : undefined);
  };
}

for (const op of ["lstm", "gru", "rnn"] as const) {
  Deno.test(`${op} means the same everywhere`, () => tryOp(recurrentGraph(op), { steps: 0.6 }));
}

Deno.test("the functions of recurrent layers are within 5·2^−15, for every argument", () => {
  for (const name of ["tanh", "sigmoid", "hard_sigmoid"] as const) {
    const squash = { name, alpha: 0.2, beta: 0.5 };
    const [real, integer] = [floatSquash(squash), integerSquash(squash)];
    let worst = 0;
    for (let x = -70000; x <= 70000; x++) {
      worst = Math.max(worst, Math.abs(integer(x) / 32768 - real(x / 4096)));
    }
    assert.ok(worst < 5 * 2 ** -15, `${name}: ${worst * 2 ** 15}`);
  }
});

Deno.test("the table of tanh in C is the reference's", async () => {
  const kernel = new URL("../../firmware/kernels/generic/squash.c", import.meta.url);
  const text = await Deno.readTextFile(kernel);
  const [, numbers] = /intnic_tanh_table\[257\] = \{([^}]*)\}/.exec(text)!;
  assert.deepEqual(numbers!.split(",").slice(0, 257).map(Number), [...tanhTable]);
});

Deno.test("parameters that do not fit are refused by name", () => {
  const random = () => 0.4;
  const attributes = { hidden: 3, returnSequences: false, reverse: false, stateful: false };
  const good = parameters(random, 12, 2, 3);
  const make = (parameters: Map<string, FloatTensor>, shape = [4, 2]) => () =>
    single(random, "lstm", shape, { attributes, parameters });
  assert.ok(make(good)());
  assert.throws(make(good, [4]), UserError);
  assert.throws(make(good, [4, 3]), /kernel/);
  assert.throws(make(new Map()), /kernel/);
  assert.throws(
    make(new Map([...good, ["bias", { shape: [1], data: new Float32Array(1) }]])),
    /bias/,
  );
});
