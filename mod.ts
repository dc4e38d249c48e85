/**
 * intnic as a library: each stage of a deployment as a function, and the values between them.
 *
 *     loadModel → importModel → quantize → generateC → build → runOnHost | runEmulated → makeRecord
 *
 * @example Quantize a model and write its C
 * ```ts
 * import { generateC, importModel, loadKernels, loadModel, loadTarget, quantize } from "./mod.ts";
 *
 * const graph = importModel(await loadModel("convnet"));
 * // Real inputs; take them from your training set.
 * const samples = [new Float32Array(784).fill(1), new Float32Array(784)];
 * const quantized = quantize(graph, samples, { calibrator: "max" });
 * const program = generateC(quantized, await loadKernels(await loadTarget("cortex-m4")));
 * console.assert(program.files.get("model.h")?.includes("model_infer"));
 * ```
 *
 * @module
 */

export { build, type BuildOptions } from "./lib/build/build.ts";
export { loadKernels } from "./lib/build/kernels.ts";
export { generateC, type GenerateOptions } from "./lib/codegen/c.ts";
export type { KernelSources } from "./lib/codegen/kernel_text.ts";
export { type FileSamples, loadInputs } from "./lib/data/inputs.ts";
export { type Dataset, loadDataset, sample } from "./lib/data/mod.ts";
export { compareLayers, type CompareOptions, type LayerDifference } from "./lib/diff/compare.ts";
export { type Cause, diagnose, type LayerDiagnosis } from "./lib/diff/diagnose.ts";
export { type DeployOptions, deployTo } from "./lib/deploy.ts";
export { nearest, UserError } from "./lib/errors.ts";
export { type FloatObserver, floatRunner } from "./lib/graph/float.ts";
export { loadModel } from "./lib/import/load.ts";
export { UnsupportedError, type UnsupportedLayer } from "./lib/import/unsupported.ts";
export { estimate, type TargetEstimate } from "./lib/inspect/estimate.ts";
export { type LayerFigures, layerFigures, quantizeForSize } from "./lib/inspect/figures.ts";
export { importModel } from "./lib/import/mod.ts";
export { type LayerQuality, measureQuality } from "./lib/quantize/quality.ts";
export { quantize, type QuantizeOptions } from "./lib/quantize/quantize.ts";
export { quantizeValues } from "./lib/quantize/range.ts";
export { makeRecord, type RecordParts } from "./lib/record/make.ts";
export { openStore, type RecordFilter, type Store } from "./lib/record/store.ts";
export { argmax, evaluate, type Evaluation, type LabelledSamples } from "./lib/run/evaluate.ts";
export { type EmulatedOptions, runEmulated } from "./lib/run/emulated.ts";
export {
  type Argument,
  Device,
  type DeviceCall,
  type DeviceOptions,
  type Elements,
  type ElementType,
} from "./lib/run/device.ts";
export type { RegionSpec } from "./lib/run/board.ts";
export type { FaultDetails, FaultKind } from "./lib/run/emulator/fault.ts";
export {
  type CallResult,
  type Count,
  Emulator,
  EmulatorFault,
  type EmulatorOptions,
} from "./lib/run/emulator/mod.ts";
export { runOnHost } from "./lib/run/host.ts";
export { type ReferenceObserver, referenceRunner } from "./lib/run/reference.ts";
export type { Progress, RunResult } from "./lib/run/runner.ts";
export { listTargets, loadTarget, loadTargets, parseTarget } from "./lib/targets.ts";
export type * from "./lib/types.ts";
