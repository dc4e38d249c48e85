import assert from "node:assert/strict";
import fc from "fast-check";
import { formatList, toComment, toIdentifier, toIdentifiers } from "./literals.ts";

Deno.test("any name becomes a C identifier", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), (name) => {
    assert.match(toIdentifier(name), /^[a-z][a-z0-9_]*$/);
  }));
  assert.equal(toIdentifier("conv2d_Conv2D1/relu"), "conv2d_conv2d1_relu");
  assert.deepEqual(toIdentifiers(["a-b", "a_b", "A b", "1"]), ["a_b", "a_b_2", "a_b_3", "layer_1"]);
});

Deno.test("no text can end a comment", () => {
  fc.assert(fc.property(fc.string(), (text) => {
    const comment = toComment(text);
    assert.ok(!comment.includes("*/") && !comment.includes("/*") && !comment.includes("\n"));
  }));
  assert.equal(toComment("a*/ int x; /*"), "a* / int x; / *");
});

Deno.test("lists are broken into lines that fit", () => {
  const text = formatList(Array.from({ length: 100 }, (_, i) => i - 50));
  assert.ok(text.split("\n").every((line) => line.length <= 96));
  assert.equal(text.split(",").filter((item) => item.trim() !== "").length, 100);
});
