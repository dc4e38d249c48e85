import assert from "node:assert/strict";
import { join } from "node:path";
import { goldenCase } from "./tflite_golden.ts";

const cli = new URL("../cli.ts", import.meta.url).pathname;

/** Deploys the model and samples of a folder to the host, with outputs beside them. */
async function deploy(folder: string, ...more: readonly string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--allow-all",
      "--no-check",
      cli,
      "deploy",
      join(folder, "model.tflite"),
      `--inputs=${folder}`,
      `--outputs=${folder}/out`,
      `--db=${folder}/records.db`,
      ...more,
    ],
    env: { NO_COLOR: "1" },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
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
