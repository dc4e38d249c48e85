import assert from "node:assert/strict";
import {
  formatBytes,
  formatCount,
  formatHertz,
  formatMicroseconds,
  formatPercent,
  formatSpread,
} from "./format.ts";
import { layersTable, recordsTable } from "./table.ts";
import { exampleHostRecord, exampleRecord } from "./testing.ts";

Deno.test("numbers are written as people read them", () => {
  assert.equal(formatCount(2_299_104.4), "2,299,104");
  assert.equal(formatCount(null), "–");
  assert.equal(formatBytes(1023), "1023 B");
  assert.equal(formatBytes(14_746), "14.4 KB");
  assert.equal(formatBytes(1 << 20), "1 MB");
  assert.equal(formatPercent(0.9891), "98.91");
  assert.equal(formatMicroseconds(13_095.2), "13,095");
  assert.equal(formatMicroseconds(85.234), "85.2");
  assert.equal(formatMicroseconds(0.0731), "0.073");
  assert.equal(formatHertz(1_800_000_000), "1.8 GHz");
  assert.equal(formatHertz(168_000_000), "168 MHz");
});

Deno.test("a spread shows one number only where all samples agree", () => {
  assert.equal(formatSpread({ min: 5, mean: 5, max: 5 }), "5");
  assert.equal(formatSpread({ min: 4, mean: 5000, max: 6000 }), "5,000 (4–6,000)");
  assert.equal(formatSpread(null), "–");
});

Deno.test("one row a record, with the sums of its bytes", () => {
  const text = recordsTable([exampleRecord(), exampleHostRecord()]);
  assert.match(text, /cortex-m4 │ +1,000 │ +98\.93 │ +98\.91 │ +0 │ +380,128 │ +1,800,000 │/);
  assert.match(text, /host +│ +1,000 │ +98\.93 │ +98\.91 │ +0 │ +380,128 │ +– │ +– │/);
  assert.match(text, /cortex-m4 │ +3,000 │ +6,448 │ +552 │ +9\.8 KB │ +8,000 │ +300 │ +1,700 │/);
  assert.ok(Math.max(...text.split("\n").map((line) => line.length)) <= 120);
});

Deno.test("a history says when and which model", () => {
  const text = recordsTable([exampleRecord()], { history: true });
  assert.match(text, /│ 2026-01-02 03:04 │ convnet │ cortex-m4 │ +1,000 │/);
});

Deno.test("every modelled or measured figure is said to be so", () => {
  const text = recordsTable([exampleRecord(), exampleHostRecord()]);
  assert.match(text, /\[1\] Cycles are modelled by the timing table "cortex-m4"; .*unvalidated\./);
  assert.match(text, /2,200,000 \[1\]/);
  assert.match(text, /\[2\] Time modelled: the modelled cycles over the target's clock rate\./);
  assert.match(text, /13,095 \[2\]/);
  assert.match(text, /\[3\] Time measured on this machine's clock\./);
  assert.match(text, /85\.2 \[3\]/);
});

Deno.test("the table of layers leaves what is not known as a dash", () => {
  const text = layersTable(exampleRecord());
  assert.match(text, /^convnet on cortex-m4, mean over 1,000 samples:/);
  assert.match(text, /conv1 +│ conv2d +│ band +│ +97,344 │ +900,000 │ +1,100,000 │ +11\.30 │/);
  assert.match(text, /pool1 +│ max_pool +│ – +│ +0 │ +50,000 │ +60,000 │ +– │/);
  const host = layersTable(exampleHostRecord());
  assert.match(host, /conv1 +│ conv2d +│ band +│ +97,344 │ +– │ +– │ +– │/);
  assert.match(host, /not counted on this target/);
});
