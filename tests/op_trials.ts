import assert from "node:assert/strict";
import { build } from "../lib/build/build.ts";
import { loadKernels } from "../lib/build/kernels.ts";
import { chooseKernel } from "../lib/codegen/choose.ts";
import { joinPools } from "../lib/codegen/pools.ts";
import { type KernelSources, kernelText } from "../lib/codegen/kernel_text.ts";
import { formatList, indent } from "../lib/codegen/literals.ts";
import { floatRunner } from "../lib/graph/float.ts";
import { opOf } from "../lib/ops/mod.ts";
import { contextOf, elements } from "../lib/ops/op.ts";
import { quantize } from "../lib/quantize/quantize.ts";
import { quantizeValues } from "../lib/quantize/range.ts";
import { Emulator } from "../lib/run/emulator/mod.ts";
import { runOnHost } from "../lib/run/host.ts";
import { referenceRunner } from "../lib/run/reference.ts";
import { loadTarget } from "../lib/targets.ts";
import type { CProgram, Graph, Optimize, QuantizedGraph, Target } from "../lib/types.ts";
import { seededRandom } from "./random_graph.ts";

/** Numbers in [0, 1). */
export type Random = () => number;

/** How one op is tried. */
export interface TrialOptions {
  /** Configurations; 200 unless told. */
  readonly count?: number;
  readonly seed?: number;
  /** Real input values of a trial; uniform in [−3, 3) unless told. */
  readonly value?: (random: Random) => number;
  /** Mean distance allowed between integer and float outputs, in output steps; 1.5 unless told. */
  readonly steps?: number;
  /** Targets to run on; host, cortex-m4 and rv32imc unless told. */
  readonly targets?: readonly string[];
  /** Levels of optimization, at which the trials take turns; all unless told. */
  readonly levels?: readonly Optimize[];
}

/** A graph, quantized, and what it is to give for two real inputs, an extreme and a random one. */
interface Trial {
  readonly graph: QuantizedGraph;
  readonly inputs: readonly Int8Array[];
  readonly outputs: readonly Int8Array[];
}

/**
 * Tries one op in many random configurations: the integer reference stays close to the float
 * meaning, and host C and emulated cores give the reference's bytes in a time that does not depend
 * on the values. All configurations are functions of one program, so that it is compiled once a
 * target.
 *
 * @param make a verified graph whose nodes are to be tried; several nodes run one after the other.
 * Encodings that it brings are kept, so that scales and zero points can be chosen
 */
export async function tryOp(
  make: (random: Random) => Graph,
  {
    count = 200,
    seed = 1,
    value = (random) => 6 * random() - 3,
    steps = 1.5,
    targets = ["host", "cortex-m4", "rv32imc"],
    levels = allLevels,
  }: TrialOptions = {},
): Promise<void> {
  const random = seededRandom(seed);
  const trials: Trial[] = [];
  let distance = 0;
  let outputs = 0;
  for (let i = 0; i < count; i++) {
    const graph = make(random);
    const size = elements(graph.tensors.get(graph.input)!);
    const samples = Array.from(
      { length: 2 },
      () => Float32Array.from({ length: size }, () => value(random)),
    );
    const quantized = quantize(graph, samples, { calibrator: "max" });
    const tensor = quantized.tensors.get(quantized.output)!;
    const runFloat = floatRunner(graph);
    const runInteger = referenceRunner(quantized);
    for (const sample of samples) {
      runFloat.reset();
      runInteger.reset();
      const real = runFloat(realOf(quantizeValues(sample, input(quantized)), input(quantized)));
      const codes = runInteger(quantizeValues(sample, input(quantized)));
      real.forEach((value, k) => {
        // What int8 cannot hold is saturation, not inaccuracy.
        const wanted = Math.min(127, Math.max(-128, value / tensor.scale + tensor.zeroPoint));
        distance += Math.abs(codes[k]! - wanted);
      });
      outputs += real.length;
    }
    trials.push(trialOf(quantized, samples, random));
  }
  assert.ok(distance / outputs <= steps, `off by ${distance / outputs} steps on average`);
  for (const name of targets) await runEverywhere(trials, await loadTarget(name), levels);
}

function trialOf(
  graph: QuantizedGraph,
  samples: readonly Float32Array[],
  random: Random,
): Trial {
  const run = referenceRunner(graph);
  const size = elements(input(graph).shape);
  const inputs = [
    ...samples.map((sample) => quantizeValues(sample, input(graph))),
    Int8Array.from({ length: size }, () => random() < 0.5 ? -128 : 127),
    Int8Array.from({ length: size }, () => Math.floor(256 * random()) - 128),
  ];
  return {
    graph,
    inputs,
    outputs: inputs.map((codes) => {
      run.reset();
      return run(codes).slice();
    }),
  };
}

function input(graph: QuantizedGraph) {
  return graph.tensors.get(graph.input)!;
}

/** The real values that codes stand for. */
function realOf(codes: Int8Array, tensor: { scale: number; zeroPoint: number }): Float32Array {
  return Float32Array.from(codes, (code) => tensor.scale * (code - tensor.zeroPoint));
}

async function runEverywhere(
  trials: readonly Trial[],
  target: Target,
  levels: readonly Optimize[],
): Promise<void> {
  for (const rounding of ["single", "tflite"] as const) {
    const same = trials.filter(({ graph }) => graph.rounding === rounding);
    if (same.length === 0) continue;
    const program = programOf(same, await loadKernels(target), levels);
    const directory = await Deno.makeTempDir();
    try {
      const binary = await build(program, roomy(target), { directory });
      if (target.runner === "ffi") runHost(same, program, binary);
      else runCore(same, program, binary.bytes, roomy(target));
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  }
}

/** The target with as much memory as hundreds of layers need. */
function roomy(target: Target): Target {
  if (target.memory === undefined) return target;
  const { flash, ram, source } = target.memory;
  const size = 1 << 24;
  const origin = Math.max(ram.origin, flash.origin + size);
  const memory = { source, flash: { ...flash, size }, ram: { ...ram, origin, size } };
  return { ...target, memory };
}

function runHost(
  trials: readonly Trial[],
  program: CProgram,
  binary: Parameters<typeof runOnHost>[0],
): void {
  trials.forEach(({ inputs, outputs, graph }, which) =>
    inputs.forEach((codes, sample) => {
      const record = recordOf(which, codes, program.inputBytes);
      const actual = runOnHost(binary, program, record).outputs.subarray(
        0,
        outputs[sample]!.length,
      );
      assert.deepEqual(actual, outputs[sample], failure(graph, "host", sample));
    })
  );
}

function runCore(
  trials: readonly Trial[],
  program: CProgram,
  elf: Uint8Array,
  target: Target,
): void {
  using emulator = Emulator.open({ target, elf });
  const from = emulator.address("intnic_input");
  const to = emulator.address("intnic_output");
  trials.forEach(({ inputs, outputs, graph }, which) => {
    const cycles = inputs.map((codes, sample) => {
      emulator.write(from, new Uint8Array(recordOf(which, codes, program.inputBytes).buffer));
      const cost = emulator.call("model_infer", [from, to]);
      const actual = new Int8Array(emulator.read(to, outputs[sample]!.length).slice().buffer);
      assert.deepEqual(actual, outputs[sample], failure(graph, target.name, sample));
      return cost.cycles;
    });
    assert.equal(
      new Set(cycles).size,
      1,
      `${failure(graph, target.name, 0)} takes ${cycles} cycles`,
    );
  });
}

function failure(graph: QuantizedGraph, target: string, sample: number): string {
  const tensors = [...graph.tensors].map(([name, { shape, scale, zeroPoint }]) =>
    `${name} ${shape.join("×")} scale ${scale} zero ${zeroPoint}`
  );
  const nodes = graph.nodes.map(({ op, attributes, activation, clamp }) =>
    JSON.stringify({ op, attributes, activation, clamp })
  );
  return `${target}, sample ${sample}, ${graph.rounding}: ${nodes}; ${tensors.join("; ")}`;
}

/** The number of the trial in four bytes, then its input. */
function recordOf(which: number, codes: Int8Array, bytes: number): Int8Array<ArrayBuffer> {
  const record = new Int8Array(bytes);
  new DataView(record.buffer).setInt32(0, which, true);
  record.set(codes, 4);
  return record;
}

const allLevels: readonly Optimize[] = ["speed", "balanced", "size", "ram"];

/** A program that has every trial's nodes as functions and runs the one that its input names. */
function programOf(
  trials: readonly Trial[],
  kernels: KernelSources,
  levels: readonly Optimize[],
): CProgram {
  const used = new Set<string>();
  const parts: string[] = [];
  let room = 4;
  const cases = trials.map(({ graph: whole }, which) => {
    const optimize = levels[which % levels.length]!;
    const graph = joinPools(whole, { kernels, optimize });
    let offset = 0;
    const reserve = (bytes: number) => {
      const at = `room + ${offset}`;
      offset += Math.ceil(bytes / 4) * 4;
      return at;
    };
    const places = new Map([[graph.input, "input + 4"], [graph.output, "output"]]);
    const statements: string[] = [];
    [...graph.constants].forEach(([name, codes], i) => {
      parts.push(`static const int8_t constant_${which}_${i}[] = {\n${formatList(codes)}\n};`);
      places.set(name, `constant_${which}_${i}`);
    });
    graph.nodes.forEach((node, i) => {
      const op = opOf(node.op);
      const x = places.get(node.inputs[0]!)!;
      const size = elements(graph.tensors.get(node.output)!.shape);
      if (op.emit === undefined) {
        if (node.output === graph.output) throw new Error("The last node of a trial needs code.");
        places.set(node.output, x);
        return;
      }
      if (node.output !== graph.output) places.set(node.output, reserve(size));
      const { emission } = chooseKernel(node, contextOf(graph, node), `t${which}_${i}`, {
        kernels,
        optimize,
      });
      for (const kernel of emission.kernels) used.add(kernel);
      const arguments_ = node.inputs.map((name) => places.get(name)!);
      const parameters = node.inputs.map((_, k) => `const int8_t *${k === 0 ? "x" : `x${k}`}`);
      if (emission.scratchBytes > 0) {
        parameters.push("int8_t *scratch");
        arguments_.push(reserve(emission.scratchBytes));
      }
      if (emission.state !== undefined) {
        parameters.push("int8_t *state");
        const state = reserve(emission.state.bytes);
        arguments_.push(state);
        const reset = `int8_t *state = ${state};\n\n${emission.state.reset}`;
        statements.push(`{\n${indent(reset)}\n}`);
      }
      parts.push(
        `${emission.constants}\nstatic __attribute__((noinline, noclone)) void trial_${which}_${i}(` +
          `${[...parameters, "int8_t *y"].join(", ")})\n{\n${indent(emission.body)}\n}`,
      );
      statements.push(
        `trial_${which}_${i}(${[...arguments_, places.get(node.output)!].join(", ")});`,
      );
    });
    room = Math.max(room, offset);
    return `case ${which}:\n${indent([...statements, "break;"].join("\n"))}`;
  });
  const inputBytes = 4 + Math.max(...trials.map(({ inputs }) => inputs[0]!.length));
  const outputBytes = Math.max(...trials.map(({ outputs }) => outputs[0]!.length));
  const source = `#include "model.h"
${[...used].map((name) => kernelText(kernels, name)).join("\n")}
${parts.join("\n\n")}

static union {
    int8_t bytes[${room}];
    int32_t aligned;
} memory;

void model_infer(const int8_t *input, int8_t *output)
{
    int8_t *room = memory.bytes;

    (void)room;
    switch ((uint8_t)input[0] | (uint8_t)input[1] << 8) {
${cases.join("\n")}
    default:
        break;
    }
}
`;
  const header = `#include <stdint.h>
#define MODEL_INPUT_SIZE ${inputBytes}
#define MODEL_OUTPUT_SIZE ${outputBytes}
void model_infer(const int8_t *input, int8_t *output);
`;
  return {
    name: "trials",
    files: new Map([["model.h", header], ["model.c", source]]),
    arena: { bytes: room, slots: [] },
    layers: [{
      name: "trials",
      op: "trials",
      macs: 0,
      kernel: "trials",
      why: "",
      symbol: "model_infer",
      weightsSymbol: "",
      weightBytes: 0,
      arenaBytes: room,
    }],
    inputBytes,
    outputBytes,
    optimize: "speed",
    stateful: false,
  };
}
