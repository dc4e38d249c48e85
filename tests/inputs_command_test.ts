import assert from "node:assert/strict";
import { join } from "node:path";
import { writeOnnx } from "./onnx_writer.ts";
import { goldenCase } from "./tflite_golden.ts";

const cli = new URL("../cli.ts", import.meta.url).pathname;

async function intnic(...args: readonly string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--no-check", cli, ...args],
    env: { NO_COLOR: "1" },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

/** Deploys the model and samples of a folder to the host, with outputs beside them. */
function deploy(folder: string, ...more: readonly string[]) {
  return intnic(
    "deploy",
    join(folder, "model.tflite"),
    `--inputs=${folder}`,
    `--outputs=${folder}/out`,
    `--db=${folder}/records.db`,
    ...more,
  );
}

/** A folder with a model of that kind, its inputs and what TensorFlow Lite Micro makes of them. */
async function withCase(
  kind: string,
  work: (folder: string, outputs: readonly Uint8Array[]) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const { bytes, inputs, outputs } = goldenCase(kind, 0);
  try {
    await Deno.writeFile(join(folder, "model.tflite"), bytes);
    for (const [i, input] of inputs.entries()) {
      await Deno.writeFile(join(folder, `input_${i}.bin`), input);
      await Deno.writeFile(join(folder, `output_${i}.bin`), outputs[i]!);
    }
    await work(folder, outputs);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("outputs of an int8 model are written, one folder a target, and compared", async () => {
  await withCase("CONV_2D", async (folder, outputs) => {
    const { code, stdout, stderr } = await deploy(folder, "--target=host,rv32imc");
    assert.equal(code, 0, stderr);
    assert.match(stdout, /host +│ +3 │ +– │ +– │ +0 │/);
    assert.match(stdout, /On host, expected outputs: 3 of 3 equal\./);
    assert.match(stdout, /On rv32imc, expected outputs: 3 of 3 equal\./);
    for (const target of ["host", "rv32imc"]) {
      for (const [i, bytes] of outputs.entries()) {
        assert.deepEqual(await Deno.readFile(`${folder}/out/${target}/output_${i}.bin`), bytes);
      }
    }
  });
});

Deno.test("a uint8 model gives uint8; a float32 one what its int8 codes stand for", async () => {
  for (const kind of ["uint8 edges", "float32 edges"]) {
    await withCase(kind, async (folder, outputs) => {
      const { code, stdout, stderr } = await deploy(folder, "--target=host");
      assert.equal(code, 0, stderr);
      assert.match(stdout, /expected outputs: 3 of 3 equal/);
      const written = await Deno.readFile(`${folder}/out/output_1.bin`);
      if (kind === "uint8 edges") assert.deepEqual(written, outputs[1]);
      else assert.equal(written.length, outputs[1]!.length / 4);
    });
  }
});

Deno.test("an output that is not the expected one fails the command, and is still written", async () => {
  await withCase("CONV_2D", async (folder, outputs) => {
    const wrong = outputs[2]!.slice();
    wrong[0]! ^= 1;
    await Deno.writeFile(join(folder, "output_2.bin"), wrong);
    const { code, stderr } = await deploy(folder, "--target=host");
    assert.equal(code, 1);
    assert.match(stderr, /On host, expected outputs: 2 of 3 equal\./);
    assert.deepEqual(await Deno.readFile(`${folder}/out/output_2.bin`), outputs[2]);
  });
});

Deno.test("labels, a number of samples, and JSON", async () => {
  await withCase("SOFTMAX", async (folder) => {
    await Deno.writeFile(join(folder, "labels.bin"), new Uint8Array(3));
    const { code, stdout, stderr } = await deploy(
      folder,
      "--target=host",
      "--samples=2",
      "--json",
    );
    assert.equal(code, 0, stderr);
    const [record] = JSON.parse(stdout);
    assert.equal(record.samples, 2);
    assert.equal(record.model.format, "tflite");
    assert.equal(typeof record.accuracy.integer, "number");
  });
});

Deno.test("a float32 model is calibrated on its inputs where nothing else is named", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const model = join(folder, "net.onnx");
    await Deno.writeFile(
      model,
      writeOnnx({
        nodes: [{ op: "Tanh", inputs: ["x"], outputs: ["y"] }],
        inputs: [{ name: "x", shape: [1, 3] }],
        outputs: [{ name: "y", shape: [1, 3] }],
      }),
    );
    const values = Float32Array.of(-2, 0.5, 1);
    await Deno.writeFile(join(folder, "input_0.bin"), new Uint8Array(values.buffer));
    const where = ["--target=host", `--inputs=${folder}`];
    const deployed = await intnic("deploy", model, ...where, `--db=${folder}/records.db`);
    assert.equal(deployed.code, 0, deployed.stderr);
    assert.match(deployed.stdout, /ranges were chosen on the samples that were run/);
    const compared = await intnic("diff", model, ...where);
    assert.equal(compared.code, 0, compared.stderr);
    assert.match(compared.stdout, /ranges were chosen on the samples that were run/);
    const without = await intnic("deploy", model, "--target=host", `--db=${folder}/records.db`);
    assert.equal(without.code, 1);
    assert.match(without.stderr, /the images of mnist are 28×28×1/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
