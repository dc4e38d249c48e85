import assert from "node:assert/strict";
import { createDistort, type Distortion } from "./augment.ts";
import { createRandom } from "./random.ts";

const none: Distortion = { rotation: 0, scale: 0, shear: 0, shift: 0 };

/** A bright square in the middle of a dark image of 12×10 pixels. */
const square = Uint8Array.from({ length: 120 }, (_, i) => {
  const [x, y] = [i % 10, Math.floor(i / 10)];
  return x >= 3 && x <= 6 && y >= 4 && y <= 7 ? 255 : 0;
});

function distorted(distortion: Distortion, seed = 1): Float32Array {
  const target = new Float32Array(120);
  createDistort(12, 10, distortion, createRandom(seed, "test"))(square, target);
  return target;
}

Deno.test("no distortion leaves the image as it is", () => {
  assert.deepEqual(distorted(none), Float32Array.from(square, (pixel) => pixel / 255));
});

for (
  const [kind, limit] of [["rotation", 20], ["scale", 0.2], ["shear", 0.3], ["shift", 2]] as const
) {
  Deno.test(`${kind} changes the image, repeatably, and keeps most of it`, () => {
    const image = distorted({ ...none, [kind]: limit });
    assert.notDeepEqual(image, distorted(none));
    assert.deepEqual(image, distorted({ ...none, [kind]: limit }));
    assert.notDeepEqual(image, distorted({ ...none, [kind]: limit }, 2));
    assert.ok(image.every((pixel) => pixel >= 0 && pixel <= 1.000001));
    const brightness = image.reduce((a, b) => a + b);
    assert.ok(brightness > 8 && brightness < 26, `brightness ${brightness} instead of about 16`);
  });
}

Deno.test("a shift moves the image's centre by at most its limit", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const image = distorted({ ...none, shift: 1.5 }, seed);
    const total = image.reduce((a, b) => a + b);
    const centre = image.reduce((sum, pixel, i) => sum + pixel * (i % 10), 0) / total;
    assert.ok(Math.abs(centre - 4.5) <= 1.5001, `centre at ${centre}`);
  }
});
