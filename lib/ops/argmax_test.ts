import assert from "node:assert/strict";
import { type Random, tryOp } from "../../tests/op_trials.ts";
import { pick, randomEncoding, single, whole } from "../../tests/op_graphs.ts";

function argmaxGraph(random: Random) {
  const shape = pick(random, [
    [whole(random, 1, 256)],
    Array.from({ length: whole(random, 1, 4) }, () => whole(random, 1, 5)),
  ]);
  const attributes = { axis: whole(random, 0, shape.length - 1), keepDims: random() < 0.5 };
  // Coarse codes, so that equal values are common.
  const encodings = new Map([[
    "x",
    pick(random, [randomEncoding(random), { scale: 2, zeroPoint: 0 }]),
  ]]);
  return single(random, "argmax", shape, { attributes }, encodings);
}

Deno.test("argmax means the same everywhere", () => tryOp(argmaxGraph, { steps: 0 }));

Deno.test("argmax refuses axes that are not there, and more choices than codes", () => {
  const make = (shape: number[], axis: number) => () =>
    single(() => 0, "argmax", shape, { attributes: { axis, keepDims: false } });
  assert.throws(make([4, 2], 2), /0…1/);
  assert.throws(make([257], 0), /256/);
});
