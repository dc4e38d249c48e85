import assert from "node:assert/strict";
import { UserError } from "../errors.ts";
import { Unsupported, UnsupportedError } from "./unsupported.ts";

Deno.test("all layers that fail are told in one error, in order; a defect is not hidden", () => {
  const unsupported = new Unsupported();
  const fail = (message: string) => () => {
    throw new UserError(message);
  };
  assert.equal(unsupported.attempt("a", "Conv3D", fail("Layer a is a Conv3D.")), undefined);
  assert.equal(unsupported.attempt("b", "Dense", () => 7), 7);
  assert.throws(() => unsupported.end("m"), { message: "Layer a is a Conv3D." });
  unsupported.attempt("c", "Dot", fail("Layer c is a Dot."));
  assert.throws(() => unsupported.end("m"), (error: Error) => {
    assert.ok(error instanceof UnsupportedError && error instanceof UserError);
    assert.deepEqual(error.layers.map(({ name, kind }) => [name, kind]), [
      ["a", "Conv3D"],
      ["c", "Dot"],
    ]);
    assert.match(error.message, /^2 layers of m .*:\n- Layer a is .*\n- Layer c is/);
    return true;
  });
  const defect = () => unsupported.attempt("d", "Dense", () => null!["x"]);
  assert.throws(defect, TypeError);
  new Unsupported().end("m");
});

Deno.test("a message does not name thousands of layers, the error does", () => {
  const unsupported = new Unsupported();
  for (let i = 0; i < 2000; i++) {
    unsupported.attempt(`n${i}`, "Sin", () => {
      throw new UserError(`Node n${i} is a Sin.`);
    });
  }
  assert.throws(() => unsupported.end("m"), (error: Error) => {
    assert.ok(error instanceof UnsupportedError);
    assert.match(error.message, /^2000 layers of m .*\n- And 1900 more\.$/s);
    assert.equal(error.layers.length, 2000);
    return true;
  });
});
