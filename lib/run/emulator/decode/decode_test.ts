import assert from "node:assert/strict";
import type { Decode, Instruction } from "./instruction.ts";
import { riscvDecoder } from "./riscv.ts";
import { decodeThumb } from "./thumb.ts";

/** Decodes 16-bit units as they lie in memory, seen at `address`. */
function one(decode: Decode, units: number[], address = 0x1000): Instruction {
  const view = new DataView(new ArrayBuffer(units.length * 2));
  units.forEach((unit, n) => view.setUint16(2 * n, unit, true));
  return decode(view, 0, address);
}

const r = (...registers: number[]) => registers.reduce((mask, n) => mask | (1 << n), 0);

/** Units, expected facts; the assembly is beside each, as GNU as translates it. */
type Case = [units: number[], facts: Partial<Instruction>];

const THUMB: Case[] = [
  // adds r0, r0, r2
  [[0x1880], { name: "adds", kind: "alu", reads: r(0, 2), writes: r(0), setsFlags: true }],
  // mov r8, r1
  [[0x4688], { name: "mov", kind: "alu", reads: r(1), writes: r(8), setsFlags: false }],
  // mov pc, lr
  [[0x46f7], { kind: "jump", reads: r(14), writes: r(15), jumps: true }],
  // ldr r2, [r1, #4]
  [[0x684a], {
    kind: "load",
    addressReads: r(1),
    loaded: r(2),
    addressing: "immediate",
    offset: 4,
  }],
  // ldr r0, [pc, #8]
  [[0x4802], { kind: "load", addressing: "literal", loaded: r(0), jumps: false }],
  // strh r3, [r4, r5]
  [[0x5363], { kind: "store", reads: r(3, 4, 5), addressReads: r(4, 5), addressing: "register" }],
  // push {r4, lr}
  [[0xb510], { kind: "store-multiple", registers: 2, reads: r(4, 13, 14), writes: r(13) }],
  // pop {r4, pc}
  [[0xbd10], { kind: "load-multiple", registers: 2, writes: r(4, 13, 15), jumps: true }],
  // bne.n 0x0ffc
  [[0xd1fc], { kind: "branch-if", target: 0xffc, conditional: true, jumps: true }],
  // b.n 0x1000
  [[0xe7fe], { kind: "branch", target: 0x1000 }],
  // cbnz r2, 0x1044
  [[0xbb02], { kind: "branch-if", reads: r(2), target: 0x1044 }],
  // bl 0x1000
  [[0xf7ff, 0xfffe], { kind: "call", size: 4, target: 0x1000, writes: r(14) }],
  // beq.w 0x0f00
  [[0xf43f, 0xaf7e], { kind: "branch-if", target: 0xf00 }],
  // bx lr
  [[0x4770], { kind: "jump", reads: r(14), jumps: true }],
  // it eq
  [[0xbf08], { kind: "if-then", size: 2 }],
  // smlad r0, r1, r2, r3
  [[0xfb21, 0x3002], { kind: "multiply-add", reads: r(1, 2, 3), accumulates: r(3), dsp: true }],
  // smmlar r0, r1, r2, r3
  [[0xfb51, 0x3012], { name: "smmla", kind: "multiply-add", writes: r(0) }],
  // smlal r0, r1, r2, r3
  [[0xfbc2, 0x0103], { kind: "multiply-add-long", reads: r(0, 1, 2, 3), writes: r(0, 1) }],
  // sxtb16 r0, r1, ror #8
  [[0xfa2f, 0xf091], { name: "sxtb16", kind: "alu", reads: r(1), writes: r(0), dsp: true }],
  // ssat r0, #8, r1, asr #3
  [[0xf321, 0x00c7], { name: "ssat", kind: "alu", reads: r(1), writes: r(0), shifts: true }],
  // udiv r0, r1, r2
  [[0xfbb1, 0xf0f2], { kind: "divide", reads: r(1, 2), writes: r(0) }],
  // ldr r0, [r1], #4: the offset is added after the access
  [[0xf851, 0x0b04], { kind: "load", writes: r(0, 1), loaded: r(0), offset: 0 }],
  // ldr.w r0, [r1, #-4]
  [[0xf851, 0x0c04], { kind: "load", writes: r(0), offset: -4 }],
  // strd r0, r1, [r2, #-8]!
  [[0xe962, 0x0102], { kind: "store-double", registers: 2, reads: r(0, 1, 2), writes: r(2) }],
  // tbb [pc, r0]
  [[0xe8df, 0xf000], { kind: "table-branch", jumps: true }],
  // vadd.f32 s0, s1, s2
  [[0xee30, 0x0a81], { kind: "float", float: true }],
  // vldr d0, [r0]
  [[0xed90, 0x0b00], { kind: "float", float: true }],
  // mcr p15, 0, r0, c1, c0, 0
  [[0xee01, 0x0f10], { kind: "system", float: false }],
  // udf #1
  [[0xde01], { kind: "undefined" }],
  // The first half of a 32-bit instruction at the end of the code.
  [[0xf7ff], { kind: "undefined", size: 2 }],
];

Deno.test("decodeThumb reads registers, addresses and targets", () => {
  for (const [units, facts] of THUMB) {
    const found = one(decodeThumb, units);
    const name = units.map((u) => u.toString(16)).join(" ");
    for (const [key, value] of Object.entries(facts)) {
      assert.equal(found[key as keyof Instruction], value, `${name}: ${key}`);
    }
  }
});

const RISCV: Case[] = [
  // lw a0, -4(a1)
  [[0xa503, 0xffc5], { kind: "load", addressReads: r(11), loaded: r(10), offset: -4 }],
  // sw a0, 8(sp)
  [[0x2423, 0x00a1], { kind: "store", reads: r(2, 10), addressReads: r(2), offset: 8 }],
  // mul a0, a0, a1
  [[0x0533, 0x02b5], { kind: "multiply", reads: r(10, 11), writes: r(10) }],
  // mulh a0, a0, a1
  [[0x1533, 0x02b5], { kind: "multiply-long" }],
  // div a0, a0, a1
  [[0x4533, 0x02b5], { kind: "divide" }],
  // beq a0, a1, 0x1008
  [[0x0463, 0x00b5], { kind: "branch-if", reads: r(10, 11), target: 0x1008 }],
  // j 0x0ff8
  [[0xf06f, 0xff9f], { kind: "branch", target: 0xff8, writes: 0 }],
  // c.lw a2, 0(a5)
  [[0x4390], { kind: "load", size: 2, addressReads: r(15), loaded: r(12), offset: 0 }],
  // c.lwsp ra, 12(sp)
  [[0x40b2], { kind: "load", addressReads: r(2), loaded: r(1), offset: 12 }],
  // c.bnez a5, 0x0ff0
  [[0xfbe5], { kind: "branch-if", reads: r(15), target: 0xff0 }],
  // ret
  [[0x8082], { kind: "jump", reads: r(1), jumps: true }],
  // c.addi16sp -32
  [[0x1101], { kind: "alu", reads: r(2), writes: r(2) }],
  // fmul.s fa0, fa0, fa1
  [[0x7553, 0x10b5], { kind: "float", float: true }],
  // c.fldsp fa0, 0(sp)
  [[0x2502], { kind: "float", float: true }],
  // csrr a0, fcsr
  [[0x2573, 0x0030], { kind: "float", float: true }],
  // csrr a0, mcycle
  [[0x2573, 0xb000], { kind: "system", float: false, writes: r(10) }],
  [[0x0000], { kind: "undefined" }],
];

Deno.test("riscvDecoder reads registers, addresses and targets", () => {
  for (const width of [32, 64] as const) {
    for (const [units, facts] of RISCV) {
      const found = one(riscvDecoder(width), units);
      const name = `RV${width} ${units.map((u) => u.toString(16)).join(" ")}`;
      for (const [key, value] of Object.entries(facts)) {
        assert.equal(found[key as keyof Instruction], value, `${name}: ${key}`);
      }
    }
  }
});

Deno.test("riscvDecoder tells RV32 from RV64 where encodings differ", () => {
  // c.flw and c.fsw of RV32 are c.ld and c.sd of RV64; c.jal is c.addiw.
  assert.equal(one(riscvDecoder(32), [0x6390]).kind, "float");
  assert.equal(one(riscvDecoder(64), [0x6390]).kind, "load");
  assert.equal(one(riscvDecoder(32), [0xe390]).kind, "float");
  assert.equal(one(riscvDecoder(64), [0xe390]).kind, "store");
  assert.equal(one(riscvDecoder(32), [0x2505]).kind, "call");
  assert.equal(one(riscvDecoder(64), [0x2505]).kind, "alu");
});
