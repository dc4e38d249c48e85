import assert from "node:assert/strict";
import { decodeThumb } from "./thumb.ts";
import { instructionText } from "./text.ts";

const s = (...registers: number[]) => registers.reduce((bits, n) => bits | (1 << n), 0);

interface Facts {
  readonly name: string;
  readonly reads?: number;
  readonly writes?: number;
  readonly addend?: number;
  readonly core?: readonly [reads: number, writes: number];
  readonly words?: number;
}

// Encodings as GNU as gives them for the text beside.
const CASES: readonly (readonly [units: readonly [number, number], text: string, facts: Facts])[] =
  [
    [[0xee71, 0x0a2f], "vadd.f32 s1, s2, s31", { name: "vadd", reads: s(2, 31), writes: s(1) }],
    [[0xee30, 0x0ac1], "vsub.f32 s0, s1, s2", { name: "vadd", reads: s(1, 2), writes: s(0) }],
    [[0xee62, 0x1a62], "vnmul.f32 s3, s4, s5", { name: "vmul", reads: s(4, 5), writes: s(3) }],
    [[0xee03, 0x3a84], "vmla.f32 s6, s7, s8", {
      name: "vmla",
      reads: s(7, 8),
      addend: s(6),
      writes: s(6),
    }],
    [[0xee13, 0x3a84], "vnmls.f32 s6, s7, s8", { name: "vmla", reads: s(7, 8), addend: s(6) }],
    [[0xeea3, 0x3a84], "vfma.f32 s6, s7, s8", { name: "vfma", reads: s(7, 8), addend: s(6) }],
    [[0xee93, 0x3a84], "vfnms.f32 s6, s7, s8", { name: "vfma", reads: s(7, 8), addend: s(6) }],
    [[0xee80, 0x0a81], "vdiv.f32 s0, s1, s2", { name: "vdiv", reads: s(1, 2), writes: s(0) }],
    [[0xeef1, 0x4ac5], "vsqrt.f32 s9, s10", { name: "vsqrt", reads: s(10), writes: s(9) }],
    [[0xeeb0, 0x0ae0], "vabs.f32 s0, s1", { name: "vmov", reads: s(1), writes: s(0) }],
    [[0xeeb1, 0x0a60], "vneg.f32 s0, s1", { name: "vmov", reads: s(1), writes: s(0) }],
    [[0xeeb7, 0x0a00], "vmov.f32 s0, #1.0", { name: "vmov", reads: 0, writes: s(0) }],
    [[0xeeb4, 0x0a60], "vcmp.f32 s0, s1", { name: "vcmp", reads: s(0, 1), writes: 0 }],
    [[0xeeb5, 0x0a40], "vcmp.f32 s0, #0.0", { name: "vcmp", reads: s(0), writes: 0 }],
    [[0xeebd, 0x1ae1], "vcvt.s32.f32 s2, s3", { name: "vcvt", reads: s(3), writes: s(2) }],
    [[0xeeb7, 0x1ae1], "vcvt.f64.f32 d1, s3", { name: "vcvt", reads: s(3), writes: s(2, 3) }],
    [[0xee32, 0x1b0f], "vadd.f64 d1, d2, d15", {
      name: "vadd.64",
      reads: s(4, 5, 30, 31),
      writes: s(2, 3),
    }],
    [[0xedd2, 0x0a01], "vldr s1, [r2, #4]", {
      name: "vldr.32",
      writes: s(1),
      core: [s(2), 0],
      words: 1,
    }],
    [[0xed84, 0x3b00], "vstr d3, [r4]", {
      name: "vstr.64",
      reads: s(6, 7),
      core: [s(4), 0],
      words: 2,
    }],
    [[0xecb0, 0x2a04], "vldmia r0!, {s4-s7}", {
      name: "vldm",
      writes: s(4, 5, 6, 7),
      core: [s(0), s(0)],
      words: 4,
    }],
    [[0xec90, 0x0a20], "vldmia r0, {s0-s31}", {
      name: "vldm",
      writes: -1,
      core: [s(0), 0],
      words: 32,
    }],
    [[0xed2d, 0x8b04], "vpush {d8-d9}", {
      name: "vstm",
      reads: s(16, 17, 18, 19),
      core: [s(13), s(13)],
      words: 4,
    }],
    [[0xee01, 0x5a90], "vmov s3, r5", { name: "vmov.core", writes: s(3), core: [s(5), 0] }],
    [[0xee11, 0x5a90], "vmov r5, s3", { name: "vmov.core", reads: s(3), core: [0, s(5)] }],
    [[0xec53, 0x2b11], "vmov r2, r3, d1", {
      name: "vmov.pair",
      reads: s(2, 3),
      core: [0, s(2, 3)],
    }],
    [[0xec43, 0x2a12], "vmov s4, s5, r2, r3", {
      name: "vmov.pair",
      writes: s(4, 5),
      core: [s(2, 3), 0],
    }],
    [[0xee22, 0x3b10], "vmov.32 d2[1], r3", { name: "vmov.core", writes: s(5), core: [s(3), 0] }],
    [[0xeef1, 0xfa10], "vmrs APSR_nzcv, fpscr", { name: "vmrs", core: [0, 0] }],
    [[0xeef1, 0x1a10], "vmrs r1, fpscr", { name: "vmrs", core: [0, s(1)] }],
    [[0xeee1, 0x1a10], "vmsr fpscr, r1", { name: "vmsr", core: [s(1), 0] }],
    [[0xfe20, 0x0a81], "vselge.f32 s0, s1, s2", { name: "vfp", reads: s(1, 2), writes: s(0) }],
  ];

function decode([first, second]: readonly [number, number]) {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint16(0, first, true);
  view.setUint16(2, second, true);
  return decodeThumb(view, 0, 0x1000);
}

Deno.test("the floating-point unit's instructions, registers and words", () => {
  for (const [units, text, { name, reads, writes, addend, core, words }] of CASES) {
    const i = decode(units);
    assert.ok(i.float && i.kind === "float" && !i.jumps, text);
    assert.equal(i.name, name, text);
    if (reads !== undefined) assert.equal(i.floats!.reads, reads, text);
    if (writes !== undefined) assert.equal(i.floats!.writes, writes, text);
    assert.equal(i.floats!.addend, addend ?? 0, text);
    if (core !== undefined) assert.deepEqual([i.reads, i.writes], core, text);
    assert.equal(i.registers, words ?? 0, text);
  }
  assert.equal(decode([0xeddf, 0x0a13]).addressing, "literal");
  assert.equal(decode([0xeef1, 0xfa10]).setsFlags, true);
  assert.equal(instructionText(decode([0xee01, 0x5a90]), "arm"), "vmov.core r5 (ee015a90)");
});

Deno.test("every encoding of the unit decodes to something", () => {
  for (let n = 0; n < 20_000; n++) {
    const random = Math.imul(n + 1, 0x9e3779b1) >>> 0;
    const first = 0xec00 | (random & 0x13ff);
    const second = ((random >>> 16) & 0xf1ff) | 0xa00;
    const i = decode([first, second]);
    assert.equal(i.kind, "float");
    assert.ok(i.registers <= 255 && i.name !== "");
  }
});
