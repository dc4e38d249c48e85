import assert from "node:assert/strict";
import type { Target } from "../types.ts";
import { Device, type DeviceOptions } from "./device.ts";
import { EmulatorFault } from "./emulator/mod.ts";
import { build, has, testTarget } from "./emulator/testing.ts";

const CORES = ["cortex-m0", "cortex-m3", "cortex-m4", "cortex-m7", "cortex-m33", "rv32", "rv64"];

const PROGRAM = `
#include <stdint.h>
int32_t values[8];
uint8_t bytes[16];
const int32_t constant = 7;
uint32_t marks[3];

#ifdef __arm__
static uint32_t now(void) { return *(volatile uint32_t *)0xe0001004; }
void enable(void)
{
    *(volatile uint32_t *)0xe000edfc |= 1u << 24;
    *(volatile uint32_t *)0xe0001000 |= 1;
}
static int host(int operation, const void *parameter)
{
    register int r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = parameter;
    __asm volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}
void trap_division(void) { *(volatile uint32_t *)0xe000ed14 |= 0x10; }
#else
static uint32_t now(void)
{
    uintptr_t value;
    __asm volatile(".option push\\n.option arch, +zicsr\\ncsrr %0, mcycle\\n.option pop" : "=r"(value));
    return value;
}
uint32_t retired(void)
{
    uintptr_t value;
    __asm volatile(".option push\\n.option arch, +zicsr\\ncsrr %0, minstret\\n.option pop" : "=r"(value));
    return value;
}
void enable(void) {}
static int host(int operation, const void *parameter)
{
    register intptr_t a0 __asm__("a0") = operation;
    register const void *a1 __asm__("a1") = parameter;
    __asm volatile(".balign 16\\n.option push\\n.option norvc\\nslli x0, x0, 0x1f\\nebreak\\n"
                   "srai x0, x0, 7\\n.option pop" : "+r"(a0) : "r"(a1) : "memory");
    return a0;
}
#endif

__attribute__((noinline)) int sum(const int32_t *v, int n)
{
    int s = 0;
    for (int i = 0; i < n; i++) s += v[i];
    return s;
}
int four(int a, int b, int c, int d) { return a - b + 100 * c + 1000 * d; }
/* Three reads in one block, and one behind a loop. */
int timed(int n)
{
    marks[0] = now();
    marks[1] = now();
    for (volatile int i = 0; i < n; i++) {}
    marks[2] = now();
    return marks[2] - marks[0];
}
int hello(void) { host(4, "hello\\n"); return 3; }
uint32_t clock(void) { return host(0x10, 0); }
void leave(void)
{
    uintptr_t block[2] = {0x20026, 9};
    host(0x20, block);
}
__attribute__((noinline)) int deep(int n)
{
    volatile int frame[64];
    frame[n & 63] = n;
    if (n > 0) frame[1] = deep(n - 1);
    return frame[1] + frame[n & 63];
}
int read_nothing(void) { values[0] = 1; return values[1] + *(volatile int *)0x60000000; }
int null_write(void) { *(volatile int *)(uintptr_t)(sizeof(int) * 4) = 1; return 0; }
void write_constant(void) { *(volatile int32_t *)&constant = 1; }
int spin(void) { for (;;) {} }
int undefined(void)
{
#ifdef __arm__
    __asm volatile(".inst.n 0xde00");
#else
    __asm volatile(".insn i 0x73, 2, zero, zero, 0x7c0");
#endif
    return 1;
}
typedef int function(void);
int jump_even(void) { return 1 + ((function *)((uintptr_t)spin & ~(uintptr_t)1))(); }
int jump_data(void) { return 1 + ((function *)((uintptr_t)values | 1))(); }
int divide(int a, int b) { return a / b; }
#ifdef __arm__
int unaligned_word(int offset)
{
    int result;
    __asm volatile("ldr %0, [%1]" : "=r"(result) : "r"(bytes + offset) : "memory");
    return result;
}
int unaligned_list(int offset)
{
    int result, second;
    uint8_t *at = bytes + offset;
    __asm volatile("ldmia %2!, {r3, r4}\\nmov %0, r3\\nmov %1, r4"
                   : "=r"(result), "=r"(second), "+l"(at) : : "r3", "r4", "memory");
    return result + second;
}
#if __ARM_FEATURE_SIMD32
int floats(void) { __asm volatile(".fpu fpv4-sp-d16\\nvadd.f32 s0, s0, s1"); return 1; }
void enable_floats(void) { *(volatile uint32_t *)0xe000ed88 |= 0xf << 20; }
#endif
uint32_t tick(void)
{
    volatile uint32_t *timer = (volatile uint32_t *)0xe000e010;
    timer[1] = 999;
    timer[2] = 0;
    timer[0] = 5;
    for (volatile int i = 0; i < 10; i++) {}
    return timer[2];
}
#endif
/* Position-independent: it is copied and run elsewhere. */
__attribute__((noinline, aligned(16), section(".text.moved"))) int moved(int a) { return 3 * a + 1; }
__attribute__((noinline, aligned(16), section(".text.moved"))) int other(int a) { return 5 * a + 2; }
uint32_t room[16];
static int run(int (*function)(int), int a)
{
    const uint8_t *from = (const uint8_t *)((uintptr_t)function & ~(uintptr_t)1);
    for (int i = 0; i < 16; i++) ((volatile uint8_t *)room)[i] = from[i];
    return ((int (*)(int))((uintptr_t)room | ((uintptr_t)function & 1)))(a);
}
int run_copy(int a) { return run(moved, a); }
/* The second overwrites the first where it has just run. */
int run_both(int a) { return run(moved, a) + run(other, a); }
int main(void) { return 0; }
`;

async function open(
  cpu: string,
  options: Partial<DeviceOptions> = {},
): Promise<[Device, Target] | undefined> {
  const target = testTarget(cpu);
  if (cpu === "cortex-m0") Object.assign(target.emulator!, { timing: "cortex-m0plus" });
  if (!has(target.compiler.command)) return undefined;
  const elf = build(target, { "a.c": PROGRAM }, ["-O2", "-Wno-array-bounds"]);
  return [await Device.open({ target, elf, ...options }), target];
}

for (const cpu of CORES) {
  Deno.test(`Device writes, calls and reads (${cpu})`, async () => {
    const texts: string[] = [];
    const [opened] = await open(cpu, { output: (text) => texts.push(text) }) ?? [];
    if (opened === undefined) return;
    using device = opened;
    device.write("values", Int32Array.of(1, 2, 3, 4, -5));
    const first = device.call("sum", "values", 5);
    assert.equal(first.result, 5);
    assert.ok(first.cycles >= first.instructions * 0.5 && first.instructions > 15);
    for (let n = 0; n < 20; n++) {
      assert.deepEqual(device.call("sum", device.address("values"), 5), first);
    }
    assert.equal(device.call("four", 1, 2, 3, 4).result, 4299);
    assert.equal(device.call("four", -1).result, -1);
    assert.deepEqual(device.read("values", 2, "i32"), Int32Array.of(1, 2));
    device.write("bytes", [255, -1, 0]);
    assert.deepEqual([...device.read("bytes", 3)], [255, 255, 0]);
    assert.equal(device.call("hello").result, 3);
    assert.equal(texts.join(""), "hello\n");
    assert.throws(() => device.write("bytes", new Uint8Array(17)), /bytes at 0x.* has 16 bytes/);
    assert.throws(() => device.write("bytes", [256]), /256 as a byte/);
    assert.throws(() => device.call("sun"), /no symbol "sun"; the nearest (is|are) "sum"/);
    assert.throws(() => device.call("sum", 2 ** 32), /32-bit whole number/);
    const [deep, shallow] = [11, 1].map((n) => device.call("deep", n).stack);
    assert.ok(deep! - shallow! >= 2560 && deep! - shallow! <= 3360, `${deep} ${shallow}`);
  });

  Deno.test(`Device tells the program the modelled time (${cpu})`, async () => {
    const [opened, target] = await open(cpu) ?? [];
    if (opened === undefined || target === undefined) return;
    using device = opened;
    device.call("enable");
    const { cycles } = device.call("timed", 0);
    const [a = 0, b = 0, c = 0] = device.read("marks", 3, "u32");
    if (cpu === "cortex-m0") assert.deepEqual([a, b, c], [0, 0, 0]); // it has no cycle counter
    else {
      assert.ok(b - a >= 1 && b - a <= 6, `${a} ${b}`);
      assert.ok(c - a <= cycles && c - a > cycles / 4, `${c - a} of ${cycles}`);
      // What a loop adds is the same, seen from inside and from outside.
      const [short, long] = [10, 1010].map((n) => {
        const { cycles, result } = device.call("timed", n);
        return { cycles, result };
      });
      assert.equal(long!.cycles - short!.cycles, long!.result - short!.result);
      assert.ok(long!.result - short!.result >= 4000 * 0.5);
    }
    const before = device.call("clock").result;
    device.call("timed", 1_000_000);
    assert.ok(device.call("clock").result > before);
    if (target.isa === "thumb") {
      const value = device.call("tick").result;
      assert.ok(value > 0 && value < 999, `${value}`);
    } else {
      const first = device.call("retired").result;
      const { instructions } = device.call("retired");
      assert.equal(device.call("retired").result - first, 2 * instructions);
    }
  });

  Deno.test(`Device explains faults (${cpu})`, async () => {
    const [opened, target] = await open(cpu, { maxInstructions: 100_000 }) ?? [];
    if (opened === undefined || target === undefined) return;
    using device = opened;
    const thumb = target.isa === "thumb";
    const fails = (kind: string, message: RegExp, symbol: string, ...args: number[]) => {
      assert.throws(() => device.call(symbol, ...args), (error) => {
        assert.ok(error instanceof EmulatorFault, String(error));
        assert.match(error.message, message);
        assert.equal(error.kind, kind, error.message);
        if (kind !== "exit") {
          assert.ok(error.location.startsWith(symbol), error.message);
          assert.equal(error.registers["pc"] === undefined, false);
          assert.equal(typeof error.registers["sp"], "number");
          assert.match(error.instruction ?? "", /\([0-9a-f]{4,8}\)$/);
        }
        return true;
      });
      assert.equal(device.call("four", 1, 2, 3, 4).result, 4299);
    };
    fails("memory", /l(dr|w) \w+, .*reads from .* no memory: 0x60000000/, "read_nothing");
    fails("memory", /0x00000010\.\nLikely cause: a null pointer/, "null_write");
    fails(
      "memory",
      /read-only memory \(flash\)[^]*the constant constant is written to/,
      "write_constant",
    );
    fails("limit", /limit is 100000[^]*branches to itself/, "spin");
    fails(thumb ? "instruction" : "exception", /not one this core has|does not have/, "undefined");
    fails("not-code", /no code: 0x.*\nLikely cause: a function pointer/, "jump_data");
    fails("stack", /has overflowed[^]*Called from \(probably\): deep\+0x/, "deep", 2000);
    fails("exit", /ends itself at leave.* with exit code 9/, "leave");
    if (thumb) {
      fails("not-thumb", /even address/, "jump_even");
      assert.equal(device.call("unaligned_list", 4).result, 0);
      if (cpu === "cortex-m0") fails("exception", /not aligned/, "unaligned_word", 1);
      else {
        device.write("bytes", [1, 2, 3, 4, 5]);
        assert.equal(device.call("unaligned_word", 1).result, 0x05040302);
        fails("alignment", /not a multiple of 4: 0x[0-9a-f]{7}[13579bdf]/, "unaligned_list", 1);
        assert.equal(device.call("divide", 1, 0).result, 0);
        device.call("trap_division");
        fails("divide", /divides by zero.*DIV_0_TRP/, "divide", 1, 0);
      }
      if (["cortex-m4", "cortex-m7", "cortex-m33"].includes(cpu)) {
        fails("no-fpu", /CPACR/, "floats");
        device.call("enable_floats");
        assert.equal(device.call("floats").result, 1);
      }
    }
  });

  Deno.test(`Device runs functions that were copied to RAM (${cpu})`, async () => {
    const [opened] = await open(cpu) ?? [];
    if (opened === undefined) return;
    using device = opened;
    const { instructions } = device.call("moved", 5);
    for (let n = 0; n < 3; n++) assert.equal(device.call("run_copy", n).result, 3 * n + 1);
    const [low, high] = ["run_copy", "run_copy"].map((f) => device.call(f, 1).instructions);
    assert.ok(low === high && low! > instructions + 16 * 2);
    for (let n = 0; n < 3; n++) assert.equal(device.call("run_both", n).result, 8 * n + 3);
  });
}

Deno.test("Device ends runs that take too long", async () => {
  const [opened] = await open("cortex-m4", { timeout: 0.05 }) ?? [];
  if (opened === undefined) return;
  using device = opened;
  assert.throws(() => device.call("spin"), (error) => {
    assert.ok(error instanceof EmulatorFault);
    assert.match(error.message, /still running after 0.05 seconds/);
    return error.kind === "timeout";
  });
});

Deno.test("Device refuses what does not fit", async () => {
  const target = testTarget("cortex-m4");
  if (!has(target.compiler.command)) return;
  const elf = build(target, { "a.c": PROGRAM });
  const refuses = (options: Partial<DeviceOptions>, message: RegExp) =>
    assert.rejects(Device.open({ target, elf, ...options }), message);
  await refuses({ target: "cortex-m5" }, /no target "cortex-m5"/);
  await refuses({ elf: "/nowhere.elf" }, /Cannot read the program \/nowhere.elf/);
  await refuses({ timing: "cortex-m9" }, /no timing table "cortex-m9"/);
  await refuses({ flash: "much" }, /--flash much/);
  await refuses({ flash: "1024M" }, /would overlap/);
  await refuses(
    { flash: "0x08000000:1M" },
    /outside the memory of cortex-m4.*--flash 1M|--flash 0x0/,
  );
  await refuses({ boot: "maim" }, /the nearest (is|are) "main"/);
  await refuses({ timeout: 0 }, /time limit is 0/);
});
