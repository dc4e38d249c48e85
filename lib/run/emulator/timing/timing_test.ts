import assert from "node:assert/strict";
import type { Decode } from "../decode/instruction.ts";
import { riscvDecoder } from "../decode/riscv.ts";
import { decodeThumb } from "../decode/thumb.ts";
import { Emulator } from "../mod.ts";
import { build, has, testTarget } from "../testing.ts";
import { pricer, TIMING, timingTable } from "./mod.ts";

/** Cycles of each instruction in a straight line, then what the last adds when it branches. */
function price(table: string, units: number[], decode: Decode = decodeThumb): number[] {
  const view = new DataView(new ArrayBuffer(units.length * 2));
  units.forEach((unit, n) => view.setUint16(2 * n, unit, true));
  const line = pricer(timingTable(table));
  const cycles: number[] = [];
  for (let at = 0; at < view.byteLength;) {
    const i = decode(view, at, 0x1000 + at);
    cycles.push(line.step(i));
    at += i.size;
  }
  return [...cycles, line.taken];
}

const LDR_R0_R1 = 0x6808; // ldr r0, [r1]
const LDR_R2_R1_4 = 0x684a; // ldr r2, [r1, #4]
const LDR_R2_R0 = 0x6802; // ldr r2, [r0]
const ADDS_R0_R0_R2 = 0x1880; // adds r0, r0, r2
const ADDS_R1_4 = 0x3104; // adds r1, #4
const ADDS_R3_1 = 0x3301; // adds r3, #1
const STR_R0_R1 = 0x6008; // str r0, [r1]
const STR_R0_R1_R2 = 0x5088; // str r0, [r1, r2]
const PUSH_R4_LR = 0xb510;
const POP_R4_PC = 0xbd10;
const SUBS_R5_1 = 0x3d01;
const BNE_BACK = 0xd1fc;
const BX_LR = 0x4770;
const IT_EQ = 0xbf08;
const MULS_R0_R1 = 0x4348;
const BL = [0xf7ff, 0xfffe];
const SMLAD_R0_R1_R2_R0 = [0xfb21, 0x0002];
const SMULL = [0xfb82, 0x0103];
const SMLAL = [0xfbc2, 0x0103];
const UDIV = [0xfbb1, 0xf0f2];
const MLA = [0xfb01, 0x3002];

Deno.test("cortex-m0plus: two cycles a load, one a multiplication, short branches", () => {
  const m0 = (...units: number[]) => price("cortex-m0plus", units);
  assert.deepEqual(m0(LDR_R0_R1, LDR_R2_R1_4, ADDS_R0_R0_R2, STR_R0_R1), [2, 2, 1, 2, 0]);
  assert.deepEqual(m0(MULS_R0_R1), [1, 0]);
  assert.deepEqual(m0(BNE_BACK), [1, 1]);
  assert.deepEqual(m0(PUSH_R4_LR, POP_R4_PC), [3, 3, 2]);
  assert.deepEqual(m0(...BL), [1, 2]);
  assert.deepEqual(m0(BX_LR), [1, 1]);
});

Deno.test("cortex-m4: loads pipeline unless the address needs the one before", () => {
  const m4 = (...units: number[]) => price("cortex-m4", units);
  assert.deepEqual(m4(LDR_R0_R1, LDR_R2_R1_4, ADDS_R0_R0_R2), [2, 1, 1, 0]);
  // The second address waits for the first load.
  assert.deepEqual(m4(LDR_R0_R1, LDR_R2_R0), [2, 3, 0]);
  assert.deepEqual(m4(LDR_R0_R1, STR_R0_R1), [2, 0, 0]);
  assert.deepEqual(m4(LDR_R2_R1_4, ADDS_R3_1, STR_R0_R1_R2), [2, 1, 2, 0]);
});

Deno.test("cortex-m4: addresses from arithmetic and loads behind stores wait", () => {
  const m4 = (...units: number[]) => price("cortex-m4", units);
  assert.deepEqual(m4(ADDS_R1_4, LDR_R0_R1), [1, 3, 0]);
  assert.deepEqual(m4(ADDS_R3_1, LDR_R0_R1), [1, 2, 0]);
  assert.deepEqual(m4(STR_R0_R1, LDR_R2_R1_4), [1, 3, 0]);
});

Deno.test("cortex-m4: products, lists, branches, IT", () => {
  const m4 = (...units: number[]) => price("cortex-m4", units);
  assert.deepEqual(m4(...SMLAD_R0_R1_R2_R0, ...SMLAD_R0_R1_R2_R0), [1, 1, 0]);
  assert.deepEqual(m4(...SMULL, ...SMLAL, ...MLA, ...UDIV), [1, 1, 1, 2, 0]);
  // A load of the PC refills in three cycles.
  assert.deepEqual(m4(PUSH_R4_LR, POP_R4_PC), [3, 3, 3]);
  assert.deepEqual(m4(SUBS_R5_1, BNE_BACK), [1, 1, 1]);
  assert.deepEqual(m4(ADDS_R3_1, IT_EQ, ADDS_R3_1), [1, 0, 1, 0]);
  assert.deepEqual(m4(...MLA, IT_EQ), [1, 1, 0]);
});

Deno.test("cortex-m3 differs from cortex-m4 in its products", () => {
  const units = [...MLA, ...SMULL, ...SMLAL, MULS_R0_R1];
  assert.deepEqual(price("cortex-m3", units), [2, 3, 3, 1, 0]);
});

Deno.test("cortex-m33: load-use, branches and IT join 16-bit instructions", () => {
  const m33 = (...units: number[]) => price("cortex-m33", units);
  assert.deepEqual(m33(ADDS_R1_4, ADDS_R3_1, SUBS_R5_1), [1, 1, 1, 0]);
  assert.deepEqual(m33(0xbf00, ADDS_R3_1), [1, 0, 0]);
  assert.deepEqual(m33(ADDS_R1_4, IT_EQ, ADDS_R3_1), [1, 0, 1, 0]);
  assert.deepEqual(m33(STR_R0_R1, BNE_BACK), [1, 0, 1]);
  assert.deepEqual(m33(ADDS_R1_4, ADDS_R1_4), [1, 1, 0]);
  assert.deepEqual(m33(LDR_R0_R1, ADDS_R0_R0_R2), [1, 2, 0]);
  assert.deepEqual(m33(LDR_R0_R1, STR_R0_R1), [1, 1, 0]);
  assert.deepEqual(m33(...SMLAD_R0_R1_R2_R0, ...SMLAD_R0_R1_R2_R0), [1, 1, 0]);
  assert.deepEqual(m33(SUBS_R5_1, BNE_BACK), [1, 0, 2]);
  assert.deepEqual(m33(PUSH_R4_LR), [2, 0]);
});

Deno.test("cortex-m33: what passes the shifter on its way comes a cycle later", () => {
  const m33 = (...units: number[]) => price("cortex-m33", units);
  const eorShifted = [0xea80, 0x2031]; // eor.w r0, r0, r1, ror #8
  const eor = [0xea80, 0x0002]; // eor.w r0, r0, r2
  const uxtb = [0xfa5f, 0xf081]; // uxtb.w r0, r1
  const constant = [0xf44f, 0x50fe]; // mov.w r0, #0x1fc0
  assert.deepEqual(m33(...eorShifted, ...eor), [1, 2, 0]);
  assert.deepEqual(m33(...constant, ...eor), [1, 2, 0]);
  assert.deepEqual(m33(...uxtb, ...eor), [1, 1, 0]);
  assert.deepEqual(m33(0x0e08, ...eor), [1, 1, 0]); // lsrs r0, r1, #24
  // A product of 16 bits sets the flags, which takes it a cycle more.
  assert.deepEqual(m33(MULS_R0_R1, ADDS_R3_1), [2, 1, 0]);
});

Deno.test("cortex-m33: returns", () => {
  const m33 = (...units: number[]) => price("cortex-m33", units);
  assert.deepEqual(m33(0xbf00, BX_LR), [1, 0, 1]);
  assert.deepEqual(m33(POP_R4_PC), [2, 3]);
  assert.deepEqual(m33(...[0xe8bd, 0x4010], BX_LR), [2, 3, 1]); // pop.w {r4, lr}
});

Deno.test("cortex-m7: two a cycle, banks", () => {
  const m7 = (...units: number[]) => price("cortex-m7", units);
  assert.deepEqual(m7(ADDS_R1_4, ADDS_R3_1, SUBS_R5_1), [1, 0, 1, 0]);
  // ldr r0, [r1]; ldr r2, [r1, #4] lie in different banks, #8 in the same.
  assert.deepEqual(m7(LDR_R0_R1, LDR_R2_R1_4), [1, 0, 0]);
  assert.deepEqual(m7(LDR_R0_R1, 0x688a), [1, 1, 0]);
  assert.deepEqual(m7(...SMLAD_R0_R1_R2_R0, ...SMLAD_R0_R1_R2_R0), [1, 1, 0]);
  assert.deepEqual(m7(PUSH_R4_LR), [1, 0]);
  assert.deepEqual(m7(STR_R0_R1, STR_R0_R1), [1, 1, 0]);
  assert.deepEqual(m7(MULS_R0_R1, STR_R0_R1), [1, 1, 0]);
  assert.deepEqual(m7(SUBS_R5_1, BNE_BACK), [1, 0, 0]);
});

Deno.test("cortex-m7: an early and a late arithmetic unit", () => {
  const m7 = (...units: number[]) => price("cortex-m7", units);
  const eors = 0x4059; // eors r1, r3
  // A sum is made early, for a late user in the same cycle and for an address in the next.
  assert.deepEqual(m7(ADDS_R1_4, eors), [1, 0, 0]);
  assert.deepEqual(m7(ADDS_R1_4, LDR_R0_R1), [1, 1, 0]);
  // Logic is done late: one more cycle until the address, none until a store.
  assert.deepEqual(m7(eors, LDR_R0_R1), [1, 2, 0]);
  assert.deepEqual(m7(0x4058, STR_R0_R1), [1, 0, 0]);
  // Loaded words are there for arithmetic in the next cycle, for addresses in the one after it.
  assert.deepEqual(m7(LDR_R0_R1, ADDS_R0_R0_R2), [1, 1, 0]);
  assert.deepEqual(m7(LDR_R0_R1, LDR_R2_R0), [1, 2, 0]);
  assert.deepEqual(m7(0x7808, ADDS_R0_R0_R2), [1, 2, 0]); // ldrb r0, [r1]
  // Two shifted operands do not go together, nor two extensions.
  const shifted = [0xea80, 0x2031];
  assert.deepEqual(m7(...shifted, ...[0xea83, 0x2334]), [1, 1, 0]);
  assert.deepEqual(m7(0xb2c8, 0xb2d3), [1, 1, 0]);
});

const RISCV = {
  lw: [0xa503, 0x0005], // lw a0, 0(a1)
  addi: [0x0505], // c.addi a0, 1
  sw: [0xa023, 0x00a5], // sw a0, 0(a1)
  mul: [0x0533, 0x02b5],
  bnez: [0xf97d], // c.bnez a0, -10
};

Deno.test("rv64-inorder: a loaded value is there one cycle late", () => {
  const { lw, addi, sw, mul, bnez } = RISCV;
  const rv64 = (...units: number[][]) => price("rv64-inorder", units.flat(), riscvDecoder(64));
  assert.deepEqual(rv64(lw, addi, sw), [1, 2, 1, 0]);
  assert.deepEqual(rv64(mul, bnez), [3, 1, 1]);
});

/** Ten rounds of two loads, a decrement and a branch. */
const ARM_LOOP = `
.syntax unified
.thumb
.p2align 2
.global loop
.thumb_func
.type loop, %function
loop:
  movs r1, #10
  nop
1: ldr r2, [r0]
  ldr r3, [r0, #4]
  subs r1, #1
  bne 1b
  bx lr
`;
const RISCV_LOOP = `
.p2align 2
.global loop
.type loop, @function
loop:
  c.li a1, 10
  c.nop
1: c.lw a2, 0(a0)
  c.lw a3, 4(a0)
  c.addi a1, -1
  c.bnez a1, 1b
  c.jr ra
`;

const TOTALS: [cpu: string, cycles: number][] = [
  // Start 2, ten rounds, nine taken branches, return.
  ["cortex-m0plus", 2 + 10 * 6 + 9 * 1 + 2],
  ["cortex-m3", 2 + 10 * 5 + 9 * 1 + 2],
  ["cortex-m4", 2 + 10 * 5 + 9 * 1 + 2],
  ["rv32", 2 + 10 * 6 + 9 * 2 + 2],
  ["rv64", 2 + 10 * 4 + 9 * 1 + 2],
];

Deno.test("whole loops cost what their parts add up to", () => {
  for (const [cpu, cycles] of TOTALS) {
    const target = testTarget(cpu);
    if (!has(target.compiler.command)) continue;
    const loop = target.isa === "thumb" ? ARM_LOOP : RISCV_LOOP;
    const main = "int word[2]; int main(void) { return 0; }";
    const elf = build(target, { "a.c": main, "loop.s": loop });
    using emulator = Emulator.open({ target, elf });
    const result = emulator.call("loop", [emulator.address("word")]);
    assert.deepEqual([cpu, result.instructions, result.cycles], [cpu, 43, cycles]);
  }
});

Deno.test("every table names a source for every number", () => {
  for (const [name, table] of TIMING) {
    assert.equal(table.name, name);
    assert.ok(table.error.length > 0);
    for (const [cycles, source] of [...Object.values(table.costs), ...Object.values(table.taken)]) {
      assert.ok(Number.isFinite(cycles) && cycles >= 0 && source.length > 5, `${name}: ${source}`);
    }
  }
});

Deno.test("timingTable suggests a near name", () => {
  assert.throws(() => timingTable("cortex-m44"), /did you mean "cortex-m4"\?/);
});
