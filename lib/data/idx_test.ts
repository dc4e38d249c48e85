import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { UserError } from "../errors.ts";
import { readIdx } from "./idx.ts";

/** An IDX file: magic number, dimensions, bytes. */
function idx(magic: number, dimensions: number[], data: ArrayLike<number>): Uint8Array {
  const file = new Uint8Array(4 + 4 * dimensions.length + data.length);
  const view = new DataView(file.buffer);
  [magic, ...dimensions].forEach((word, i) => view.setUint32(4 * i, word));
  file.set(Array.from(data), 4 + 4 * dimensions.length);
  return file;
}

/** Reads `bytes` as a file called `test-file`. */
async function read(bytes: Uint8Array, rank: 1 | 3, count?: number) {
  const folder = await mkdtemp(join(tmpdir(), "intnic-idx-"));
  try {
    const path = join(folder, "test-file");
    await writeFile(path, bytes);
    return await readIdx(path, rank, count);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Asserts that the bytes are refused with a message that names the file and matches. */
async function refuses(bytes: Uint8Array, rank: 1 | 3, message: RegExp, count?: number) {
  await assert.rejects(read(bytes, rank, count), (error: Error) => {
    assert.ok(error instanceof UserError, String(error));
    assert.match(error.message, /test-file/);
    assert.match(error.message, message);
    return true;
  });
}

const pixels = Uint8Array.from({ length: 24 }, (_, i) => 10 * i);
const images = idx(0x803, [4, 2, 3], pixels);
const labels = idx(0x801, [3], [7, 0, 9]);

for (const [how, pack] of [["plain", (b: Uint8Array) => b], ["gzip", gzipSync]] as const) {
  Deno.test(`images are read (${how})`, async () => {
    assert.deepEqual(await read(pack(images), 3), {
      dimensions: [4, 2, 3],
      data: pixels,
      available: 4,
    });
  });

  Deno.test(`the first few images are read (${how})`, async () => {
    assert.deepEqual(await read(pack(images), 3, 2), {
      dimensions: [2, 2, 3],
      data: pixels.slice(0, 12),
      available: 4,
    });
  });

  Deno.test(`labels are read (${how})`, async () => {
    assert.deepEqual((await read(pack(labels), 1)).data, Uint8Array.of(7, 0, 9));
  });

  Deno.test(`a file that ends early is refused (${how})`, async () => {
    await refuses(pack(images.slice(0, -1)), 3, /truncated: .* 4 items of 6 bytes, .* after 3/);
  });

  Deno.test(`a file that goes on is refused (${how})`, async () => {
    await refuses(pack(Uint8Array.of(...labels, 1)), 1, /too long/);
  });
}

Deno.test("a compressed file cut short is refused", async () => {
  await refuses(gzipSync(images).slice(0, -9), 3, /truncated: its compressed data stops/);
  await refuses(gzipSync(images).slice(0, 20), 3, /truncated/);
});

Deno.test("a damaged compressed file is refused", async () => {
  const damaged = new Uint8Array(gzipSync(images)).fill(0x55, 10, 30);
  await refuses(damaged, 3, /Cannot read|truncated/);
});

Deno.test("a wrong magic number is refused, with the right one named", async () => {
  await refuses(labels, 3, /truncated: it has 11 bytes, fewer than the 16/);
  await refuses(images, 1, /magic number is 0x00000803 and should be 0x00000801/);
});

Deno.test("a header cut short is refused", async () => {
  await refuses(new Uint8Array(0), 1, /truncated: it has 0 bytes, fewer than the 8/);
});

Deno.test("absurd sizes are refused before memory is taken", async () => {
  await refuses(idx(0x803, [0xffffffff, 28, 28], []), 3, /announces 4294967295 items/);
  await refuses(idx(0x803, [0, 28, 28], []), 3, /announces 0 items/);
  await refuses(idx(0x803, [1, 65536, 28], []), 3, /65536×28 pixels/);
  await refuses(idx(0x803, [1, 28, 0], []), 3, /28×0 pixels/);
});

Deno.test("a missing file is named", async () => {
  await assert.rejects(readIdx("/nowhere/at-all", 3), {
    name: "UserError",
    message: /Cannot read the dataset file \/nowhere\/at-all/,
  });
});
