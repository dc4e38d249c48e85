import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { loadDataset, sample } from "./mod.ts";

const images = [0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 51, 102, 153, 204, 255];
const labels = [0, 0, 8, 1, 0, 0, 0, 3, 4, 5, 6];

/** Runs `body` with a folder that holds the given files. */
async function withFiles(files: Record<string, number[]>, body: (folder: string) => Promise<void>) {
  const folder = await mkdtemp(join(tmpdir(), "intnic-data-"));
  try {
    for (const [name, bytes] of Object.entries(files)) {
      const plain = Uint8Array.from(bytes);
      await writeFile(join(folder, name), name.endsWith(".gz") ? gzipSync(plain) : plain);
    }
    await body(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

Deno.test("a folder of IDX files is a dataset", async () => {
  const files = { "train-images-idx3-ubyte": images, "train-labels-idx1-ubyte.gz": labels };
  await withFiles(files, async (folder) => {
    const dataset = await loadDataset(folder, "train");
    assert.deepEqual(dataset, {
      name: folder,
      split: "train",
      shape: [1, 2, 1],
      images: Uint8Array.of(0, 51, 102, 153, 204, 255),
      labels: Uint8Array.of(4, 5, 6),
      count: 3,
    });
    assert.deepEqual(sample(dataset, 1), Float32Array.of(102 / 255, 153 / 255));
    assert.throws(() => sample(dataset, 3), RangeError);
    assert.deepEqual((await loadDataset(folder, "train", 2)).labels, Uint8Array.of(4, 5));
    await assert.rejects(loadDataset(folder, "train", 4), {
      name: "UserError",
      message: /Cannot load 4 samples: the train set of .* has 3\./,
    });
    await assert.rejects(loadDataset(folder, "test"), {
      name: "UserError",
      message: /has neither t10k-images-idx3-ubyte nor t10k-images-idx3-ubyte\.gz/,
    });
  });
});

Deno.test("images with channels have them innermost", async () => {
  const rgb = [
    0,
    0,
    8,
    4,
    0,
    0,
    0,
    1,
    0,
    0,
    0,
    1,
    0,
    0,
    0,
    2,
    0,
    0,
    0,
    3,
    0,
    51,
    102,
    153,
    204,
    255,
  ];
  const one = [0, 0, 8, 1, 0, 0, 0, 1, 7];
  const files = { "t10k-images-idx4-ubyte": rgb, "t10k-labels-idx1-ubyte": one };
  await withFiles(files, async (folder) => {
    const dataset = await loadDataset(folder, "test");
    assert.deepEqual(dataset.shape, [1, 2, 3]);
    assert.equal(sample(dataset, 0)[5], 1);
  });
});

Deno.test("images and labels that do not match are refused", async () => {
  const files = {
    "t10k-images-idx3-ubyte": images,
    "t10k-labels-idx1-ubyte": [0, 0, 8, 1, 0, 0, 0, 2, 4, 5],
  };
  await withFiles(files, async (folder) => {
    for (const count of [undefined, 1, 2, 3]) {
      await assert.rejects(loadDataset(folder, "test", count), {
        name: "UserError",
        message: /3 images but .* 2 labels/,
      });
    }
  });
});

Deno.test("a number of samples that is none is refused", async () => {
  for (const count of [0, -1, 1.5, NaN]) {
    await assert.rejects(loadDataset("mnist", "test", count), { name: "UserError" });
  }
});

Deno.test("an unknown dataset is refused with the nearest name", async () => {
  await assert.rejects(loadDataset("mnits", "test"), {
    name: "UserError",
    message: /no dataset called "mnits".* Did you mean mnist\? .* mnist and fashion-mnist/,
  });
});

Deno.test("MNIST is there", async () => {
  const dataset = await loadDataset("mnist", "test", 5);
  assert.deepEqual(dataset.shape, [28, 28, 1]);
  assert.deepEqual([...dataset.labels], [7, 2, 1, 0, 4]);
  assert.equal(dataset.images.length, 5 * 784);
  await assert.rejects(loadDataset("mnist", "test", 10_001), /has 10000/);
});
