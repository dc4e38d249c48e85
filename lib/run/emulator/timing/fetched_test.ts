import assert from "node:assert/strict";
import { decodeThumb } from "../decode/thumb.ts";
import { Emulator } from "../mod.ts";
import { build, has, testTarget } from "../testing.ts";
import { pricer, timingTable } from "./mod.ts";

/** Cycles of each instruction from `address` on, entered by a branch, then what the last adds. */
function price(units: readonly number[], address = 0x1000, table = "cortex-m4"): number[] {
  const view = new DataView(new ArrayBuffer(units.length * 2));
  units.forEach((unit, n) => view.setUint16(2 * n, unit, true));
  const line = pricer(timingTable(table));
  const cycles: number[] = [];
  for (let at = 0; at < view.byteLength;) {
    const i = decodeThumb(view, at, address + at);
    cycles.push(line.step(i));
    at += i.size;
  }
  return [...cycles, line.taken];
}

const NOP = 0xbf00;
const ADDW = [0xf100, 0x0001]; // add.w r0, r0, #1
const LDR_R0_R1 = 0x6808; // ldr r0, [r1]
const LDR_R2_R3 = 0x681a; // ldr r2, [r3]
const LDR_R1_R3 = 0x6819; // ldr r1, [r3]
const LDR_LITERAL = 0x4801; // ldr r0, [pc, #4]
const LDR_LITERAL_2 = 0x4a01; // ldr r2, [pc, #4]
const LDRB_POST_R3 = [0xf813, 0x4b01]; // ldrb.w r4, [r3], #1
const STR_R0_R1 = 0x6008; // str r0, [r1]
const STR_R0_R1_R2 = 0x5088; // str r0, [r1, r2]
const CMP = 0x4291; // cmp r1, r2
const BNE_BACK = 0xd1fc;
const BX_LR = 0x4770;
const BX_R3 = 0x4718;
const CBZ = 0xb108; // cbz r0, .+6
const MOV_LR_R3 = 0x469e;
const PUSH_R4 = 0xb410;
const POP_R4 = 0xbc10;

Deno.test("the third 32-bit instruction in a row across words waits for its second half", () => {
  // The full buffer holds the words of the first two; each request takes two cycles.
  assert.deepEqual(price([NOP, ...ADDW, ...ADDW, NOP]), [1, 1, 1, 1, 0]);
  assert.deepEqual(price([NOP, ...ADDW, ...ADDW, ...ADDW, NOP]), [1, 1, 1, 2, 1, 0]);
  // Aligned, a word a cycle is enough.
  assert.deepEqual(price([...ADDW, ...ADDW, ...ADDW, ...ADDW, ...ADDW]), [1, 1, 1, 1, 1, 0]);
});

Deno.test("entering at a 32-bit instruction across words costs a cycle", () => {
  assert.deepEqual(price([...ADDW, NOP], 0x1002), [2, 1, 0]);
  assert.deepEqual(price([NOP, ...ADDW], 0x1002), [1, 1, 0]);
});

Deno.test("targets that are known late cost one cycle more", () => {
  assert.deepEqual(price([BX_LR]), [1, 1]);
  assert.deepEqual(price([BX_R3]), [1, 2]);
  assert.deepEqual(price([MOV_LR_R3, BX_LR]), [1, 1, 2]);
  assert.deepEqual(price([CBZ]), [1, 2]);
  assert.deepEqual(price([BNE_BACK]), [1, 1]);
});

Deno.test("a wrong guess of a branch takes a fetch from what follows", () => {
  const behind = [...ADDW, ...ADDW, NOP];
  // cmp; nop; bne knows the flags, nop; cmp; bne does not yet.
  assert.deepEqual(price([CMP, NOP, BNE_BACK, ...behind]), [1, 1, 1, 1, 1, 1, 0]);
  assert.deepEqual(price([NOP, CMP, BNE_BACK, ...behind]), [1, 1, 1, 1, 2, 1, 0]);
});

Deno.test("accesses overlap on one bus only", () => {
  assert.deepEqual(price([LDR_LITERAL, LDR_LITERAL_2, NOP]), [2, 1, 1, 0]);
  assert.deepEqual(price([LDR_LITERAL, LDR_R2_R3, NOP]), [2, 2, 1, 0]);
  assert.deepEqual(price([LDR_R0_R1, LDR_R2_R3, NOP]), [2, 1, 1, 0]);
});

Deno.test("a load that updates its base overlaps on M4, not on M3", () => {
  const chain = [LDR_R0_R1, ...LDRB_POST_R3, NOP];
  assert.deepEqual(price(chain), [2, 1, 1, 0]);
  assert.deepEqual(price(chain, 0x1000, "cortex-m3"), [2, 2, 1, 0]);
  // Not if the address is that base.
  assert.deepEqual(price([...LDRB_POST_R3, LDR_R2_R3]), [2, 2, 0]);
});

Deno.test("a store begins in the second cycle of the load before it", () => {
  // Two cycles together; the sum of two registers takes one more.
  assert.deepEqual(price([LDR_R0_R1, STR_R0_R1, NOP]), [2, 0, 1, 0]);
  assert.deepEqual(price([LDR_R0_R1, STR_R0_R1_R2, NOP]), [2, 1, 1, 0]);
  assert.deepEqual(price([LDR_R0_R1, STR_R0_R1, NOP], 0x1000, "cortex-m3"), [2, 0, 1, 0]);
  // Two loads and a store: each cycle begins one.
  assert.deepEqual(price([LDR_R0_R1, LDR_R2_R3, STR_R0_R1, NOP]), [2, 1, 0, 1, 0]);
  // Nothing overlaps a store: the load behind it waits.
  assert.deepEqual(price([LDR_R0_R1, STR_R0_R1, LDR_R2_R3]), [2, 0, 3, 0]);
  // An address that the load writes comes too late; a literal is on another bus.
  assert.deepEqual(price([LDR_R1_R3, STR_R0_R1]), [2, 2, 0]);
  assert.deepEqual(price([LDR_LITERAL, STR_R0_R1]), [2, 1, 0]);
});

Deno.test("loads of any kind wait behind stores, but not of lists", () => {
  assert.deepEqual(price([STR_R0_R1, POP_R4]), [1, 3, 0]);
  assert.deepEqual(price([PUSH_R4, LDR_R0_R1]), [2, 2, 0]);
  assert.deepEqual(price([PUSH_R4, POP_R4]), [2, 2, 0]);
});

const DIVISIONS = `
.syntax unified
.thumb
.p2align 2
.global unsigned_division
.thumb_func
.type unsigned_division, %function
unsigned_division:
  udiv r0, r0, r1
  bx lr
.p2align 2
.global signed_division
.thumb_func
.type signed_division, %function
signed_division:
  sdiv r0, r0, r1
  bx lr
`;

Deno.test("a division ends early by the operands' bits", () => {
  const target = testTarget("cortex-m4");
  if (!has(target.compiler.command)) return;
  const main = "int main(void) { return 0; }";
  const elf = build(target, { "a.c": main, "division.s": DIVISIONS });
  using emulator = Emulator.open({ target, elf });
  // The return takes two cycles.
  const unsigned = (...args: number[]) => emulator.call("unsigned_division", args).cycles - 2;
  const signed = (...args: number[]) => emulator.call("signed_division", args).cycles - 2;
  assert.equal(unsigned(0, 5), 2);
  assert.equal(unsigned(3, 5), 3);
  assert.equal(unsigned(7, 5), 5);
  assert.equal(unsigned(0x7f, 5), 6);
  assert.equal(unsigned(0xffffffff, 1), 12);
  assert.equal(signed(-7, 5), 5);
  assert.equal(signed(-0x80, -1), 6);
});

const PRODUCTS = ["umull", "smull", "umlal", "smlal"];

Deno.test("cortex-m3: a long product skips halves that are zero", () => {
  const target = testTarget("cortex-m3");
  if (!has(target.compiler.command)) return;
  const functions = PRODUCTS.map((name) => `
.p2align 2
.global ${name}_
.thumb_func
.type ${name}_, %function
${name}_:
  ${name} r2, r3, r0, r1
  bx lr
`);
  const source = [".syntax unified", ".thumb", ...functions, ""].join("\n");
  const elf = build(target, { "a.c": "int main(void) { return 0; }", "products.s": source });
  using emulator = Emulator.open({ target, elf });
  const cycles = (a: number, b: number) =>
    PRODUCTS.map((name) => emulator.call(`${name}_`, [a, b]).cycles - 2);
  assert.deepEqual(cycles(0, 0xffffffff), [3, 3, 3, 3]);
  // As measured on two devices with just these operands.
  assert.deepEqual(cycles(0x2da0, 0x480), [3, 3, 3, 3]);
  assert.deepEqual(cycles(0x402df0a0, 0x480), [4, 4, 5, 5]);
  assert.deepEqual(cycles(0x402df0a0, 0x04800000), [4, 4, 6, 6]);
  assert.deepEqual(cycles(0x98395b39, 0x824704ea), [5, 5, 7, 7]);
  // Signs: of the second operand, or of either if the second is but a high half.
  assert.deepEqual(cycles(0x1234, 0x80001234), [4, 5, 5, 6]);
  assert.deepEqual(cycles(0x80001234, 0x1234), [4, 4, 5, 5]);
  assert.deepEqual(cycles(0x80000000, 0x10000), [3, 4, 5, 6]);
  assert.deepEqual(cycles(0x80001234, 0x10000), [4, 5, 6, 7]);
});
