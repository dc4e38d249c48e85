import assert from "node:assert/strict";
import { build, has, testTarget } from "../run/emulator/testing.ts";
import type { Target } from "../types.ts";
import { readElf } from "./elf.ts";
import { checkIntegerOnly } from "./integer_only.ts";

const INTEGER = `
const signed char weights[8] = {1, -2, 3, -4, 5, -6, 7, -8};
int scale(int x, long long m) { return (int)((x * m) >> 31) / (x | 1); }
int main(void) { return scale(weights[3], 12345); }
`;
const FLOAT = `
float half(float x) { return x * 0.5f; }
volatile float f;
int main(void) { f = half(f); return 0; }
`;
const HEAP = `
void *malloc(unsigned long n) { static char heap[64]; return heap + n; }
int main(void) { return *(char *)malloc(3); }
`;

function breaches(target: Target, source: string): string[] {
  const bytes = build(target, { "a.c": source }, ["-O1", "-fno-builtin"]);
  return checkIntegerOnly(readElf(bytes), bytes);
}

for (const cpu of ["cortex-m0plus", "cortex-m4", "rv32", "rv64"]) {
  Deno.test(`checkIntegerOnly passes integers and finds software floats (${cpu})`, () => {
    const target = testTarget(cpu);
    if (!has(target.compiler.command)) return;
    assert.deepEqual(breaches(target, INTEGER), []);
    const found = breaches(target, FLOAT).join("\n");
    assert.match(found, cpu.startsWith("cortex") ? /__aeabi_fmul at 0x/ : /__mulsf3 at 0x/);
  });
}

Deno.test("checkIntegerOnly finds instructions of floating-point units", () => {
  const units: [string, string[]][] = [
    ["cortex-m4", ["-mcpu=cortex-m4", "-mthumb", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard"]],
    ["cortex-m7", ["-mcpu=cortex-m7", "-mthumb", "-mfpu=fpv5-d16", "-mfloat-abi=hard"]],
    ["rv32", ["-march=rv32imfc", "-mabi=ilp32f"]],
    ["rv64", ["-march=rv64imafdc", "-mabi=lp64d", "-mcmodel=medany"]],
  ];
  for (const [cpu, flags] of units) {
    const target = testTarget(cpu);
    if (!has(target.compiler.command)) continue;
    const found = breaches({ ...target, compiler: { ...target.compiler, flags } }, FLOAT);
    assert.ok(found.length > 0, cpu);
    assert.match(found.join("\n"), /floating-point instruction \w+ stands at 0x\w+ in half/, cpu);
  }
});

Deno.test("checkIntegerOnly finds the heap", () => {
  const target = testTarget("cortex-m4");
  if (!has(target.compiler.command)) return;
  const found = breaches(target, HEAP);
  assert.equal(found.length, 1);
  assert.match(found[0]!, /contains the C library's malloc at 0x/);
});
