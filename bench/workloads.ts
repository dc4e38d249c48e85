/** A network that kernels are measured by. */
export interface Workload {
  readonly name: string;
  /** As `loadModel` takes it. */
  readonly path: string;
  /** Cycles of CMSIS-NN compiled by gcc 12.2 -O2, by a plain table of each core's manual. */
  readonly peers: Readonly<Record<string, number>>;
}

const mlperf = new URL("../../shared/data/mlperf-tiny/", import.meta.url).pathname;

/** The networks of this repository and of MLPerf Tiny. */
export const workloads: readonly Workload[] = [
  {
    name: "mlp",
    path: "mlp",
    peers: { "cortex-m4": 0.266e6, "cortex-m0plus": 0.907e6, "rv32imc": 0.818e6 },
  },
  {
    name: "convnet",
    path: "convnet",
    peers: { "cortex-m4": 2.33e6, "cortex-m0plus": 6.75e6, "rv32imc": 3.97e6 },
  },
  {
    name: "anomaly-detection",
    path: `${mlperf}anomaly-detection/model.tflite`,
    peers: { "cortex-m4": 0.721e6 },
  },
  {
    name: "keyword-spotting",
    path: `${mlperf}keyword-spotting/model.tflite`,
    peers: { "cortex-m4": 9.17e6 },
  },
  {
    name: "image-classification",
    path: `${mlperf}image-classification/model.tflite`,
    peers: { "cortex-m4": 36.6e6, "cortex-m0plus": 137e6, "rv32imc": 89.8e6 },
  },
];
