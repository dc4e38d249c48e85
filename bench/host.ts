/**
 * Measures the host's C on quantized networks with random weights, side by side with ONNX Runtime's
 * int8 kernels on one thread, turn by turn: the median of the turns, and the least.
 *
 *     deno run -A bench/host.ts [--models image-classification] [--turns 15] [--generic]
 *
 * `--generic` measures the C of the flavour `generic` too.
 *
 * @module
 */
import * as ort from "onnxruntime-node";
import { parseArgs } from "node:util";
import { build } from "../lib/build/build.ts";
import { loadKernels } from "../lib/build/kernels.ts";
import { generateC } from "../lib/codegen/c.ts";
import { runOnHost } from "../lib/run/host.ts";
import { loadTarget } from "../lib/targets.ts";
import type { Optimize } from "../lib/types.ts";
import type { Codes } from "../tests/onnx_quantized.ts";
import { type Form, type HostNetwork, hostNetworks } from "./host_networks.ts";
import { integerNetwork } from "./workloads.ts";

const { values } = parseArgs({
  options: {
    models: { type: "string", default: hostNetworks.map(({ name }) => name).join(",") },
    turns: { type: "string", default: "15" },
    generic: { type: "boolean", default: false },
    optimize: { type: "string", default: "speed" },
  },
});

/** Samples a turn. */
const SAMPLES = 100;

/** Takes one turn and gives microseconds an inference. */
type Way = () => Promise<number>;

/** ONNX Runtime, its calls from JavaScript included. */
async function onnxRuntime(network: HostNetwork, form: Form, codes: Codes): Promise<Way> {
  const session = await ort.InferenceSession.create(network.write(form, codes), {
    graphOptimizationLevel: "all",
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: "sequential",
    logSeverityLevel: 3,
  });
  const length = network.shape.reduce((a, b) => a * b, 1);
  const data = Float32Array.from({ length }, (_, i) => (i * 37 % 101) / 50 - 1);
  const feeds = { [session.inputNames[0]!]: new ort.Tensor("float32", data, [...network.shape]) };
  return async () => {
    const start = performance.now();
    for (let i = 0; i < SAMPLES; i++) await session.run(feeds);
    return 1000 * (performance.now() - start) / SAMPLES;
  };
}

/** The generated C, calls included too. */
async function ours(network: HostNetwork, generic: boolean): Promise<Way> {
  const host = await loadTarget("host");
  const target = generic
    ? { ...host, kernels: ["generic"], compiler: { ...host.compiler, flags: [] } }
    : host;
  const program = generateC(integerNetwork(network.model()), await loadKernels(target), {
    optimize: values.optimize as Optimize,
  });
  const directory = await Deno.makeTempDir();
  const binary = await build(program, target, { directory });
  addEventListener("unload", () => Deno.removeSync(directory, { recursive: true }));
  const inputs = Int8Array.from(
    { length: SAMPLES * program.inputBytes },
    (_, i) => Math.imul(i, 2654435761) >> 24,
  );
  return () => Promise.resolve(runOnHost(binary, program, inputs).microseconds!);
}

function median(all: readonly number[]): number {
  const sorted = all.toSorted((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) / 2)]! + sorted[sorted.length >> 1]!) / 2;
}

console.log("| network | | median, µs | least, µs |\n| --- | --- | --: | --: |");
const ratios: string[] = [];
for (const network of hostNetworks) {
  if (!values.models.split(",").includes(network.name)) continue;
  const ways: Record<string, Way> = {
    "intnic": await ours(network, false),
    ...(values.generic ? { "intnic, generic, -O2": await ours(network, true) } : {}),
    "ONNX Runtime, QLinear operators, int8": await onnxRuntime(network, "operators", "int8"),
    "ONNX Runtime, QLinear operators, uint8": await onnxRuntime(network, "operators", "uint8"),
    "ONNX Runtime, QDQ, int8": await onnxRuntime(network, "qdq", "int8"),
    "ONNX Runtime, QDQ, uint8": await onnxRuntime(network, "qdq", "uint8"),
  };
  const times = Object.fromEntries(Object.keys(ways).map((name) => [name, [] as number[]]));
  for (let turn = 0; turn < Number(values.turns); turn++) {
    for (const [name, way] of Object.entries(ways)) times[name]!.push(await way());
  }
  for (const [name, all] of Object.entries(times)) {
    console.log(
      `| ${network.name} | ${name} | ${median(all).toFixed(1)} | ${Math.min(...all).toFixed(1)} |`,
    );
  }
  const peers = Object.entries(times).filter(([name]) => name.startsWith("ONNX"));
  const best = Math.min(...peers.map(([, all]) => median(all)));
  ratios.push(`${network.name}: ${(median(times["intnic"]!) / best).toFixed(2)}`);
}
console.log(`\nMedians, times ONNX Runtime's best: ${ratios.join(", ")}.`);
