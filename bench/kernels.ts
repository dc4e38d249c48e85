/**
 * Measures the generated kernels and prints Markdown: for each network, target and optimize level the
 * cycles, instructions, flash and RAM of one inference, beside CMSIS-NN's and published silicon's,
 * then layer by layer. Output bytes are compared with the reference.
 *
 *     deno run -A bench/kernels.ts [--models convnet,…] [--targets cortex-m4,…] [--levels speed,…]
 *       [--update]
 *
 * `./intnic bench` prints a table, and compares with committed figures, which `--update` commits here
 * too.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { benchModels, benchTargets } from "../lib/commands/bench.ts";
import type { Optimize } from "../lib/types.ts";
import { count, writeFigures } from "./figures.ts";
import { measureAll, type Row } from "./measure.ts";
import { workloads } from "./workloads.ts";

const { values } = parseArgs({
  options: {
    models: { type: "string", default: benchModels },
    targets: { type: "string", default: benchTargets },
    levels: { type: "string", default: "speed,balanced,size,ram" },
    update: { type: "boolean", default: false },
  },
});
const models = values.models.split(",");
const targets = values.targets.split(",");
const levels = values.levels.split(",") as Optimize[];

const rows: Row[] = [];
const absent: string[] = [];
await measureAll({ models, targets, levels }, {
  row: (row) => rows.push(row),
  failed: ({ model, target, optimize }, why) =>
    absent.push(`${model} on ${target}, ${optimize}: ${why}`),
  absent: (model) => absent.push(`${model}: its file is not on this machine.`),
});
if (values.update) await writeFigures(rows);

for (const model of models) {
  const mine = rows.filter((row) => row.model === model);
  if (mine.length === 0) continue;
  const { peers, silicon } = workloads.find(({ name }) => name === model)!;
  const published = silicon === undefined
    ? ""
    : `; fastest published on a Cortex-M4: ${count(silicon)} cycles`;
  console.log(`### ${model}\n\n${count(mine[0]!.macs)} multiply-accumulates${published}.\n`);
  print(
    "target,level,cycles,a MAC,instructions,CMSIS-NN,ratio,code,flash,arena,stack,RAM",
    mine.map(({ target, optimize, macs, cycles, instructions, flash, ram }) => {
      const peer = peers[target];
      return [
        target,
        optimize,
        count(cycles),
        (cycles / macs).toFixed(2),
        count(instructions),
        peer === undefined ? "" : count(peer),
        peer === undefined ? "" : (peer / cycles).toFixed(2),
        count(flash.code),
        count(flash.total),
        count(ram.arena),
        count(ram.stack),
        count(ram.total),
      ];
    }),
  );
  for (const { target, optimize, layers } of mine) {
    if (optimize !== levels[0] || target !== targets[0]) continue;
    console.log(`\nLayers on ${target}, \`${optimize}\`:\n`);
    print(
      "layer,op,kernel,cycles,a MAC,why",
      layers.map(({ name, op, kernel, why, macs, cycles }) => [
        name.replaceAll("|", "\\|"),
        op,
        kernel,
        count(cycles),
        macs === 0 ? "" : (cycles / macs).toFixed(2),
        why,
      ]),
    );
  }
  console.log("");
}
for (const line of absent) console.log(`Left out: ${line}`);

/** A table; columns are of numbers but for those that begin with a letter. */
function print(head: string, body: readonly (readonly string[])[]): void {
  const names = head.split(",");
  const sides = names.map((_, i) => /^[a-z]/i.test(body[0]?.[i] ?? "") ? "---" : "--:");
  for (const cells of [names, sides, ...body]) console.log(`| ${cells.join(" | ")} |`);
}
