import assert from "node:assert/strict";
import { copy } from "./files.ts";

const root = new URL("..", import.meta.url);
const cli = new URL("cli.ts", root).pathname;

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

async function inTemporaryFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("inspect foretells what a deployment then measures", async () => {
  await inTemporaryFolder(async (folder) => {
    const targets = ["--target", "cortex-m4,rv32imc,cortex-m0plus", "--json"];
    const inspected = await intnic(["inspect", "convnet", ...targets]);
    assert.equal(inspected.code, 0, inspected.stderr);
    const found = JSON.parse(inspected.stdout);
    assert.equal(found.macs, 380_128);
    assert.equal(found.parameters, 6_490);
    assert.deepEqual(found.input, [28, 28, 1]);
    assert.equal(found.memory.weights, 6_448);
    // conv2's output at least has to be somewhere; all tensors side by side would be 15,152 bytes.
    assert.ok(found.memory.arena >= 1_936 && found.memory.arena <= 13_000, found.memory.arena);
    const args = ["--samples", "2", "--calibration-samples", "50", "--db", `${folder}/r.db`];
    const deployed = await intnic(["deploy", "convnet", ...targets, ...args]);
    assert.equal(deployed.code, 0, deployed.stderr);
    JSON.parse(deployed.stdout).forEach((record: Deployment, i: number) => {
      const estimate = found.targets[i] as Estimate;
      assert.equal(estimate.ram.total, record.ram.total);
      const near = Math.abs(estimate.cycles.count / record.cycles.mean - 1);
      assert.ok(near < 0.01, `${record.target}: ${estimate.cycles.count}, ${record.cycles.mean}`);
      assert.ok(Math.abs(estimate.flash.total / record.flash.total - 1) < 0.01);
    });
  });
});

interface Deployment {
  readonly target: string;
  readonly cycles: { readonly mean: number };
  readonly ram: { readonly total: number };
  readonly flash: { readonly total: number };
}

interface Estimate {
  readonly cycles: { readonly count: number };
  readonly ram: { readonly total: number };
  readonly flash: { readonly total: number };
}

Deno.test("inspect says for each target what is in the way", async () => {
  await inTemporaryFolder(async (folder) => {
    const text = await Deno.readTextFile(new URL("targets/cortex-m4.json", root));
    const small = `${folder}/small.json`;
    await Deno.writeTextFile(
      small,
      text.replace('"size": "1M"', '"size": "64K"').replace('"cortex-m4"', '"small"'),
    );
    const full = await intnic(["inspect", "mlp", "--target", `${small},rv32imc`]);
    assert.equal(full.code, 0, full.stderr);
    assert.match(
      full.stdout,
      /^small: The model mlp does not fit small: it needs \d+ bytes of flash/m,
    );
    assert.match(full.stdout, /│ small +│ +– │ +– │/);
    assert.match(full.stdout, /│ rv32imc +│ +[\d.]+ KB/);
    const bare = await intnic(["inspect", "mlp", "--json"], { PATH: folder });
    assert.equal(bare.code, 0, bare.stderr);
    const { targets } = JSON.parse(bare.stdout);
    assert.ok(targets.length >= 8);
    for (const { problem } of targets) assert.match(problem, /is not installed; `apt-get install/);
  });
});

Deno.test("inspect lists every layer that cannot be deployed, and ends with exit code 1", async () => {
  await inTemporaryFolder(async (folder) => {
    const model = `${folder}/model`;
    await copy(new URL("models/convnet/", root).pathname, model);
    const json = await Deno.readTextFile(`${model}/model.json`);
    await Deno.writeTextFile(
      `${model}/model.json`,
      json.replaceAll("MaxPooling2D", "MinPooling2D"),
    );
    const plain = await intnic(["inspect", model]);
    assert.equal(plain.code, 1);
    assert.match(
      plain.stdout,
      /^- Layer pool1 is a MinPooling2D.*\n- Layer pool2 is a MinPooling2D/m,
    );
    assert.match(plain.stderr, /^2 layers of .* cannot be deployed\.\n$/);
    const { stdout, code } = await intnic(["inspect", model, "--json"]);
    assert.equal(code, 1);
    const { unsupported } = JSON.parse(stdout);
    assert.deepEqual(
      unsupported.map(({ name, kind }: { name: string; kind: string }) => [name, kind]),
      [
        ["pool1", "MinPooling2D"],
        ["pool2", "MinPooling2D"],
      ],
    );
  });
});

Deno.test("diff compares every layer and sorts them by noise", async () => {
  const args = ["--target", "host,rv32imc", "--samples", "3", "--calibration-samples", "50"];
  const { stdout, stderr, code } = await intnic(["diff", "convnet", ...args]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^host: all 5 layers gave the reference's bytes for all 3 samples\.$/m);
  assert.match(stdout, /^rv32imc: all 5 layers/m);
  const json = await intnic(["diff", "convnet", ...args, "--json"]);
  const { targets, layers } = JSON.parse(json.stdout);
  assert.equal(targets.length, 2);
  const ratios = layers.map(({ snr }: { snr: number }) => snr);
  assert.deepEqual(ratios, ratios.toSorted((a: number, b: number) => a - b));
  assert.equal(ratios.length, 5);
});

Deno.test("diff of an int8 TensorFlow Lite model, with samples from files", async () => {
  const folder = new URL("../shared/data/mlperf-tiny/anomaly-detection/", root).pathname;
  if (await Deno.stat(folder).catch(() => undefined) === undefined) {
    console.log(`Skipped: there is no ${folder}.`);
    return;
  }
  const args = ["--inputs", folder, "--target", "host,cortex-m4", "--samples", "1"];
  const { stdout, stderr, code } = await intnic(["diff", `${folder}model.tflite`, ...args]);
  assert.equal(code, 0, stderr);
  assert.match(
    stdout,
    /^cortex-m4: all \d+ layers gave the reference's bytes for all 1 samples\.$/m,
  );
  assert.match(stdout, /│ fully_connected_0 +│ dense +│ +[\d.]+ dB/);
});
