/**
 * Measures the emulator: instructions a second on a deployed network's inference loop, without any
 * hook (bare Unicorn), with the cycle table, and with every instruction checked (`intnic run` and
 * `Device`), side by side on the same ELF; then resident memory over many inferences.
 *
 *     deno run -A bench/emulator.ts [--rounds 15] [--inferences 5000]
 *
 * @module
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { build } from "../lib/build/build.ts";
import { loadKernels } from "../lib/build/kernels.ts";
import { generateC } from "../lib/codegen/c.ts";
import { loadModel } from "../lib/import/load.ts";
import { importModel } from "../lib/import/mod.ts";
import { elements } from "../lib/ops/op.ts";
import { quantize } from "../lib/quantize/quantize.ts";
import { Machine } from "../lib/run/emulator/machine.ts";
import { Emulator } from "../lib/run/emulator/mod.ts";
import { loadTarget } from "../lib/targets.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "15" },
    inferences: { type: "string", default: "5000" },
  },
});
const rounds = Number(values.rounds);
const inferences = Number(values.inferences);

/** Seconds each way runs before the next takes its turn. */
const TURN = 0.2;

const target = await loadTarget("cortex-m4");

/** The network's deployed firmware; inputs and ranges do not matter for speed. */
async function deployed(name: string): Promise<Uint8Array> {
  const graph = importModel(await loadModel(name));
  const size = elements(graph.tensors.get(graph.input)!);
  const inputs = [0, 1].map((n) => Float32Array.from({ length: size }, (_, i) => (i + n) % 7 / 7));
  const program = generateC(
    quantize(graph, inputs, { calibrator: "max" }),
    await loadKernels(target),
  );
  const directory = await Deno.makeTempDir();
  try {
    return (await build(program, target, { directory })).bytes;
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Microseconds this process has had a processor: other programs do not count. */
function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1]!;
}

console.log(
  `${rounds} turns of ${TURN} s each, medians, million instructions a second of processor time:`,
);
for (const name of ["mlp", "convnet"]) {
  const elf = await deployed(name);
  using bare = Emulator.open({ target, elf, count: false });
  using counting = Emulator.open({ target, elf });
  using checking = Machine.open({ target, elf, breaks: ["main"] });
  checking.proceed();
  checking.keep();
  const args = ["intnic_input", "intnic_output"].map((symbol) => counting.address(symbol));
  const { instructions } = counting.call("model_infer", args);
  const ways = {
    bare: () => bare.call("model_infer", args),
    table: () => counting.call("model_infer", args),
    checked: () => checking.call("model_infer", args),
  };
  const speeds: Record<string, number[]> = { bare: [], table: [], checked: [] };
  for (let round = 0; round < rounds; round++) {
    for (const [way, infer] of Object.entries(ways)) {
      const start = performance.now();
      const before = processorTime();
      let calls = 0;
      while (performance.now() - start < TURN * 1000) {
        infer();
        calls++;
      }
      speeds[way]!.push(calls * instructions / (processorTime() - before));
    }
  }
  const { bare: without, table, checked } = speeds;
  const ratio = (part: number[]) => (median(part) / median(without!)).toFixed(2);
  console.log(
    `${name} (${instructions} instructions): bare ${median(without!).toFixed(0)}, cycle table ` +
      `${median(table!).toFixed(0)} (${ratio(table!)} of bare), every instruction checked ` +
      `${median(checked!).toFixed(0)} (${ratio(checked!)})`,
  );
}

const elf = await deployed("mlp");
using emulator = Emulator.open({ target, elf });
const args = ["intnic_input", "intnic_output"].map((symbol) => emulator.address(symbol));
const megabytes = () => (Deno.memoryUsage().rss / 2 ** 20).toFixed(0);
console.log(`Resident memory of the process over ${inferences} inferences of mlp, one engine:`);
for (let done = 0; done < inferences; done++) {
  if (done % Math.ceil(inferences / 5) === 0) console.log(`  after ${done}: ${megabytes()} MB`);
  emulator.call("model_infer", args);
}
console.log(`  after ${inferences}: ${megabytes()} MB`);
