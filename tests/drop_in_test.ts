import assert from "node:assert/strict";
import { join } from "node:path";
import { loadKernels } from "../lib/build/kernels.ts";
import { generateC } from "../lib/codegen/c.ts";
import { quantize } from "../lib/quantize/quantize.ts";
import { has } from "../lib/run/emulator/testing.ts";
import { listTargets, loadTarget } from "../lib/targets.ts";
import { randomGraph, randomInputs } from "./random_graph.ts";
import { windowGraph } from "./window_graph.ts";

const warnings = ["-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wpedantic", "-Werror"];

async function output(command: string, args: readonly string[], cwd: string): Promise<string> {
  const result = await new Deno.Command(command, { args: [...args], cwd }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assert.ok(result.success, `${command} ${args.join(" ")}\n${text(result.stderr)}`);
  return text(result.stdout);
}

for (const target of await listTargets()) {
  const { command, flags } = target.compiler;
  const options = {
    name: `generated C drops in: no warning, nothing undefined, at any level (${target.name})`,
    ignore: !has(command),
  };
  Deno.test(options, async () => {
    const kernels = await loadKernels(target);
    const folder = await Deno.makeTempDir();
    const graphs = [
      ...[1, 5, 9].map(randomGraph),
      windowGraph("single"),
      windowGraph("tflite"),
    ];
    for (const [seed, graph] of graphs.entries()) {
      const program = generateC(quantize(graph, randomInputs(graph, 2, seed)), kernels);
      for (const [name, text] of program.files) await Deno.writeTextFile(join(folder, name), text);
      for (const level of ["-O0", "-O1", "-O2", "-O3", "-Os"]) {
        // No flag of ours: a user's build does not know them.
        const args = ["-std=c99", "-ffreestanding", level, ...flags, ...warnings, "-c", "model.c"];
        await output(command, args, folder);
        const undefinedSymbols = await output(
          command.replace(/gcc$/, "nm"),
          ["-u", "model.o"],
          folder,
        );
        assert.equal(undefinedSymbols.trim(), "", `${graph.name} ${level}`);
      }
      const caller = ["-std=c99", "-DMODEL_CALLER_ARENA", ...flags, ...warnings, "-ffreestanding"];
      await output(command, [...caller, "-c", "model.c"], folder);
    }
    await Deno.remove(folder, { recursive: true });
  });
}

Deno.test({ name: "C++ can call it", ignore: !has("g++") }, async () => {
  const graph = randomGraph(2);
  const kernels = await loadKernels({ name: "any", kernels: ["generic"] });
  const program = generateC(quantize(graph, randomInputs(graph, 2, 2)), kernels);
  const folder = await Deno.makeTempDir();
  for (const [name, text] of program.files) await Deno.writeTextFile(join(folder, name), text);
  const main = `#include "model.h"
static int8_t x[MODEL_INPUT_SIZE], y[MODEL_OUTPUT_SIZE];
int main() { model_infer(x, y); return 0; }\n`;
  await Deno.writeTextFile(join(folder, "main.cpp"), main);
  await output("gcc", ["-c", "model.c"], folder);
  await output("g++", ["main.cpp", "model.o", "-o", "main"], folder);
  await output(join(folder, "main"), [], folder);
  await Deno.remove(folder, { recursive: true });
});

for (const [name, triple] of [["cortex-m4", "arm-none-eabi"], ["rv32imc", "riscv32-unknown-elf"]]) {
  const options = {
    name: `Clang, where it is installed, builds generated C without a warning (${name})`,
    ignore: !has("clang"),
  };
  Deno.test(options, async () => {
    const target = await loadTarget(name!);
    const kernels = await loadKernels(target);
    const folder = await Deno.makeTempDir();
    const machine = target.compiler.flags.filter((flag) => /^-m(cpu|thumb|arch|abi)/.test(flag));
    for (const graph of [randomGraph(5), windowGraph("single"), windowGraph("tflite")]) {
      const program = generateC(quantize(graph, randomInputs(graph, 2, 1)), kernels);
      for (const [file, text] of program.files) await Deno.writeTextFile(join(folder, file), text);
      for (const level of ["-O0", "-O2", "-Os"]) {
        const args = [`--target=${triple}`, ...machine, "-std=c99", "-ffreestanding", level];
        await output("clang", [...args, ...warnings, "-c", "model.c"], folder);
      }
    }
    await Deno.remove(folder, { recursive: true });
  });
}
