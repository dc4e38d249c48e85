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

// One sample on some cores, to be short; `bench/mlperf_tiny.ts` runs all on all.
const targets: Readonly<Record<string, readonly string[]>> = {
  "anomaly-detection": [
    "host",
    "cortex-m0plus",
    "cortex-m4",
    "cortex-m7",
    "cortex-m33",
    "rv32imc",
    "nic-dpa",
  ],
  "keyword-spotting": ["host", "cortex-m4", "rv32imc"],
  "image-classification": ["host", "cortex-m4"],
};

for (const [name, cores] of Object.entries(targets)) {
  for (const core of cores) {
    Deno.test({ name: `${name} on ${core}: the published bytes`, ignore }, async () => {
      const { equal, samples } = await deployBenchmark(name, core, 1);
      assert.equal(equal, samples);
    });
  }
}
