/**
 * Measures the host's C on the network of image classification (ResNet8 with random weights, as
 * quantized ONNX), side by side with ONNX Runtime's int8 kernels on one thread, turn by turn.
 *
 *     deno run -A bench/host.ts [--turns 9] [--flags "-O3 -march=native"]
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
import { type Codes, QuantizedWriter } from "../tests/onnx_quantized.ts";
import { onnxModel, writeOnnx } from "../tests/onnx_writer.ts";
import { integerNetwork } from "./workloads.ts";

const { values } = parseArgs({
  options: {
    turns: { type: "string", default: "9" },
    flags: { type: "string", default: "" },
    optimize: { type: "string", default: "speed" },
  },
});

/** Samples a turn. */
const SAMPLES = 100;

/** Residual blocks of two 3×3 convolutions each, then an average and a dense layer. */
function resnet(form: "operators" | "qdq", codes: Codes): Uint8Array<ArrayBuffer> {
  const w = new QuantizedWriter(1, form, codes);
  let x = w.convolve(w.quantize("x", 2), [3, 16], { relu: true });
  for (const [from, to] of [[16, 16], [16, 32], [32, 64]] as const) {
    const stride = to / from;
    const y = w.convolve(x, [from, to], { stride, relu: true });
    const skip = stride === 1 ? x : w.convolve(x, [from, to], { stride, kernel: 1 });
    x = w.combine("Add", skip, w.convolve(y, [to, to]));
  }
  x = w.apply("AveragePool", x, 3, { kernel_shape: [8, 8] });
  return writeOnnx(w.end(w.dense(w.move("Flatten", x), 64, 10), [1, 3, 32, 32]).spec);
}

/** Microseconds of one inference in ONNX Runtime, its calls from JavaScript included. */
async function onnxRuntime(
  form: "operators" | "qdq",
  codes: Codes,
): Promise<() => Promise<number>> {
  const session = await ort.InferenceSession.create(resnet(form, codes), {
    graphOptimizationLevel: "all",
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: "sequential",
    logSeverityLevel: 3,
  });
  const data = Float32Array.from({ length: 3 * 32 * 32 }, (_, i) => (i * 37 % 101) / 50 - 1);
  const feeds = { [session.inputNames[0]!]: new ort.Tensor("float32", data, [1, 3, 32, 32]) };
  return async () => {
    const start = performance.now();
    for (let i = 0; i < SAMPLES; i++) await session.run(feeds);
    return 1000 * (performance.now() - start) / SAMPLES;
  };
}

/** The same of the generated C. */
async function ours(): Promise<() => Promise<number>> {
  const base = await loadTarget("host");
  const flags = [...base.compiler.flags, ...values.flags.split(" ").filter((flag) => flag !== "")];
  const target = { ...base, compiler: { ...base.compiler, flags } };
  const graph = integerNetwork(onnxModel(resnet("operators", "int8")));
  const program = generateC(graph, await loadKernels(target), {
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

const ways = {
  "intnic": await ours(),
  "ONNX Runtime, QLinear operators, int8": await onnxRuntime("operators", "int8"),
  "ONNX Runtime, QLinear operators, uint8": await onnxRuntime("operators", "uint8"),
  "ONNX Runtime, QDQ, uint8": await onnxRuntime("qdq", "uint8"),
};
const times = Object.fromEntries(Object.keys(ways).map((name) => [name, [] as number[]]));
for (let turn = 0; turn < Number(values.turns); turn++) {
  for (const [name, run] of Object.entries(ways)) times[name]!.push(await run());
}
const least = Object.entries(times).map(([name, all]) => [name, Math.min(...all)] as const);
for (const [name, microseconds] of least) console.log(`${name}: ${microseconds.toFixed(0)} µs`);
const best = Math.min(...least.slice(1).map(([, microseconds]) => microseconds));
console.log(`${(least[0]![1] / best).toFixed(2)} times ONNX Runtime's best.`);
