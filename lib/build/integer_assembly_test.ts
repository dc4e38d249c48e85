import assert from "node:assert/strict";
import { join } from "node:path";
import { has } from "../run/emulator/testing.ts";
import { checkIntegerAssembly } from "./integer_assembly.ts";

function check(machine: string, ...lines: string[]): string[] {
  return checkIntegerAssembly(`half:\n${lines.map((line) => `\t${line}\n`).join("")}`, machine);
}

Deno.test("vectors of integers pass, moves named after floats too", () => {
  const integers = [
    "vpdpbusd\t%zmm1, %zmm2, %zmm3",
    "vpmaddwd %ymm1, %ymm2, %ymm3; vpminsd %ymm1, %ymm2, %ymm3; vpabsd %ymm1, %ymm2",
    "vmovups (%rax), %ymm1",
    "movaps %xmm0, %xmm1",
    "movhlps %xmm0, %xmm1",
    "vextracti64x4 $1, %zmm0, %ymm0",
    "vbroadcastss (%rax), %zmm1",
    "xorps %xmm0, %xmm0",
    "shufps $136, %xmm1, %xmm0",
    "rep stosq",
    "pushq %rbx",
    ".section .text.fadd",
    "# fadd",
    '.string "x;fadd"',
  ];
  assert.deepEqual(check("x86-64", ...integers), []);
  const arm = ["fmov d0, x1", "bfi w0, w1, 3, 4", "mla v0.4s, v1.4s, v2.4s", "b.ne .L3"];
  assert.deepEqual(check("aarch64", ...arm), []);
});

Deno.test("floating-point instructions are found, with their place", () => {
  const floats = [
    "mulss %xmm1, %xmm0",
    "vfmadd213ps %zmm1, %zmm2, %zmm3",
    "cvtsi2sdl %eax, %xmm0",
    "vdivpd %ymm1, %ymm2, %ymm3",
    "nop; addps %xmm0, %xmm1",
    "{vex} vdpbf16ps %ymm1, %ymm2, %ymm3",
    "vaddph %zmm1, %zmm2, %zmm3",
    "fldl (%rsp)",
    "cmpltss %xmm0, %xmm1",
    "pfadd %mm0, %mm1",
    "sqrtsd %xmm0, %xmm0",
  ];
  const found = check("x86-64", ...floats);
  assert.equal(found.length, floats.length);
  assert.match(found[0]!, /"mulss %xmm1, %xmm0" stands in line 2 of the assembly in half\.$/);
  const arm = ["fmul s0, s0, s1", "scvtf d0, w0", "bfdot v0.4s, v1.8h, v2.8h", "fcmp s0, #0.0"];
  assert.equal(check("aarch64", ...arm).length, arm.length);
  assert.match(check("s390", "aebr 1,2")[0]!, /s390.*cannot be checked/);
});

Deno.test({ name: "what a compiler makes of floats is found", ignore: !has("gcc") }, async () => {
  const folder = await Deno.makeTempDir();
  const machine = Deno.build.arch === "aarch64" ? "aarch64" : "x86-64";
  const compile = async (text: string) => {
    await Deno.writeTextFile(join(folder, "a.c"), text);
    const { success } = await new Deno.Command("gcc", {
      args: ["-O3", "-march=native", "-S", "a.c"],
      cwd: folder,
    }).output();
    assert.ok(success);
    return checkIntegerAssembly(await Deno.readTextFile(join(folder, "a.s")), machine);
  };
  const loop = (type: string) => `
void scale(${type} *x, ${type} by) { for (int i = 0; i < 99; i++) x[i] = x[i] * by + x[i] / 3; }`;
  for (const type of ["float", "double", "long double"]) {
    assert.ok((await compile(loop(type))).length > 0, type);
  }
  for (const type of ["signed char", "short", "int", "long long"]) {
    assert.deepEqual(await compile(loop(type)), []);
  }
  await Deno.remove(folder, { recursive: true });
});
