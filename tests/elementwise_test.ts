import assert from "node:assert/strict";
import { join } from "node:path";
import { build } from "../lib/build/build.ts";
import { loadKernels } from "../lib/build/kernels.ts";
import { generateC } from "../lib/codegen/c.ts";
import { optimize } from "../lib/graph/passes/mod.ts";
import { removeDead } from "../lib/graph/passes/remove_dead.ts";
import { floatRunner } from "../lib/graph/float.ts";
import { verify } from "../lib/graph/verify.ts";
import { elements } from "../lib/ops/op.ts";
import { quantize } from "../lib/quantize/quantize.ts";
import { quantizeValues } from "../lib/quantize/range.ts";
import { has } from "../lib/run/emulator/testing.ts";
import { runOnHost } from "../lib/run/host.ts";
import { referenceRunner } from "../lib/run/reference.ts";
import { loadTarget } from "../lib/targets.ts";
import type { Attributes, FloatTensor, Graph, Node, Rounding, Shape } from "../lib/types.ts";
import { pick, whole } from "./op_graphs.ts";
import { randomInputs, seededRandom } from "./random_graph.ts";

/**
 * A network of arithmetic and moves: each node reads tensors picked from all before it, so that some
 * are read again later, and some twice by one node.
 */
function randomGraph(seed: number): Graph {
  const random = seededRandom(seed);
  const shapes = new Map<string, Shape>([["x", [whole(random, 1, 5), whole(random, 1, 5), 4]]]);
  const constants = new Map<string, FloatTensor>();
  const nodes: Node[] = [];
  const add = (op: string, inputs: string[], shape: Shape, attributes: Attributes = {}) => {
    const name = `${op} ${nodes.length}`;
    const activation = ["add", "sub", "mul", "max", "min"].includes(op) && random() < 0.2
      ? "relu" as const
      : "none" as const;
    nodes.push({ name, op, inputs, output: name, attributes, activation });
    shapes.set(name, shape);
    return name;
  };
  const constant = (shape: Shape) => {
    const name = `constant ${constants.size}`;
    const value = pick(random, [0, 1, undefined]);
    const data = Float32Array.from({ length: elements(shape) }, () => value ?? 2 * random() - 1);
    constants.set(name, { shape, data });
    shapes.set(name, shape);
    return name;
  };
  for (let i = whole(random, 4, 10); i > 0; i--) {
    const x = pick(random, [...shapes.keys()]);
    const shape = shapes.get(x)!;
    const others = [...shapes.keys()].filter((name) => String(shapes.get(name)) === String(shape));
    switch (whole(random, 0, 7)) {
      case 0:
        add("transpose", [x], [shape[1]!, shape[0]!, shape[2]!], { permutation: [1, 0, 2] });
        break;
      case 1: {
        const size = shape.map((length) => whole(random, 1, length));
        const begin = shape.map((length, axis) => whole(random, 0, length - size[axis]!));
        add("slice", [x], size, { begin, size, stride: [1, 1, 1] });
        break;
      }
      case 2:
        add("pad", [x], [shape[0]! + 1, shape[1]!, shape[2]!], {
          before: [1, 0, 0],
          after: [0, 0, 0],
          value: 0,
        });
        break;
      case 3: {
        const [a, b] = [pick(random, others), pick(random, others)];
        add("concat", [x, a, b], shape.with(2, 3 * shape[2]!), { axis: 2 });
        break;
      }
      case 4: {
        const flat = [1, shape[0]! * shape[1]!, shape[2]!];
        add("reshape", [x], flat, { shape: flat });
        break;
      }
      default: {
        const other = random() < 0.3 ? constant([1, 1, shape[2]!]) : pick(random, others);
        const inputs = random() < 0.3 ? [other, x] : [x, other];
        add(pick(random, ["add", "sub", "mul", "max", "min"]), inputs, shape);
      }
    }
  }
  const last = [...shapes.keys()].at(-1)!;
  const flat = add("reshape", [last], [1, 1, elements(shapes.get(last)!)], {
    shape: [1, 1, elements(shapes.get(last)!)],
  });
  add("add", [flat, constant([1, 1, 1])], shapes.get(flat)!);
  const graph = removeDead({
    name: "elementwise",
    nodes,
    constants,
    input: "x",
    output: nodes.at(-1)!.output,
    notes: [],
    rounding: pick<Rounding>(random, ["single", "tflite"]),
  });
  return verify(graph, shapes.get("x")!);
}

Deno.test("networks of arithmetic and moves: optimized or not, they mean the same", () => {
  for (let seed = 0; seed < 300; seed++) {
    const graph = randomGraph(seed);
    const optimized = optimize(graph);
    assert.ok(optimized.nodes.length <= graph.nodes.length);
    const [before, after] = [floatRunner(graph), floatRunner(optimized)];
    for (const input of randomInputs(graph, 3, seed)) {
      // 0 may have changed its sign.
      const [expected, actual] = [before, after].map((run) => run(input).map((value) => value + 0));
      assert.deepEqual(actual, expected, `seed ${seed}`);
    }
  }
});

Deno.test("networks of arithmetic and moves: the host's bytes are the reference's", async () => {
  const target = await loadTarget("host");
  const kernels = await loadKernels(target);
  for (let seed = 0; seed < 40; seed++) {
    const original = randomGraph(seed);
    const graph = seed % 2 === 0 ? original : optimize(original);
    const inputs = randomInputs(graph, 8, seed);
    const quantized = quantize(graph, inputs.slice(0, 4), { calibrator: "max" });
    const program = generateC(quantized, kernels);
    const directory = await Deno.makeTempDir();
    const binary = await build(program, target, { directory });
    const reference = referenceRunner(quantized);
    for (const input of inputs) {
      const codes = quantizeValues(input, quantized.tensors.get(quantized.input)!);
      const { outputs } = runOnHost(binary, program, Int8Array.from(codes));
      assert.deepEqual(outputs, reference(codes), `seed ${seed}`);
    }
    await Deno.remove(directory, { recursive: true });
  }
});

for (const command of ["arm-none-eabi-gcc", "riscv64-unknown-elf-gcc"]) {
  const name = `their C drops in: no warning, nothing undefined, at any level (${command})`;
  Deno.test({ name, ignore: !has(command) }, async () => {
    const kernels = await loadKernels({ name: "any", kernels: ["generic"] });
    const folder = await Deno.makeTempDir();
    const run = async (program: string, args: readonly string[]) => {
      const { success, stdout, stderr } = await new Deno.Command(program, {
        args: [...args],
        cwd: folder,
      }).output();
      const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
      assert.ok(success, text(stderr));
      return text(stdout);
    };
    const levels = ["-O0", "-O1", "-O2", "-O3", "-Os"];
    for (let seed = 0; seed < 20; seed++) {
      const graph = randomGraph(seed);
      const program = generateC(
        quantize(graph, randomInputs(graph, 2, seed), { calibrator: "max" }),
        kernels,
      );
      for (const [name, text] of program.files) await Deno.writeTextFile(join(folder, name), text);
      const warnings = ["-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wpedantic", "-Werror"];
      const level = levels[seed % levels.length]!;
      await run(command, ["-std=c99", "-ffreestanding", level, ...warnings, "-c", "model.c"]);
      const missing = await run(command.replace(/gcc$/, "nm"), ["-u", "model.o"]);
      assert.equal(missing.trim(), "", `seed ${seed} ${level}`);
    }
    await Deno.remove(folder, { recursive: true });
  });
}
