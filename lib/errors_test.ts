import assert from "node:assert/strict";
import { nearest, nearestFew } from "./errors.ts";

Deno.test("the nearest names come first, and only those about as near", () => {
  const names = ["infer", "inferno", "infra", "input", "main", "infer", "unrelated_name"];
  assert.deepEqual(nearestFew("infr", names, 3), ["infer", "infra"]);
  assert.deepEqual(nearestFew("infre", names, 3), ["infra", "infer"]);
  assert.deepEqual(nearestFew("infr", names, 1), ["infer"]);
  assert.deepEqual(nearestFew("completely_different_thing", names, 3), []);
  assert.deepEqual(nearestFew("x", [], 3), []);
  assert.equal(nearest("mian", names), "main");
  assert.equal(nearest("completely_different_thing", names), undefined);
});
