import assert from "node:assert/strict";
import { join } from "node:path";
import { importModel } from "../lib/import/mod.ts";
import { loadModel } from "../lib/import/load.ts";
import { elements } from "../lib/ops/op.ts";
import { quantize } from "../lib/quantize/quantize.ts";
import type { Window } from "../lib/ops/window.ts";
import type { FloatTensor, Graph } from "../lib/types.ts";
import { INT64, type NodeSpec, type TensorSpec, writeOnnx } from "./onnx_writer.ts";
import { randomInputs } from "./random_graph.ts";

/** The tensor with its dimensions in another order. */
function permuted({ shape, data }: FloatTensor, permutation: readonly number[]): TensorSpec {
  const to = permutation.map((axis) => shape[axis]!);
  const result = new Float32Array(data.length);
  const strides = shape.map((_, axis) => elements(shape.slice(axis + 1)));
  for (let i = 0; i < data.length; i++) {
    let rest = i;
    let from = 0;
    for (let axis = to.length - 1; axis >= 0; axis--) {
      from += (rest % to[axis]!) * strides[permutation[axis]!]!;
      rest = Math.floor(rest / to[axis]!);
    }
    result[i] = data[from]!;
  }
  return { shape: to, data: result };
}

/** A network of convolutions, pools and dense layers as PyTorch would have exported it. */
function exported(graph: Graph): Uint8Array<ArrayBuffer> {
  const nodes: NodeSpec[] = [];
  const constants: Record<string, TensorSpec> = {};
  const [height, width, channels] = graph.tensors.get(graph.input)! as [number, number, number];
  let x = "x";
  let image: readonly number[] = [height, width, channels];
  const add = (
    name: string,
    op: string,
    more: string[],
    attributes: NodeSpec["attributes"] = {},
  ) => {
    nodes.push({
      op,
      name: `/${name}/${op}`,
      inputs: [x, ...more],
      outputs: [`${name}_${op}`],
      attributes,
    });
    x = `${name}_${op}`;
  };
  for (const { name, op, weights, bias, attributes, activation } of graph.nodes) {
    const [w, b] = [`${name}.weight`, `${name}.bias`];
    if (bias !== undefined) constants[b] = { shape: [bias.length], data: bias };
    const { kernel, stride } = attributes as Window;
    if (op === "conv2d") {
      constants[w] = permuted(weights!, [0, 3, 1, 2]);
      add(name, "Conv", [w, b], { kernel_shape: [...kernel], strides: [...stride] });
    } else if (op === "max_pool") {
      add(name, "MaxPool", [], { kernel_shape: [...kernel], strides: [...stride] });
    } else if (op === "reshape") {
      constants[w] = { shape: [2], data: [-1, elements(image)], type: INT64 };
      add(name, "Reshape", [w]);
    } else {
      // Rows of weights go over channels, then rows, then columns.
      const rows = permuted({ ...weights!, shape: [weights!.shape[0]!, ...image] }, [0, 3, 1, 2]);
      constants[w] = { shape: weights!.shape, data: rows.data };
      add(name, "Gemm", [w, b], { transB: 1 });
    }
    if (activation === "relu") add(name, "Relu", []);
    const after = graph.tensors.get(graph.nodes.find((node) => node.name === name)!.output)!;
    if (after.length === 3) image = after;
  }
  return writeOnnx({
    nodes,
    constants,
    inputs: [{ name: "x", shape: ["batch", channels, height, width] }],
    outputs: [{ name: x, shape: ["batch", 10] }],
  });
}

Deno.test("a network by way of ONNX has the same weights and costs, and is as accurate", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const graph = importModel(await loadModel("convnet"));
    const path = join(folder, "net.onnx");
    await Deno.writeFile(path, exported(graph));
    const again = importModel(await loadModel(path));
    assert.equal(again.name, "net");
    const samples = randomInputs(graph, 3, 1);
    const [ours, theirs] = [graph, again].map((each) =>
      quantize(each, samples).nodes.map(({ op, attributes, clamp, linear }) => ({
        op,
        attributes,
        clamp,
        linear,
      }))
    );
    assert.deepEqual(theirs, ours);
    const records = await Promise.all(["convnet", path].map(async (model) => {
      const cli = new URL("../cli.ts", import.meta.url).pathname;
      const targets = ["--target", "host,rv32imc", "--json", `--db=${folder}/records.db`];
      const counts = ["--samples", "30", "--calibration-samples", "50"];
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: [
          "run",
          "-A",
          "--no-check",
          cli,
          "deploy",
          model,
          "--data=mnist",
          ...targets,
          ...counts,
        ],
      }).output();
      assert.equal(code, 0, new TextDecoder().decode(stderr));
      return JSON.parse(new TextDecoder().decode(stdout)) as {
        readonly model: { readonly format: string };
        readonly accuracy: object;
        readonly cycles: object;
        readonly mismatches: number;
      }[];
    }));
    records[1]!.forEach(({ model, accuracy, cycles, mismatches }, i) => {
      assert.equal(model.format, "onnx");
      assert.equal(mismatches, 0);
      assert.deepEqual(accuracy, records[0]![i]!.accuracy);
      assert.deepEqual(cycles, records[0]![i]!.cycles);
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
