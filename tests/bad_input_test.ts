import assert from "node:assert/strict";
import { copy } from "./files.ts";

const root = new URL("..", import.meta.url);
const cli = new URL("cli.ts", root).pathname;
const mlp = new URL("models/mlp/", root).pathname;

/** Runs the command line, as a user with these arguments would. */
async function intnic(args: readonly string[], env: Record<string, string> = {}) {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--no-check", cli, ...args],
    env: { NO_COLOR: "1", ...env },
  });
  const { code, stdout, stderr } = await command.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

/** The command fails with a sentence that matches, on stderr alone, and without a stack trace. */
async function fails(
  args: readonly string[],
  message: RegExp,
  { code = 1, env = {} }: { code?: number; env?: Record<string, string> } = {},
): Promise<void> {
  const result = await intnic(args, env);
  assert.match(result.stderr, message, args.join(" "));
  assert.equal(result.code, code, result.stderr);
  assert.equal(result.stdout, "");
  assert.doesNotMatch(result.stderr, /\n\s+at /);
}

async function inTemporaryFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("wrong usage and values out of range", async () => {
  await inTemporaryFolder(async (folder) => {
    const db = `--db=${folder}/records.db`;
    await fails(["deploy", "--target", "cortex-m5", db], /"cortex-m5".*cortex-m/s);
    await fails(["deploy", "--samples", "0", db], /--samples 0.*at least 1/s);
    await fails(["deploy", "--samples", "10001", "--target", "host", db], /10001.*10000/s);
    await fails(["deploy", "--frobnicate"], /unknown option/, { code: 2 });
    await fails(["depoly"], /unknown command/, { code: 2 });
    await fails(["deploy", "--target", "host", "--data", "/nowhere", db], /"\/nowhere"/);
    await fails(["deploy", "lenet", "--target", "host", db], /no model "lenet"/);
  });
});

Deno.test("a missing compiler is named with its package", async () => {
  await inTemporaryFolder(async (folder) => {
    const env = { PATH: folder };
    await fails(
      ["deploy", "--target", "cortex-m4", `--db=${folder}/records.db`],
      /arm-none-eabi-gcc is not installed.*gcc-arm-none-eabi/,
      { env },
    );
  });
});

Deno.test("a model too large for its target: by how much, and which layer", async () => {
  await inTemporaryFolder(async (folder) => {
    const text = await Deno.readTextFile(new URL("targets/cortex-m4.json", root));
    const db = `--db=${folder}/records.db`;
    const small = `${folder}/small.json`;
    await Deno.writeTextFile(small, text.replace('"size": "1M"', '"size": "64K"'));
    await fails(
      ["deploy", "mlp", "--target", small, "--samples", "1", db, `--out=${folder}/out`],
      /needs \d+ bytes of flash and the target has 65536, \d+ too few\. Layer dense1 takes the most, 10\d{4}/,
    );
    await assert.rejects(Deno.stat(`${folder}/out`), Deno.errors.NotFound);
    await Deno.writeTextFile(small, text.replace('"size": "112K"', '"size": "3K"'));
    await fails(
      ["deploy", "convnet", "--target", small, "--samples", "1", db],
      /needs \d+ bytes of RAM and the target has 3072, \d+ too few\. Layer conv\d takes the most/,
    );
  });
});

Deno.test("RAM that follows flash does not hide that the program is too large", async () => {
  await inTemporaryFolder(async (folder) => {
    const text = await Deno.readTextFile(new URL("targets/rv32imc.json", root));
    const small = `${folder}/small.json`;
    const shrunk = JSON.parse(text);
    shrunk.memory.flash.size = "64K";
    shrunk.memory.ram.origin = `0x${(Number(shrunk.memory.flash.origin) + 65536).toString(16)}`;
    await Deno.writeTextFile(small, JSON.stringify(shrunk));
    await fails(
      ["deploy", "mlp", "--target", small, "--samples", "1", `--db=${folder}/records.db`],
      /needs \d+ bytes of flash and the target has 65536, \d+ too few/,
    );
  });
});

Deno.test("an output folder in which something is in the way stays as it was", async () => {
  await inTemporaryFolder(async (folder) => {
    await Deno.mkdir(`${folder}/out/model.c`, { recursive: true });
    await fails(["generate", "mlp", "--out", `${folder}/out`], /model\.c is a folder already/);
    assert.deepEqual([...Deno.readDirSync(`${folder}/out`)].map(({ name }) => name), ["model.c"]);
    await Deno.writeTextFile(`${folder}/file`, "");
    await fails(["generate", "mlp", "--out", `${folder}/file`], /it is a file/);
    await fails(["generate", "nomodel", "--out", `${folder}/x/y`], /no model "nomodel"/);
    await assert.rejects(Deno.stat(`${folder}/x`), Deno.errors.NotFound);
  });
});

Deno.test("damaged models: JSON, weights, layers", async () => {
  await inTemporaryFolder(async (folder) => {
    const model = `${folder}/broken`;
    const out = `${folder}/out`;
    const generate = ["generate", model, "--out", out];
    await copy(mlp, model);
    const json = await Deno.readTextFile(`${model}/model.json`);
    await Deno.writeTextFile(`${model}/model.json`, json.slice(0, 1000));
    await fails(generate, /model\.json is not valid JSON/);
    await Deno.writeTextFile(
      `${model}/model.json`,
      json.replace('"class_name": "ReLU"', '"class_name": "Mish"'),
    );
    await fails(generate, /Layer relu1 is a Mish, which intnic cannot deploy/);
    await Deno.writeTextFile(`${model}/model.json`, json);
    const weights = await Deno.readFile(`${model}/weights.bin`);
    await Deno.writeFile(`${model}/weights.bin`, weights.subarray(0, 100_000));
    await fails(generate, /100000 bytes long, but its manifest describes \d+ bytes/);
    await Deno.remove(`${model}/weights.bin`);
    await fails(generate, /weights\.bin cannot be read: it does not exist/);
    await assert.rejects(Deno.stat(out), Deno.errors.NotFound);
  });
});

Deno.test("an IDX file cut short, and images of another size", async () => {
  await inTemporaryFolder(async (folder) => {
    const idx = (magic: number, sizes: number[], data: number) => {
      const bytes = new Uint8Array(4 + 4 * sizes.length + data);
      const view = new DataView(bytes.buffer);
      view.setUint32(0, magic);
      sizes.forEach((size, i) => view.setUint32(4 + 4 * i, size));
      return bytes;
    };
    const args = ["generate", "mlp", "--data", folder, "--calibration-samples", "4"];
    const generate = [...args, "--out", `${folder}/out`];
    const images = `${folder}/train-images-idx3-ubyte`;
    await Deno.writeFile(`${folder}/train-labels-idx1-ubyte`, idx(0x801, [4], 4));
    await Deno.writeFile(images, idx(0x803, [4, 28, 28], 3000));
    await fails(generate, /train-images-idx3-ubyte/);
    await Deno.writeFile(images, idx(0x803, [4, 5, 5], 100));
    await fails(generate, /takes an input of 28×28×1, but the images of .* are 5×5×1/);
  });
});

Deno.test("a record file that cannot be written ends the command before any work", async () => {
  await inTemporaryFolder(async (folder) => {
    const file = `${folder}/notes.txt`;
    await Deno.writeTextFile(file, "These are my notes, and they are not a database at all.\n");
    await fails(["deploy", "--target", "host", "--db", file], /notes\.txt/);
    assert.match(await Deno.readTextFile(file), /my notes/);
    await fails(["deploy", "--target", "host", "--db", `${file}/records.db`], /records\.db/);
  });
});

Deno.test("a failing target leaves the records of those before it", async () => {
  await inTemporaryFolder(async (folder) => {
    const text = await Deno.readTextFile(new URL("targets/cortex-m4.json", root));
    const small = `${folder}/small.json`;
    const db = `${folder}/records.db`;
    await Deno.writeTextFile(
      small,
      text.replace('"size": "1M"', '"size": "64K"').replace('"cortex-m4"', '"small"'),
    );
    await fails(
      ["deploy", "mlp", "--target", `host,${small}`, "--samples", "3", "--db", db],
      /does not fit small/,
    );
    const { stdout, code } = await intnic(["report", "--db", db, "--json"]);
    assert.equal(code, 0);
    assert.deepEqual(JSON.parse(stdout).map((r: { target: string }) => r.target), ["host"]);
  });
});

Deno.test("--json prints one array of complete records and nothing else", async () => {
  await inTemporaryFolder(async (folder) => {
    const args = ["deploy", "mlp", "--target", "host,rv32imc", "--samples", "5", "--json"];
    const { stdout, stderr, code } = await intnic([...args, "--db", `${folder}/r.db`]);
    assert.equal(code, 0, stderr);
    const records = JSON.parse(stdout);
    assert.equal(records.length, 2);
    for (const record of records) {
      assert.equal(record.samples, 5);
      assert.equal(record.mismatches, 0);
      assert.equal(record.macs, 109_184);
      assert.equal(
        record.flash.total,
        record.flash.code + record.flash.weights + record.flash.tables,
      );
      // Kernels may fill up the last outputs of a layer.
      assert.ok(record.flash.weights >= 109_184 && record.flash.weights <= 110_000);
      const { arena, stack, static: other, total } = record.ram;
      assert.equal(total, arena + stack + other);
      assert.equal(record.layers.length, 3);
    }
    assert.equal(records[1].cycles.kind, "modelled");
    assert.equal(records[1].cycles.table, "ibex-small");
    const unsaved = await intnic(["report", "--db", `${folder}/r.db`, "--json"]);
    assert.deepEqual(JSON.parse(unsaved.stdout), records);
  });
});
