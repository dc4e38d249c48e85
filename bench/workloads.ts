import { importModel } from "../lib/import/mod.ts";
import { loadModel } from "../lib/import/load.ts";
import { elements } from "../lib/ops/op.ts";
import { quantize } from "../lib/quantize/quantize.ts";
import type { Model, QuantizedGraph } from "../lib/types.ts";
import { mobilenet } from "../tests/tflite_mobilenet.ts";

/** A network that kernels are measured by. */
export interface Workload {
  readonly name: string;
  /** Undefined where the model's file is not there. */
  load(): Promise<Model | undefined>;
  /**
   * Cycles of CMSIS-NN on the same quantized network, by target: commit 99f736a of July 2026, all
   * outputs of the TensorFlow Lite models equal byte for byte, compiled by gcc 12.2 -O2 with the
   * target's flags, in our emulator with the target's own timing table. On cortex-m4 the fewer of
   * those with and without -falign-loops=4.
   */
  readonly peers: Readonly<Record<string, number>>;
  /** Cycles on a Cortex-M4 of the fastest published result of MLPerf Tiny 1.1 and 1.2. */
  readonly silicon?: number;
}

const mlperf = new URL("../../shared/data/mlperf-tiny/", import.meta.url);

/**
 * The networks of this repository and of MLPerf Tiny; wake words with random weights. Some of our
 * kernels take longer the larger weights are on average; CMSIS-NN's cycles do not depend on them.
 */
export const workloads: readonly Workload[] = [
  {
    name: "mlp",
    load: () => loadModel("mlp"),
    peers: {
      "cortex-m4": 303_377,
      "cortex-m7": 149_694,
      "cortex-m33": 246_523,
      "cortex-m0plus": 908_253,
      "rv32imc": 1_039_926,
      "nic-dpa": 851_500,
    },
  },
  {
    name: "convnet",
    load: () => loadModel("convnet"),
    peers: {
      "cortex-m4": 2_269_538,
      "cortex-m7": 1_239_360,
      "cortex-m33": 2_004_418,
      "cortex-m0plus": 6_775_212,
      "rv32imc": 4_919_062,
      "nic-dpa": 4_028_576,
    },
  },
  {
    name: "anomaly-detection",
    load: () => benchmark("anomaly-detection"),
    peers: {
      "cortex-m4": 806_212,
      "cortex-m7": 396_854,
      "cortex-m33": 656_630,
      "cortex-m0plus": 2_358_164,
      "rv32imc": 2_565_767,
      "nic-dpa": 2_101_187,
    },
    silicon: 490_000,
  },
  {
    name: "keyword-spotting",
    load: () => benchmark("keyword-spotting"),
    peers: {
      "cortex-m4": 9_279_688,
      "cortex-m7": 4_876_000,
      "cortex-m33": 7_998_631,
      "cortex-m0plus": 39_164_817,
      "rv32imc": 27_593_625,
      "nic-dpa": 22_864_954,
    },
    silicon: 5_200_000,
  },
  {
    name: "image-classification",
    load: () => benchmark("image-classification"),
    peers: {
      "cortex-m4": 36_837_137,
      "cortex-m7": 21_564_886,
      "cortex-m33": 33_342_433,
      "cortex-m0plus": 140_184_009,
      "rv32imc": 119_648_312,
      "nic-dpa": 96_130_870,
    },
    silicon: 19_800_000,
  },
  {
    name: "visual-wake-words",
    load: () => Promise.resolve(wakeWords()),
    peers: {
      "cortex-m4": 29_545_164,
      "cortex-m7": 15_500_623,
      "cortex-m33": 25_343_876,
      "cortex-m0plus": 117_577_955,
      "rv32imc": 82_070_004,
      "nic-dpa": 67_589_444,
    },
    silicon: 10_700_000,
  },
];

/** A model of MLPerf Tiny; they are not part of the repository. */
async function benchmark(name: string): Promise<Model | undefined> {
  const path = new URL(`${name}/model.tflite`, mlperf).pathname;
  const there = await Deno.stat(path).then(() => true, () => false);
  return there ? await loadModel(path) : undefined;
}

/**
 * The benchmark's network, layer by layer, with weights that mean nothing: normally distributed, the
 * largest of each channel 127, as quantization by channel makes it. Their mean magnitude is 59 with 9
 * weights a channel, 41 with 64 and 37 with 128, where trained networks have 57 to 68 with 9 and 39 to
 * 42 with 64 (keyword spotting), and 29 to 33 with 144 (image classification, our ConvNet).
 */
function wakeWords(): Model {
  return {
    name: "visual-wake-words",
    format: "tflite",
    path: "model.tflite",
    sha256: "",
    files: new Map([["model.tflite", mobilenet(1, 96, "normally")]]),
  };
}

/** The integer network of a model; what it is calibrated on has no part in what it costs. */
export function integerNetwork(model: Model): QuantizedGraph {
  const graph = importModel(model);
  const size = elements(graph.tensors.get(graph.input)!);
  const samples = [0, 1].map((n) => Float32Array.from({ length: size }, (_, i) => (i + n) % 7 / 7));
  return quantize(graph, samples, { calibrator: "max" });
}
