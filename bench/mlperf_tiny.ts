/**
 * Deploys the three MLPerf Tiny models whose exact outputs are known to every target, runs all their
 * samples there and compares every byte: `deno run -A bench/mlperf_tiny.ts`. Takes minutes.
 *
 * @module
 */
import Table from "cli-table3";
import { deployBenchmark, haveMlperfTiny, mlperfTiny } from "../tests/mlperf_tiny.ts";

const targets = [
  "host",
  "cortex-m0plus",
  "cortex-m4",
  "cortex-m7",
  "cortex-m33",
  "rv32imc",
  "nic-dpa",
];
const SAMPLES = 4;

if (!haveMlperfTiny()) Deno.exit(1);
const table = new Table({
  head: ["model", "target", "equal", "cycles", "flash", "arena", "RAM"],
  colAligns: ["left", "left", "right", "right", "right", "right", "right"],
  style: { head: [], border: [], compact: true },
});
let failed = 0;
for (const name of mlperfTiny) {
  for (const target of targets) {
    const { equal, record } = await deployBenchmark(name, target, SAMPLES);
    if (equal !== SAMPLES || record.mismatches > 0) failed++;
    const count = (value: number) => Math.round(value).toLocaleString("en-US");
    table.push([
      name,
      target,
      `${equal} of ${SAMPLES}`,
      record.cycles === null ? "–" : count(record.cycles.mean),
      count(record.flash.total),
      count(record.ram.arena),
      count(record.ram.total),
    ]);
  }
}
console.log(table.toString());
console.log(failed === 0 ? "All bytes are the published ones." : `${failed} runs differ.`);
Deno.exit(failed === 0 ? 0 : 1);
