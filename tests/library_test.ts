import assert from "node:assert/strict";

const library = new URL("../mod.ts", import.meta.url).href;

Deno.test("mod.ts can be imported from another project, whose deno.json knows nothing of ours", async () => {
  const folder = await Deno.makeTempDir();
  const script =
    `import { importModel, loadDataset, loadModel, quantize, sample } from "${library}";
const graph = importModel(await loadModel("mlp"));
const images = await loadDataset("mnist", "train", 3);
const quantized = quantize(graph, [0, 1, 2].map((i) => sample(images, i)));
console.log(quantized.calibration.samples);`;
  await Deno.writeTextFile(`${folder}/main.ts`, script);
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-read", "main.ts"],
    cwd: folder,
  }).output();
  await Deno.remove(folder, { recursive: true });
  assert.equal(new TextDecoder().decode(stdout), "3\n", new TextDecoder().decode(stderr));
});
