import assert from "node:assert/strict";
import { referenceRunner } from "../lib/run/reference.ts";
import { deployBenchmark, haveMlperfTiny, loadBenchmark, mlperfTiny } from "./mlperf_tiny.ts";

const ignore = !haveMlperfTiny();

for (const name of mlperfTiny) {
  Deno.test({ name: `${name}: the reference gives the published bytes`, ignore }, async () => {
    const { graph, inputs, outputs } = await loadBenchmark(name);
    const run = referenceRunner(graph);
    inputs.forEach((input, i) => assert.deepEqual(run(input), outputs[i], `sample ${i}`));
  });
}

// One sample, to be short; `bench/mlperf_tiny.ts` runs them all.
const cores = [
  "host",
  "cortex-m0plus",
  "cortex-m4",
  "cortex-m7",
  "cortex-m33",
  "rv32imc",
  "nic-dpa",
];

for (const name of mlperfTiny) {
  for (const core of cores) {
    Deno.test({ name: `${name} on ${core}: the published bytes`, ignore }, async () => {
      const { equal, samples } = await deployBenchmark(name, core, 1);
      assert.equal(equal, samples);
    });
  }
}
