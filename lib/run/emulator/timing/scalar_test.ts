import assert from "node:assert/strict";
import type { Instruction } from "../decode/instruction.ts";
import { riscvDecoder } from "../decode/riscv.ts";
import type { Target } from "../../../types.ts";
import { Emulator } from "../mod.ts";
import { build, has, testTarget } from "../testing.ts";
import { pricer, timingTable } from "./mod.ts";
import { landing } from "./table.ts";

const LW = [0xa503, 0x0005]; // lw a0, 0(a1)
const LW_FROM_A0 = [0x2603, 0x0005]; // lw a2, 0(a0)
const ADDI = [0x0505]; // c.addi a0, 1
const LI = [0x4505]; // c.li a0, 1
const NOP = [0x0001];
const SW = [0xa023, 0x00a5]; // sw a0, 0(a1)
const MUL = [0x0533, 0x02b5]; // mul a0, a0, a1
const MULH = [0x1533, 0x02b5];
const DIV = [0x4533, 0x02b5];
const SLLI_7 = [0x1513, 0x0075]; // slli a0, a0, 7
const C_SLLI_31 = [0x057e]; // c.slli a0, 31
const BNEZ = [0xf97d]; // c.bnez a0, -10
const JUMP = [0xf06f, 0xff9f]; // jal zero, -8
const JR_A0 = [0x8502];
const JR_RA = [0x8082];
const FENCE_I = [0x100f, 0x0000];

/** Cycles of each instruction in a straight line, then what the last adds when it branches. */
function price(table: string, ...line: number[][]): number[] {
  const decode = riscvDecoder(32);
  const view = new DataView(new ArrayBuffer(line.flat().length * 2));
  line.flat().forEach((unit, n) => view.setUint16(2 * n, unit, true));
  const decoded: Instruction[] = [];
  for (let at = 0; at < view.byteLength;) {
    const i = decode(view, at, 0x1000 + at);
    decoded.push(i);
    at += i.size;
  }
  const pricing = pricer(timingTable(table));
  const cycles = decoded.map((i, n) => pricing.step(i, decoded[n + 1]));
  return [...cycles, pricing.taken];
}

Deno.test("ibex-small: fixed costs", () => {
  const ibex = (...line: number[][]) => price("ibex-small", ...line);
  assert.deepEqual(ibex(LW, ADDI, SW), [2, 1, 2, 0]);
  assert.deepEqual(ibex(MUL, MULH, DIV, FENCE_I), [3, 4, 37, 2, 0]);
  assert.deepEqual(ibex(BNEZ), [1, 2]);
  assert.deepEqual(ibex(JUMP), [1, 1]);
  assert.deepEqual(ibex(JR_RA), [1, 1]);
});

Deno.test("ibex-maxperf: what is loaded is there one cycle late", () => {
  const ibex = (...line: number[][]) => price("ibex-maxperf", ...line);
  assert.deepEqual(ibex(LW, ADDI), [1, 2, 0]);
  assert.deepEqual(ibex(LW, NOP, ADDI), [1, 1, 1, 0]);
  assert.deepEqual(ibex(LW, LI, SW), [1, 1, 1, 0]);
  assert.deepEqual(ibex(LW, LW_FROM_A0, JR_A0), [1, 2, 1, 1]);
  assert.deepEqual(ibex(LW, JR_A0), [1, 2, 1]);
  assert.deepEqual(ibex(MUL, MULH, BNEZ), [1, 2, 1, 1]);
});

Deno.test("cv32e40p: loads, jumps through registers, long multiplications", () => {
  const cv = (...line: number[][]) => price("cv32e40p", ...line);
  assert.deepEqual(cv(LW, ADDI), [1, 2, 0]);
  // Writing the register that is still being loaded waits too.
  assert.deepEqual(cv(LW, LI), [1, 2, 0]);
  assert.deepEqual(cv(ADDI, JR_A0), [1, 2, 1]);
  assert.deepEqual(cv(LW, JR_A0), [1, 3, 1]);
  assert.deepEqual(cv(LW, NOP, JR_A0), [1, 1, 2, 1]);
  assert.deepEqual(cv(LW, NOP, NOP, JR_A0), [1, 1, 1, 1, 1]);
  // The target is fetched during the multiplication, unless it is the multiplication's result.
  assert.deepEqual(cv(MULH, JUMP), [5, 1, 0]);
  assert.deepEqual(cv(MULH, JR_A0), [5, 2, 1]);
  assert.deepEqual(cv(MUL, BNEZ), [1, 1, 2]);
});

Deno.test("picorv32: words that span two words, shifts by steps", () => {
  const pico = (...line: number[][]) => price("picorv32", ...line);
  assert.deepEqual(pico(LW, ADDI, LW, MUL), [5, 3, 6, 41, 0]);
  // 7 is a step of four and three of one; 31 is seven and three.
  assert.deepEqual(pico(SLLI_7, C_SLLI_31), [4 + 4, 4 + 10, 0]);
  assert.deepEqual(pico(BNEZ), [3, 2]);
  assert.deepEqual(pico(JR_RA), [3, 3]);
  assert.deepEqual(pico(JUMP), [3, 0]);
});

Deno.test("picorv32: a taken branch has fetched the instruction behind it in vain", () => {
  const decode = riscvDecoder(32);
  const view = new DataView(new Uint16Array([...BNEZ, ...LW]).buffer);
  const pricing = pricer(timingTable("picorv32"));
  const [branch, load] = [decode(view, 0, 0x1000), decode(view, 2, 0x1002)];
  assert.deepEqual([pricing.step(branch, load), pricing.taken], [3, 3]);
  assert.deepEqual([pricing.step(branch, { ...load, address: 0x1004 }), pricing.taken], [3, 2]);
});

Deno.test("a landing on an instruction in two words waits for the second", () => {
  const view = new DataView(new Uint16Array(LW).buffer);
  const [aligned, not] = [0x1000, 0x1002].map((address) => riscvDecoder(32)(view, 0, address));
  const expected = { "ibex-small": 1, "ibex-maxperf": 1, "cv32e40p": 1, "picorv32": 0 };
  for (const [name, cycles] of Object.entries(expected)) {
    assert.equal(landing(timingTable(name), aligned!), 0);
    assert.equal(landing(timingTable(name), not!), cycles);
  }
});

const TOOL = testTarget("rv32").compiler.command;

/** Cycles of a function of the given instructions, word-aligned, called with a0 and a1. */
function run(timing: string, code: string, ...args: number[]): number {
  const rv32 = testTarget("rv32");
  const target: Target = { ...rv32, emulator: { cpu: "rv32", timing } };
  const source = `.p2align 2\n.global f\n.type f, @function\nf:\n${code}\n`;
  const elf = build(target, { "a.c": "int main(void) { return 0; }", "f.s": source });
  using emulator = Emulator.open({ target, elf });
  const { cycles } = emulator.call("f", args);
  assert.equal(emulator.call("f", args).cycles, cycles);
  return cycles;
}

Deno.test({
  name: "operand values: divisions, shifts by a register",
  ignore: !has(TOOL),
  fn() {
    const divide = (timing: string, name: string, a: number, b: number) =>
      run(timing, `${name} a0, a0, a1\nret`, a, b);
    for (const timing of ["ibex-small", "ibex-maxperf"]) {
      assert.equal(divide(timing, "div", 100, 7), 37 + 2);
      assert.equal(divide(timing, "rem", 100, 0), 2 + 2);
    }
    // 3 and the leading zeros of the divisor; of -8, 29 leading ones less one. The jump is free.
    assert.equal(divide("cv32e40p", "divu", 100, 7), 3 + 29 + 1);
    assert.equal(divide("cv32e40p", "div", 100, 0), 3 + 32 + 1);
    assert.equal(divide("cv32e40p", "rem", 100, -8), 3 + 28 + 1);
    assert.equal(divide("cv32e40p", "remu", 100, -8), 3 + 0 + 1);
    const shift = (name: string, by: number) =>
      run("picorv32", `${name} a0, a0, a1\nret`, 1000, by);
    assert.equal(shift("sll", 0), 4 + 6);
    assert.equal(shift("sra", 31), 14 + 6);
    assert.equal(shift("srl", 32 + 5), 4 + 2 + 6);
    assert.equal(divide("picorv32", "div", 100, 0), 40 + 6);
  },
});

Deno.test({
  name: "a jump to the next instruction is still a jump",
  ignore: !has(TOOL),
  fn() {
    assert.equal(run("ibex-small", "j 1f\n1: nop\nret"), 2 + 1 + 2);
    assert.equal(run("ibex-small", "la a0, 1f\njr a0\n1: nop\nret"), 2 + 2 + 1 + 2);
  },
});

Deno.test({
  name: "a jump entered from elsewhere is not behind the multiplication before it",
  ignore: !has(TOOL),
  fn() {
    // Straight: mulh 5, j 1, ret 2. Entered at the jump: j 2, j 2, ret 2.
    assert.equal(run("cv32e40p", "mulh a0, a0, a1\n1: j 2f\n2: ret"), 5 + 1 + 2);
    assert.equal(run("cv32e40p", "j 1f\nmulh a0, a0, a1\n1: j 2f\n2: ret"), 2 + 2 + 2);
  },
});
