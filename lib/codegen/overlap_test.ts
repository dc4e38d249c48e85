import assert from "node:assert/strict";
import fc from "fast-check";
import { rowDistance } from "./overlap.ts";
import { type Buffer, placeBuffers } from "./place.ts";

Deno.test("rows are overwritten only when no later output row sees them, and no distance less would do", () => {
  const cases = fc.record({
    rows: fc.integer({ min: 1, max: 12 }),
    atOnce: fc.integer({ min: 1, max: 3 }),
    outputRow: fc.integer({ min: 1, max: 9 }),
    inputRow: fc.integer({ min: 1, max: 9 }),
    stride: fc.integer({ min: 1, max: 3 }),
    before: fc.integer({ min: 0, max: 3 }),
    copied: fc.boolean(),
  });
  /** True if an output that begins `distance` before its input destroys nothing. */
  const sound = (walk: Parameters<typeof rowDistance>[0], distance: number) => {
    const { rows, atOnce = 1, outputRow, inputRow, stride, before, copied } = walk;
    for (let row = 0; row < rows; row += atOnce) {
      const next = copied ? row + atOnce : row;
      if (next >= rows) return true;
      const writtenTo = Math.min(rows, row + atOnce) * outputRow - distance;
      if (writtenTo > Math.max(0, next * stride - before) * inputRow) return false;
    }
    return true;
  };
  fc.assert(fc.property(cases, (walk) => {
    const distance = rowDistance(walk);
    assert.ok(sound(walk, distance));
    assert.ok(distance === 0 || !sound(walk, distance - 1));
  }));
});

Deno.test("a chain of layers that take over their inputs' bytes needs little more than one tensor", () => {
  const buffers: Buffer[] = [];
  for (let i = 0; i < 5; i++) {
    const buffer: Buffer = { name: `t${i}`, bytes: 1000, from: i, to: i + 1 };
    if (i > 0) buffer.over = { buffer: buffers[i - 1]!, distance: 32 };
    buffers.push(buffer);
  }
  const placed = placeBuffers(buffers);
  const end = Math.max(...[...placed].map(([{ bytes }, offset]) => offset + bytes));
  assert.ok(end <= 1000 + 4 * 32, `${end}`);
  for (let i = 1; i < 5; i++) {
    assert.ok(placed.get(buffers[i]!)! + 32 <= placed.get(buffers[i - 1]!)!);
  }
});

Deno.test("a distance is exceeded by multiples of its unit only", () => {
  const input: Buffer = { name: "x", bytes: 1000, from: 0, to: 1 };
  const output: Buffer = {
    name: "y",
    bytes: 1000,
    from: 1,
    to: 2,
    over: { buffer: input, distance: 8, unit: 24 },
  };
  // A neighbour of the input keeps the lowest bytes from the output.
  for (let kept = 0; kept < 100; kept += 4) {
    const neighbour: Buffer = { name: "z", bytes: kept, from: 0, to: 2 };
    const placed = placeBuffers([neighbour, input, output]);
    const before = placed.get(input)! - placed.get(output)!;
    assert.ok(Math.abs(before) >= 1000 || before >= 8 && (before - 8) % 24 === 0, `${before}`);
  }
});
