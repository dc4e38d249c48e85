import assert from "node:assert/strict";
import { compare, figurePath, keyOf, readFigures, writeFigures } from "../bench/figures.ts";
import { type Cases, measureAll, type Row } from "../bench/measure.ts";
import { findCompiler } from "../lib/build/toolchain.ts";
import { loadTargets } from "../lib/targets.ts";

const targets = ["cortex-m4", "cortex-m0plus", "rv32imc"];
const committed = await readFigures();
const compilers = await Promise.all((await loadTargets(targets.join(","))).map(findCompiler));
// Another version of gcc makes other code; then the figures say nothing of ours.
const ignore = !compilers.every(({ version }) => committed.compilers.includes(version));

async function measured(cases: Cases): Promise<Row[]> {
  const rows: Row[] = [];
  const fail = (message: string) => assert.fail(message);
  await measureAll(cases, {
    row: (row) => rows.push(row),
    failed: (what, why) => fail(`${keyOf(what)}: ${why}`),
    absent: fail,
  });
  return rows;
}

Deno.test({
  name: "no figure of the networks that come with intnic has worsened by more than 1 %",
  ignore,
  fn: async () => {
    const rows = await measured({ models: ["mlp", "convnet"], targets, levels: ["balanced"] });
    assert.equal(rows.length, 6);
    const worse = rows.flatMap((row) => compare(row, committed).worse);
    assert.deepEqual(worse, [], "./intnic bench --update commits what is meant to be so");
  },
});

Deno.test("a figure that has worsened by more than 1 % is named, and by how much", async () => {
  const [row] = await measured({ models: ["mlp"], targets: ["cortex-m4"], levels: ["size"] });
  const path = await Deno.makeTempFile();
  try {
    await Deno.remove(path);
    assert.deepEqual(compare(row!, await readFigures(path)), { worse: [], better: true });
    await writeFigures([row!], path);
    const file = await readFigures(path);
    assert.deepEqual(compare(row!, file), { worse: [], better: false });
    const more = (factor: number) => ({ ...row!, cycles: factor * row!.cycles });
    assert.deepEqual(compare(more(1.009), file), { worse: [], better: false });
    assert.deepEqual(compare(more(0.98), file), { worse: [], better: true });
    const [sentence, ...others] = compare(more(1.1), file).worse;
    assert.match(
      sentence!,
      /^mlp on cortex-m4, --optimize size: cycles went from [\d,]+ to [\d,]+, 10\.0 % more\.$/,
    );
    assert.deepEqual(others, []);
    const elsewhere = compare({ ...more(2), compiler: "gcc 99" }, file).worse[0]!;
    assert.match(elsewhere, /100\.0 % more\. The compiler is another one: gcc 99\.$/);
    await writeFigures([more(2)], path);
    assert.equal(Object.keys((await readFigures(path)).figures).length, 1);
    await Deno.writeTextFile(path, "{");
    await assert.rejects(readFigures(path), /is damaged: .*\.$/);
  } finally {
    await Deno.remove(path, { recursive: true });
  }
  assert.ok(figurePath.endsWith("/bench/figures.json"));
});
