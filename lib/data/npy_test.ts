import assert from "node:assert/strict";
import { zipSync } from "npm:fflate@0.8.3";
import { UserError } from "../errors.ts";
import { parseNpy, parseNpz } from "./npy.ts";
import { npy } from "./npy_for_tests.ts";

function bytesOf(array: { buffer: ArrayBufferLike }): Uint8Array {
  return new Uint8Array(array.buffer as ArrayBuffer);
}

Deno.test("every type and version is read", () => {
  const values = [0, 1, 100, 7];
  const cases: [string, { buffer: ArrayBufferLike }][] = [
    ["<f4", Float32Array.from(values)],
    ["<f8", Float64Array.from(values)],
    ["|i1", Int8Array.from(values)],
    ["|u1", Uint8Array.from(values)],
    ["<i2", Int16Array.from(values)],
    ["<i4", Int32Array.from(values)],
    ["<i8", BigInt64Array.from(values, BigInt)],
  ];
  for (const [type, data] of cases) {
    for (const version of [1, 2, 3]) {
      const array = parseNpy(npy(type, [2, 2], bytesOf(data), { version }), "a.npy");
      assert.deepEqual([...array.values], values, type);
      assert.deepEqual(array.shape, [2, 2]);
      assert.equal(array.whole, !type.includes("f"));
    }
  }
  const big = new DataView(new ArrayBuffer(8));
  big.setInt32(0, -5);
  big.setInt32(4, 6);
  assert.deepEqual([...parseNpy(npy(">i4", [2], bytesOf(big)), "a.npy").values], [-5, 6]);
});

Deno.test("Fortran order comes out row-major", () => {
  const data = Uint8Array.from([0, 3, 1, 4, 2, 5]);
  const array = parseNpy(npy("|u1", [2, 3], data, { fortran: true }), "a.npy");
  assert.deepEqual([...array.values], [0, 1, 2, 3, 4, 5]);
});

Deno.test("a scalar and a vector have the shapes of Python tuples", () => {
  const one = new Uint8Array(1);
  assert.deepEqual(parseNpy(npy("|u1", [], one), "a.npy").shape, []);
  assert.deepEqual(parseNpy(npy("|u1", [1], one), "a.npy").shape, [1]);
});

Deno.test("damaged files and other types are told", () => {
  const good = npy("<f4", [3], new Uint8Array(12));
  const cases: [Uint8Array, RegExp][] = [
    [new Uint8Array(20), /not a \.npy file/],
    [good.subarray(0, 40), /truncated/],
    [good.subarray(0, good.length - 1), /announces an array of 3 .* 12 in all, but 11 follow/],
    [npy("<c8", [1], new Uint8Array(8)), /type "<c8"/],
    [npy("|O8", [1], new Uint8Array(8)), /header that intnic cannot read/],
    [npy("<f4", [2 ** 31, 2 ** 31], new Uint8Array(12)), /announces an array/],
  ];
  for (const [bytes, message] of cases) {
    assert.throws(() => parseNpy(bytes, "a.npy"), (error: Error) => {
      assert.ok(error instanceof UserError);
      assert.match(error.message, message);
      return true;
    });
  }
});

Deno.test("archives: arrays by name, other files left alone, damage told", () => {
  const zip = zipSync({
    "x.npy": npy("|u1", [2], Uint8Array.from([1, 2])),
    "notes.txt": new Uint8Array(3),
  });
  assert.deepEqual([...parseNpz(zip, "a.npz").keys()], ["x"]);
  for (const bytes of [zip.subarray(0, 30), new Uint8Array(100)]) {
    assert.throws(() => parseNpz(bytes, "a.npz"), UserError);
  }
});
