import assert from "node:assert/strict";
import type { RamMemory, RamRegion, Target } from "../../types.ts";
import { Machine } from "./machine.ts";
import { Emulator } from "./mod.ts";
import { build, has, testTarget } from "./testing.ts";
import { timingTable } from "./timing/mod.ts";
import { statedError } from "./waits.ts";

/** In the upper half of the test targets' RAM, below the stack. */
const SLOW: RamRegion = { origin: 0x20020000, size: 0x10000, loadCycles: 1 };
const FAST_AT = 0x20001000;
const SLOW_AT = SLOW.origin + 0x100;
/** A table in flash that is no literal of the code. */
const FLASH_AT = 0x40;

function targetWith(ram: Partial<RamMemory>, cpu = "cortex-m4"): Target {
  const target = testTarget(cpu);
  return {
    ...target,
    memory: { ...target.memory!, ram: { ...target.memory!.ram, ...ram } },
  };
}

const MAIN = "int word[2]; int main(void) { return 0; }";

/** Cycles of Thumb code with two addresses in r0 and r1, by memory as told. */
function cyclesOf(code: string, args: readonly number[], ram: Partial<RamMemory>): number {
  const target = targetWith(ram);
  const assembly = `
.syntax unified
.thumb
.p2align 4
.global code
.thumb_func
.type code, %function
code:
${code}
  bx lr
.p2align 2
.size code, . - code
`;
  const elf = build(target, { "a.c": MAIN, "code.s": assembly });
  using emulator = Emulator.open({ target, elf });
  const first = emulator.call("code", args);
  assert.deepEqual(emulator.call("code", args), first);
  using machine = Machine.open({ target, elf, breaks: ["main"], profile: true });
  machine.proceed();
  machine.keep();
  machine.clearProfile();
  const { cycles } = machine.now;
  machine.call("code", args);
  assert.equal(machine.now.cycles - cycles, first.cycles);
  return first.cycles;
}

/** What telling the memories apart adds. */
function added(code: string, args: readonly number[], ram: Partial<RamMemory> = {}): number {
  return cyclesOf(code, args, { regions: [SLOW], ...ram }) - cyclesOf(code, args, {});
}

const PAIR = "ldr r2, [r0]\n ldr r3, [r1]";

Deno.test("a load from a slow region takes longer, and overlaps one from the same only", () => {
  if (!has("arm-none-eabi-gcc")) return;
  assert.equal(added(PAIR, [FAST_AT, FAST_AT]), 0);
  // Both are slow, and still overlap.
  assert.equal(added(PAIR, [SLOW_AT, SLOW_AT + 4]), 2);
  // One is slow, and neither shares the other's cycle.
  assert.equal(added(PAIR, [FAST_AT, SLOW_AT]), 1 + 1);
  assert.equal(added(PAIR, [SLOW_AT, FAST_AT]), 1 + 1);
  // Flash is a memory of its own.
  assert.equal(added(PAIR, [FLASH_AT, FLASH_AT + 4]), 0);
  assert.equal(added(PAIR, [FLASH_AT, FAST_AT]), 1);
  assert.equal(added(PAIR, [FLASH_AT, SLOW_AT]), 1 + 1);
  // A chain of three changes its memory twice, one of four once.
  assert.equal(added(`${PAIR}\n ldr r2, [r0, #4]`, [FAST_AT, SLOW_AT]), 2 + 1);
  const four = "ldr r2, [r0]\n ldr r3, [r0, #4]\n ldr r2, [r1]\n ldr r3, [r1, #4]";
  assert.equal(added(four, [FAST_AT, SLOW_AT]), 1 + 2);
});

Deno.test("only accesses that would overlap are affected by where the one before went", () => {
  if (!has("arm-none-eabi-gcc")) return;
  assert.equal(added("ldr r2, [r0]\n nop\n ldr r3, [r1]", [FAST_AT, SLOW_AT]), 1);
  // The address needs what was loaded, or a pair of registers is loaded: no overlap to lose.
  assert.equal(added("ldr r2, [r0]\n ldrd r2, r3, [r1]", [FAST_AT, SLOW_AT]), 1);
  assert.equal(added("ldr r1, [r0]\n ands r1, #4\n ldr r3, [r0, r1]", [FAST_AT, SLOW_AT]), 0);
  // A store overlaps the load before it, and is not slow itself.
  assert.equal(added("ldr r2, [r0]\n str r2, [r1]", [FAST_AT, SLOW_AT]), 1);
  assert.equal(added("ldr r2, [r0]\n str r2, [r1]", [SLOW_AT, SLOW_AT]), 1);
  assert.equal(added("str r2, [r0]\n ldr r2, [r1]", [FAST_AT, SLOW_AT]), 1);
  assert.equal(added("str r2, [r0]\n str r2, [r1]", [FAST_AT, SLOW_AT]), 0);
});

Deno.test("a literal overlaps a table in flash, which no address tells before the run", () => {
  if (!has("arm-none-eabi-gcc")) return;
  const literal = "nop\n nop\n ldr r2, 1f\n ldr r3, [r1]\n b 2f\n .p2align 2\n1: .word 1\n2:";
  assert.equal(added(literal, [0, FLASH_AT]), -1);
  assert.equal(added(literal, [0, FAST_AT]), 0);
  assert.equal(added(literal, [0, SLOW_AT]), 1);
});

Deno.test("lists and pairs from a slow region pay once, stores nothing", () => {
  if (!has("arm-none-eabi-gcc")) return;
  assert.equal(added("ldm r0, {r2, r3, r12}", [SLOW_AT]), 1);
  assert.equal(added("ldrd r2, r3, [r0]", [SLOW_AT]), 1);
  assert.equal(added("ldm r0, {r2, r3, r12}", [FAST_AT]), 0);
  // Across the region's border, either way.
  assert.equal(added("ldm r0, {r2, r3, r12}", [SLOW.origin - 4]), 1);
  assert.equal(added("ldm r0, {r2, r3, r12}", [SLOW.origin + SLOW.size - 4]), 1);
  assert.equal(added("stm r0, {r2, r3, r12}\n strd r2, r3, [r0]", [SLOW_AT]), 0);
  // An unaligned word is one access.
  assert.equal(added("ldr r2, [r0]", [SLOW_AT + 1]), 1);
  assert.equal(added("ldr r2, [r0]", [SLOW.origin + SLOW.size - 1]), 1);
  const stack = { ...SLOW, origin: 0x20030000 };
  assert.equal(added("push {r4, lr}\n pop {r4, lr}", [], { regions: [stack] }), 1);
});

Deno.test("what does not run costs nothing, and what runs again costs again", () => {
  if (!has("arm-none-eabi-gcc")) return;
  const skipped = "cmp r0, r0\n itt ne\n ldrne r2, [r0]\n ldrne r3, [r1]\n nop";
  assert.equal(added(skipped, [SLOW_AT, SLOW_AT]), 0);
  const loop = `movs r2, #10\n1: ${PAIR}\n subs r2, #1\n bne 1b`.replace("ldr r2", "ldr r12");
  assert.equal(added(loop, [FAST_AT, SLOW_AT]), 20);
  // Reached by a branch, the second load has nothing to overlap with.
  const jumped = `ldr r2, [r0]\n b 1f\n ldr r2, [r0]\n1: ldr r3, [r1]`;
  assert.equal(added(jumped, [FAST_AT, SLOW_AT]), 1);
});

Deno.test("regions add to wait states, and several are told apart", () => {
  if (!has("arm-none-eabi-gcc")) return;
  assert.equal(added(PAIR, [FAST_AT, SLOW_AT], { waitStates: 2 }), 2 + 2 + 1 + 1);
  const regions = [SLOW, { origin: 0x20010000, size: 4096, loadCycles: 3 }];
  assert.equal(added(PAIR, [SLOW_AT, 0x20010000], { regions }), 1 + 3 + 1);
  assert.equal(added(PAIR, [0x20010ffc, 0x20011000], { regions }), 3 + 1);
  // A region that is the whole RAM tells it from flash.
  const { origin, size } = testTarget("cortex-m4").memory!.ram;
  const whole = { regions: [{ origin, size }] };
  assert.equal(added(PAIR, [FAST_AT, SLOW_AT], whole), 0);
  assert.equal(added(PAIR, [FAST_AT, FLASH_AT], whole), 1);
});

Deno.test("cores without overlap have slow loads too", () => {
  for (const cpu of ["cortex-m0plus", "cortex-m7", "rv32"]) {
    if (!has(testTarget(cpu).compiler.command)) continue;
    const { origin } = testTarget(cpu).memory!.ram;
    const source = `${MAIN} int load(volatile int *p) { return p[0] + p[1]; }`;
    const cycles = (ram: Partial<RamMemory>, at: number) => {
      const target = targetWith(ram, cpu);
      using emulator = Emulator.open({ target, elf: build(target, { "a.c": source }) });
      return emulator.call("load", [at]).cycles;
    };
    const bare = cycles({}, origin + 4096);
    const regions = [{ origin: origin + 4096, size: 4096, loadCycles: 2 }];
    assert.equal(cycles({ regions }, origin + 4096), bare + 4, cpu);
    assert.equal(cycles({ regions }, origin + 8192), bare, cpu);
  }
});

Deno.test("the error stated is that for memories told apart, where it is known", () => {
  const error = (ram: Partial<RamMemory>, table = "cortex-m4") =>
    statedError(timingTable(table), targetWith(ram));
  assert.match(error({}), /^mean 3\.3 %/);
  assert.match(error({ regions: [SLOW] }), /^mean 1\.3 %.*memories told apart/);
  assert.match(error({ regions: [{ ...SLOW, loadCycles: 0 }, SLOW] }), /^mean 1\.3 %/);
  assert.equal(
    error({ regions: [{ ...SLOW, loadCycles: 2 }] }),
    "unvalidated with RAM regions (loads +2)",
  );
  assert.equal(error({ regions: [SLOW] }, "cortex-m3"), "unvalidated with RAM regions (loads +1)");
  assert.equal(
    error({ regions: [SLOW], waitStates: 1 }),
    "unvalidated with wait states (RAM 1, RAM regions, loads +1)",
  );
});
