import assert from "node:assert/strict";
import { referenceRunner } from "../lib/run/reference.ts";
import { haveMlperfTiny, loadBenchmark, mlperfTiny } from "./mlperf_tiny.ts";

const ignore = !haveMlperfTiny();

for (const name of mlperfTiny) {
  Deno.test({ name: `${name}: the reference gives the published bytes`, ignore }, async () => {
    const { graph, inputs, outputs } = await loadBenchmark(name);
    const run = referenceRunner(graph);
    inputs.forEach((input, i) => assert.deepEqual(run(input), outputs[i], `sample ${i}`));
  });
}
