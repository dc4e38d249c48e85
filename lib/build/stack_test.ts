import assert from "node:assert/strict";
import { deepestStack } from "./stack.ts";

// The format of gcc 12.2's -fcallgraph-info=su, with names of our own.
const node = (title: string, size: string) =>
  `node: { title: "${title}" label: "${title}\\nmodel.c:1:1\\n${size}" }\n`;
const edge = (from: string, to: string) =>
  `edge: { sourcename: "${from}" targetname: "${to}" label: "model.c:2:3" }\n`;

Deno.test("the deepest chain of calls counts", () => {
  const graph = node("model.c:a", "16 bytes (static)") + node("model.c:b", "40 bytes (static)") +
    node("entry", "8 bytes (dynamic,bounded)") + edge("entry", "model.c:a") +
    edge("entry", "model.c:b") + edge("model.c:a", "model.c:b");
  assert.equal(deepestStack([graph], "entry"), 8 + 16 + 40);
});

Deno.test("recursion, frames that grow and unknown callees have no bound", () => {
  const entry = node("entry", "8 bytes (static)");
  assert.throws(() => deepestStack([entry + edge("entry", "entry")], "entry"), /calls itself/);
  assert.throws(() => deepestStack([node("entry", "8 bytes (dynamic)")], "entry"), /grows/);
  const outside = `node: { title: "memcpy" label: "memcpy\\n<built-in>" shape : ellipse }\n`;
  assert.throws(
    () => deepestStack([entry + outside + edge("entry", "memcpy")], "entry"),
    /memcpy, which is elsewhere/,
  );
  assert.throws(() => deepestStack([entry], "other"), /no function other/);
});
