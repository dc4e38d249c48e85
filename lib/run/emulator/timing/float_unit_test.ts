import assert from "node:assert/strict";
import { decodeThumb } from "../decode/thumb.ts";
import { Machine } from "../machine.ts";
import { build, has, testTarget } from "../testing.ts";
import { pricer, timingTable } from "./mod.ts";

type Code = readonly number[];

/** Cycles of each instruction, entered by a branch, then what the last adds if it branches. */
function price(table: string, ...code: Code[]): number[] {
  const units = code.flat();
  const view = new DataView(new ArrayBuffer(units.length * 2));
  units.forEach((unit, n) => view.setUint16(2 * n, unit, true));
  const line = pricer(timingTable(table));
  const cycles: number[] = [];
  for (let at = 0; at < view.byteLength;) {
    const i = decodeThumb(view, at, 0x1000 + at);
    cycles.push(line.step(i));
    at += i.size;
  }
  return [...cycles, line.taken];
}

const NOP: Code = [0xf3af, 0x8000]; // nop.w
const BX_LR: Code = [0x4770];
const VADD_0: Code = [0xee31, 0x0a21]; // vadd.f32 s0, s2, s3
const VADD_8: Code = [0xee34, 0x4a24]; // vadd.f32 s8, s8, s9
const VADD_USES_0: Code = [0xee70, 0x2a00]; // vadd.f32 s5, s0, s0
const VMLA_0: Code = [0xee01, 0x0a21]; // vmla.f32 s0, s2, s3
const VMLA_USES_0: Code = [0xee41, 0x2a00]; // vmla.f32 s5, s2, s0
const VFMA_0: Code = [0xeea1, 0x0a21]; // vfma.f32 s0, s2, s3
const VDIV_0: Code = [0xee81, 0x0a21]; // vdiv.f32 s0, s2, s3
const VSQRT_0: Code = [0xeeb1, 0x0ac1]; // vsqrt.f32 s0, s2
const VCMP_0: Code = [0xeeb5, 0x0a40]; // vcmp.f32 s0, #0.0
const VMOV_0: Code = [0xeeb0, 0x0a41]; // vmov.f32 s0, s2
const VMOV_R0_S0: Code = [0xee10, 0x0a10]; // vmov r0, s0
const VMOV_PAIR: Code = [0xec53, 0x2b11]; // vmov r2, r3, d1
const VLDR_2: Code = [0xed90, 0x1a00]; // vldr s2, [r0]
const VLDR_D1: Code = [0xed90, 0x1b00]; // vldr d1, [r0]
const VSTR_0: Code = [0xed81, 0x0a00]; // vstr s0, [r1]
const VLDM_4: Code = [0xecb0, 0x2a04]; // vldmia r0!, {s4-s7}
const VLDM_D8: Code = [0xecbd, 0x8b04]; // vpop {d8-d9}
const VPUSH_3: Code = [0xed2d, 0x8a03]; // vpush {s16-s18}

Deno.test("cortex-m4: the manual's cycles, lists by their words", () => {
  const m4 = (...code: Code[]) => price("cortex-m4", ...code);
  assert.deepEqual(m4(VADD_0, VADD_8, VMLA_0, VFMA_0), [1, 1, 3, 3, 0]);
  assert.deepEqual(m4(VLDR_2, VLDR_D1), [2, 3, 0]);
  assert.deepEqual(m4(VLDM_4, NOP, VLDM_D8, NOP, VPUSH_3), [5, 1, 5, 1, 4, 0]);
  assert.deepEqual(m4(VMOV_0, VMOV_R0_S0, VMOV_PAIR), [1, 1, 2, 0]);
});

Deno.test("cortex-m4: a result costs the next instruction a cycle, but not as an addend", () => {
  const m4 = (...code: Code[]) => price("cortex-m4", ...code);
  assert.deepEqual(m4(VADD_0, VADD_USES_0), [1, 2, 0]);
  assert.deepEqual(m4(VADD_0, NOP, VADD_USES_0), [1, 1, 1, 0]);
  assert.deepEqual(m4(VADD_0, VMLA_0), [1, 3, 0]);
  assert.deepEqual(m4(VADD_0, VMLA_USES_0), [1, 4, 0]);
  assert.deepEqual(m4(VMLA_0, VMLA_0, VADD_USES_0), [3, 3, 2, 0]);
  assert.deepEqual(m4(VADD_0, VSTR_0), [1, 3, 0]);
  assert.deepEqual(m4(VADD_0, VMOV_R0_S0), [1, 2, 0]);
  // Moves are no arithmetic.
  assert.deepEqual(m4(VMOV_0, VADD_USES_0), [1, 1, 0]);
  assert.deepEqual(m4(VLDR_2, VADD_0), [2, 1, 0]);
});

Deno.test("cortex-m4: a division leaves the core free, and keeps the unit for 14 cycles", () => {
  const m4 = (...code: Code[]) => price("cortex-m4", ...code);
  assert.deepEqual(m4(VDIV_0, VADD_8), [1, 14, 0]);
  assert.deepEqual(m4(VDIV_0, VADD_USES_0), [1, 15, 0]);
  assert.deepEqual(m4(VDIV_0, VSTR_0), [1, 16, 0]);
  assert.deepEqual(m4(VSQRT_0, VCMP_0), [1, 15, 0]);
  const nops = (n: number) => Array<Code>(n).fill(NOP);
  assert.deepEqual(m4(VDIV_0, ...nops(4), VADD_USES_0), [1, 1, 1, 1, 1, 11, 0]);
  assert.deepEqual(m4(VDIV_0, ...nops(14), VADD_USES_0), [...Array(16).fill(1), 0]);
  // The caller is taken to use the unit at once.
  assert.deepEqual(m4(VDIV_0, BX_LR), [1, 1, 1 + 12]);
  assert.deepEqual(m4(VADD_0, BX_LR), [1, 1, 1]);
});

Deno.test("cortex-m7: latencies by what uses the result, and a division that holds all", () => {
  const m7 = (...code: Code[]) => price("cortex-m7", ...code);
  assert.deepEqual(m7(VADD_0, VADD_8), [1, 1, 0]);
  assert.deepEqual(m7(VADD_0, VADD_USES_0), [1, 3, 0]);
  assert.deepEqual(m7(VADD_0, VSTR_0), [1, 1, 0]);
  assert.deepEqual(m7(VFMA_0, VFMA_0), [1, 3, 0]);
  assert.deepEqual(m7(VFMA_0, VMLA_USES_0), [1, 5, 0]);
  assert.deepEqual(m7(VFMA_0, VSTR_0), [1, 3, 0]);
  // An addition keeps a distance from a sum of products.
  assert.deepEqual(m7(VFMA_0, VADD_8), [1, 4, 0]);
  assert.deepEqual(m7(VDIV_0, VADD_USES_0), [16, 1, 0]);
  assert.deepEqual(m7(VLDM_4, VPUSH_3), [2, 2, 0]);
  assert.deepEqual(m7(VADD_0, VMOV_R0_S0), [1, 3, 0]);
});

Deno.test("cortex-m33: a sum of products keeps the unit for three cycles", () => {
  const m33 = (...code: Code[]) => price("cortex-m33", ...code);
  assert.deepEqual(m33(VFMA_0, VFMA_0), [1, 3, 0]);
  assert.deepEqual(m33(VFMA_0, NOP, NOP, VADD_8), [1, 1, 1, 1, 0]);
  assert.deepEqual(m33(VADD_0, VADD_USES_0), [1, 2, 0]);
  assert.deepEqual(m33(VLDM_4, VPUSH_3), [4, 3, 0]);
  assert.deepEqual(m33(VDIV_0, VADD_8), [14, 1, 0]);
});

const CODE = `
.syntax unified
.thumb
.fpu fpv4-sp-d16
.p2align 2
.global code
.thumb_func
.type code, %function
code:
  cbz r0, 1f
  nop
  vdiv.f32 s0, s2, s3
1: vadd.f32 s8, s8, s9
  bx lr
.size code, . - code
`;
const MAIN = `int main(void) { *(volatile unsigned *)0xe000ed88 |= 0xf << 20; return 0; }
void end(void) {}`;

Deno.test("a wait for the unit is not paid by who comes from elsewhere", () => {
  const target = testTarget("cortex-m4");
  if (!has(target.compiler.command)) return;
  const elf = build(target, { "a.c": MAIN, "code.s": CODE });
  using machine = Machine.open({ target, elf, breaks: ["hang"] });
  machine.proceed();
  machine.keep();
  const cycles = (argument: number) => {
    const before = machine.now.cycles;
    machine.call("code", [argument]);
    return machine.now.cycles - before;
  };
  // cbz, its late target; vadd; bx and its return.
  assert.equal(cycles(0), 1 + 2 + 1 + 2);
  assert.equal(cycles(1), 1 + 1 + 1 + 14 + 2);
});
