import assert from "node:assert/strict";
import { type Random, tryOp } from "../../tests/op_trials.ts";
import { pick, randomEncoding, single, whole } from "../../tests/op_graphs.ts";
import vectors from "../../tests/vectors/tflm_unary.json" with { type: "json" };
import { UserError } from "../errors.ts";
import { complementaryError } from "./gelu.ts";
import { opOf } from "./mod.ts";

/** How one function is tried: its attributes, and on what inputs. */
interface Case {
  readonly attributes?: (random: Random) => object;
  /** True if its domain is the positive numbers. */
  readonly positive?: boolean;
}

const cases: Readonly<Record<string, Case>> = {
  abs: {},
  clip: {
    attributes: (random) => ({
      low: pick(random, [0, -1, -Infinity, -3 * random()]),
      high: pick(random, [6, 1, Infinity, 3 * random()]),
    }),
  },
  elu: { attributes: (random) => ({ alpha: pick(random, [1, 2 * random()]) }) },
  exp: {},
  gelu: { attributes: (random) => ({ approximate: pick(random, [true, false]) }) },
  hard_sigmoid: {
    attributes: (random) => pick(random, [{ alpha: 0.2, beta: 0.5 }, { alpha: 1 / 6, beta: 0.5 }]),
  },
  hard_swish: {},
  leaky_relu: {
    attributes: (random) => ({ alpha: pick(random, [0.01, 0.3, -0.5, 1.5, 2 * random()]) }),
  },
  log: { positive: true },
  neg: {},
  relu: {},
  rsqrt: { positive: true },
  sigmoid: {},
  silu: {},
  sqrt: { positive: true },
  square: {},
  tanh: {},
};

function unaryGraph(random: Random, op: string) {
  const { attributes, positive = false } = cases[op]!;
  const encodings = new Map([["x", randomEncoding(random)]]);
  // Scales and zero points of the output are the calibrator's or anything.
  if (random() < 0.5) encodings.set("y", randomEncoding(random));
  if (positive) {
    encodings.set("x", { ...encodings.get("x")!, zeroPoint: -128 });
    encodings.set("y", { ...randomEncoding(random), scale: 0.1 });
  }
  const shape = Array.from({ length: whole(random, 1, 3) }, () => whole(random, 1, 5));
  return single(random, op, shape, { attributes: attributes?.(random) ?? {} }, encodings);
}

// All functions share the C of one loop, so that one program can try them all.
Deno.test("functions of one value mean the same everywhere", async () => {
  const ops = Object.keys(cases);
  let i = 0;
  await tryOp((random) => unaryGraph(random, ops[i++ % ops.length]!), {
    count: 200 * ops.length,
    value: (random) => 8 * random() - 4,
    steps: 1,
  });
});

Deno.test("tables of the rule single are within half a step of the function", () => {
  const input = { shape: [256], scale: 0.05, zeroPoint: 3 };
  const codes = Int8Array.from({ length: 256 }, (_, i) => i - 128);
  for (const [op, encoding] of Object.entries({ silu: 0.05, gelu: 0.04, elu: 0.06, exp: 5 })) {
    const output = { shape: [256], scale: encoding, zeroPoint: -7 };
    const attributes = { approximate: false, alpha: 1 };
    const node = {
      name: op,
      op,
      inputs: ["x"],
      output: "y",
      attributes,
      activation: "none",
    } as const;
    const context = { inputs: [input], output, rounding: "single" } as const;
    const [real, actual] = [new Float32Array(256), new Int8Array(256)];
    const x = Float32Array.from(codes, (code) => input.scale * (code - input.zeroPoint));
    opOf(op).float(node, { inputs: [[256]], output: [256] })([x], real);
    opOf(op).reference({ ...node, macs: 0, clamp: [-128, 127] }, context)([codes], actual);
    real.forEach((y, i) => {
      const wanted = Math.min(127, Math.max(-128, y / output.scale + output.zeroPoint));
      assert.ok(Math.abs(actual[i]! - wanted) <= 0.5 + 1e-5, `${op} of ${x[i]}`);
    });
  }
});

Deno.test("the complementary error function has twelve digits", () => {
  // NIST Digital Library of Mathematical Functions, table 7.23.
  const known = [[0.5, 0.4795001221869535], [1, 0.1572992070502851], [2, 0.004677734981047266], [
    3,
    2.209049699858544e-5,
  ], [-1, 1.842700792949715]] as const;
  for (const [x, y] of known) assert.ok(Math.abs(complementaryError(x) / y - 1) < 1e-12, `${x}`);
});

Deno.test("attributes that make no sense are refused", () => {
  const random = () => 0;
  const make = (op: string, attributes: object) => () => single(random, op, [2], { attributes });
  assert.throws(make("clip", { low: 1, high: 0 }), UserError);
  assert.throws(make("leaky_relu", { alpha: NaN }), UserError);
  assert.throws(make("elu", { alpha: Infinity }), UserError);
});

Deno.test("tables of the rule tflite are those of TensorFlow Lite Micro's reference kernels", () => {
  const shape = [256];
  const codes = Int8Array.from({ length: 256 }, (_, i) => i - 128);
  for (const { op, attributes, input, output, table } of vectors.cases) {
    const context = {
      inputs: [{ ...input, shape }],
      output: { ...output, shape },
      rounding: "tflite",
    } as const;
    const node = {
      name: op,
      op,
      inputs: ["x"],
      output: "y",
      attributes,
      activation: "none",
    } as const;
    const actual = new Int8Array(256);
    opOf(op).reference({ ...node, macs: 0, clamp: [-128, 127] }, context)([codes], actual);
    assert.equal(actual.join(" "), table, op);
  }
});
