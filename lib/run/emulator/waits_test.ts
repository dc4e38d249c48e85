import assert from "node:assert/strict";
import type { FlashMemory, RamMemory, Target } from "../../types.ts";
import { decodeThumb } from "./decode/thumb.ts";
import { Machine } from "./machine.ts";
import { Emulator } from "./mod.ts";
import { PROGRAM } from "./program_for_tests.ts";
import { build, has, testTarget } from "./testing.ts";
import { timingTable } from "./timing/mod.ts";
import { fetchMemories, type FetchMemory, fetchWaits, memoryAt, statedError } from "./waits.ts";

type Speed = {
  readonly flash?: Partial<FlashMemory>;
  readonly ram?: Partial<RamMemory>;
};

/** A core's target for tests, with memory as slow as told. */
function slow(cpu: string, { flash, ram }: Speed): Target {
  const target = testTarget(cpu);
  const memory = target.memory!;
  return {
    ...target,
    memory: { ...memory, flash: { ...memory.flash, ...flash }, ram: { ...memory.ram, ...ram } },
  };
}

const NOP = 0xbf00;
const BX_LR = 0x4770;
const NOP_W = [0xf3af, 0x8000];

/** Waits of Thumb code in which everything takes one cycle, and a taken branch one more. */
function waits(memory: Partial<FetchMemory>, address: number, units: readonly number[]) {
  const view = new DataView(new ArrayBuffer(units.length * 2));
  units.forEach((unit, n) => view.setUint16(2 * n, unit, true));
  const line = [];
  for (let at = 0; at < view.byteLength; at += line.at(-1)!.size) {
    line.push(decodeThumb(view, at, address + at));
  }
  const all = {
    origin: 0,
    size: 2 ** 20,
    waitStates: 5,
    lineBytes: 16,
    prefetch: false,
    cacheLines: 0,
  };
  const { straight, landing, taken } = fetchWaits(
    { ...all, ...memory },
    line,
    new Int32Array(line.length).fill(1),
    new Int32Array(line.length).fill(1),
  );
  return { straight: [...straight], landing: [...landing], taken: [...taken] };
}

Deno.test("straight code waits for every line, or for what reading ahead leaves of it", () => {
  const nops = Array(10).fill(NOP);
  assert.deepEqual(waits({}, 0x100, nops).straight, [0, 0, 0, 0, 0, 0, 0, 0, 5, 0]);
  // Eight cycles in a line of eight instructions hide the six of the next line's read.
  assert.deepEqual(waits({ prefetch: true }, 0x100, nops).straight, Array(10).fill(0));
  // Four wide instructions take four: two cycles of the read are left.
  const wide = Array(5).fill(NOP_W).flat();
  assert.deepEqual(waits({ prefetch: true }, 0x100, wide).straight, [0, 0, 0, 0, 2]);
  // With three wait states, four one-cycle instructions hide all of it.
  assert.deepEqual(
    waits({ prefetch: true, waitStates: 3 }, 0x100, wide).straight,
    Array(5).fill(0),
  );
  // An instruction across two lines waits for the second.
  assert.deepEqual(waits({}, 0x10e, [...NOP_W, NOP]).straight, [5, 0]);
  assert.deepEqual(waits({ prefetch: true }, 0x10c, [NOP, ...NOP_W]).straight, [0, 5]);
  // Words: every second halfword, and reading ahead hides two of three cycles.
  const words = [NOP, NOP, NOP, NOP];
  assert.deepEqual(waits({ lineBytes: 4, waitStates: 2 }, 0x100, words).straight, [0, 0, 2, 0]);
  assert.deepEqual(
    waits({ lineBytes: 4, waitStates: 2, prefetch: true }, 0x100, words).straight,
    [0, 0, 1, 0],
  );
});

Deno.test("a branch waits for its target's line, and the line behind has less time to come", () => {
  const nops = Array(10).fill(NOP);
  // On the first of a new line the straight line's wait, which is not due, is taken off.
  assert.deepEqual(waits({}, 0x100, nops).landing, [5, 5, 5, 5, 5, 5, 5, 5, 0, 5]);
  // Landing three, two, one instruction before the next line leaves 3, 4, 5 cycles of its read.
  assert.deepEqual(
    waits({ prefetch: true }, 0x100, nops).landing,
    [5, 5, 5, 6, 7, 8, 9, 10, 5, 5],
  );
});

Deno.test("a branch within a line, or to the next one that is read ahead, waits less", () => {
  const back = 0xe7fd; // b to two bytes before itself, at offset 2 of the code below
  assert.deepEqual(waits({}, 0x100, [NOP, back]).taken, [0, -5]);
  // From the second line to the first: there is no way back but to read it again.
  assert.deepEqual(waits({ prefetch: true }, 0x10e, [NOP, back]).taken, [0, 0]);
  // b over seven halfwords into the next line, which without reading ahead is a read of its own.
  const ahead = [0xe006, NOP, NOP, NOP, NOP, NOP, NOP, NOP, NOP, BX_LR];
  assert.deepEqual(waits({}, 0x100, ahead).taken[0], 0);
  // The branch has taken two of the six cycles of the read ahead: 4 are left, and 5 are not due.
  assert.deepEqual(waits({ prefetch: true }, 0x100, ahead).taken[0], -1);
});

const LOOP = (before: number) => `
.syntax unified
.thumb
.p2align 4
${"nop\n".repeat(before)}
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
.size loop, . - loop
.p2align 4
.global words
.type words, %object
words: .word 1, 2, 3, 4, 5, 6, 7, 8
.size words, . - words
`;
const MAIN = "int word[2]; int main(void) { return 0; }";
/** Of the loop at zero wait states, hand-computed in the tests of the tables. */
const BARE = 2 + 10 * 5 + 9 * 1 + 2;

/** Cycles of the loop behind that many halfwords of a line of 16 bytes, reading at a symbol. */
function loopCycles(speed: Speed, before = 0, symbol = "word", offset = 0): number {
  const target = slow("cortex-m4", speed);
  const elf = build(target, { "a.c": MAIN, "loop.s": LOOP(before) });
  using emulator = Emulator.open({ target, elf });
  const first = emulator.call("loop", [emulator.address(symbol) + offset]);
  assert.deepEqual(emulator.call("loop", [emulator.address(symbol) + offset]), first);
  using machine = Machine.open({ target, elf, breaks: ["main"], profile: true });
  machine.proceed();
  machine.keep();
  machine.clearProfile();
  const { cycles } = machine.now;
  machine.call("loop", [machine.address(symbol) + offset]);
  assert.equal(machine.now.cycles - cycles, first.cycles);
  const { functions } = machine.profile()!;
  // The profile leaves out the return, whose target is outside the program.
  assert.deepEqual(functions.map((f) => [f.name, f.cycles]), [["loop", first.cycles - 1]]);
  return first.cycles;
}

Deno.test("a loop waits as computed by hand, in Emulator and Machine", () => {
  if (!has("arm-none-eabi-gcc")) return;
  const flash = { waitStates: 5, lineBytes: 16 };
  assert.equal(loopCycles({}), BARE);
  assert.equal(loopCycles({ flash: { waitStates: 0, lineBytes: 16, prefetch: true } }), BARE);
  // All in one line: it is read once.
  assert.equal(loopCycles({ flash }), BARE + 5);
  assert.equal(loopCycles({ flash: { ...flash, prefetch: true } }), BARE + 5);
  // The line ends between the loads and the subtraction: two reads a round.
  assert.equal(loopCycles({ flash }, 4), BARE + 10 * (5 + 5));
  // Read ahead: first behind 1 + 1 + 2 + 1 of 6 cycles, then nine times behind 3.
  assert.equal(loopCycles({ flash: { ...flash, prefetch: true } }, 4), BARE + 5 + 1 + 9 * (5 + 3));
});

Deno.test("data wait by the memory their address is in", () => {
  if (!has("arm-none-eabi-gcc")) return;
  // Twenty loads from RAM; the code is in flash.
  assert.equal(loopCycles({ ram: { waitStates: 2 } }), BARE + 20 * 2);
  // From flash: one line holds both words, and stays.
  const flash = { waitStates: 5, lineBytes: 16 };
  assert.equal(loopCycles({ flash }, 0, "words"), BARE + 5 + 5);
  // Across two lines, of which one stays: both are read in every round.
  assert.equal(loopCycles({ flash }, 0, "words", 14), BARE + 5 + 10 * (5 + 5));
  // Words apart: every load is a read. The code fetches 7 words once, then two 9 times.
  const narrow = loopCycles({ flash: { waitStates: 1 } }, 0, "words") - BARE;
  assert.equal(narrow, 20 + (1 + 1 + 1 + 1) + 9 * (1 + 1));
});

Deno.test("lines of code are kept when a branch has waited for them, and given up in turn", () => {
  if (!has("arm-none-eabi-gcc")) return;
  const flash = { waitStates: 5, lineBytes: 16, prefetch: true, cacheLines: 64 };
  assert.equal(loopCycles({ flash }), BARE + 5);
  // The loop's first line is kept, the second read ahead: 1 cycle late, then 3 in each round.
  assert.equal(loopCycles({ flash }, 4), BARE + 5 + 1 + 9 * 3);
  assert.equal(loopCycles({ flash: { ...flash, cacheLines: 1 } }, 4), BARE + 5 + 1 + 9 * 3);
  // Three lines that branches lead to, in turn: kept all three they wait once, kept two never.
  const turns = `
.syntax unified
.thumb
.p2align 4
.global loop
.thumb_func
.type loop, %function
loop:
  movs r1, #10
1: b 2f
.p2align 4
  nop
2: subs r1, #1
  beq 4f
  b 3f
.p2align 4
  nop
3: b 1b
4: bx lr
`;
  const cycles = (cacheLines: number, waitStates: number) => {
    const target = slow("cortex-m4", { flash: { ...flash, waitStates, cacheLines } });
    const elf = build(target, { "a.c": MAIN, "loop.s": turns });
    using emulator = Emulator.open({ target, elf });
    return emulator.call("loop").cycles;
  };
  const bare = cycles(64, 0);
  assert.equal(cycles(64, 1), bare + 3);
  assert.equal(cycles(3, 1), bare + 3);
  // Entry, then ten times line 2 and nine times lines 3 and 1, then out by line 3.
  assert.equal(cycles(2, 1), bare + 1 + 10 + 9 + 9 + 1);
});

Deno.test("lines of data are kept, the least recently used given up", () => {
  if (!has("arm-none-eabi-gcc")) return;
  const flash = { waitStates: 3, lineBytes: 4 };
  const code = loopCycles({ flash }) - BARE;
  const data = (dataLines: number) =>
    loopCycles({ flash: { ...flash, dataLines } }, 0, "words") - BARE - code;
  assert.equal(data(1), 20 * 3);
  assert.equal(data(2), 2 * 3);
});

Deno.test("wait states change nothing but time, and none change nothing at all", () => {
  for (const cpu of ["cortex-m0plus", "cortex-m4", "cortex-m7", "rv32", "rv64"]) {
    if (!has(testTarget(cpu).compiler.command)) continue;
    const elf = build(testTarget(cpu), { "a.c": PROGRAM });
    const run = (speed: Speed) => {
      using emulator = Emulator.open({ target: slow(cpu, speed), elf, marks: ["dot", "sort"] });
      const { cycles, result, instructions, stack, marks } = emulator.call("infer", [100]);
      return {
        cycles,
        marks,
        same: [result, instructions, stack, ...marks.map((m) => m.instructions)],
      };
    };
    const bare = run({});
    const none = { waitStates: 0 };
    assert.deepEqual(run({ flash: { ...none, lineBytes: 32, prefetch: true }, ram: none }), bare);
    const flash = { waitStates: 5, lineBytes: 16 };
    const totals = [{ flash: { ...flash, prefetch: true } }, { flash }, {
      flash: { waitStates: 5 },
    }]
      .map((speed) => {
        const result = run(speed);
        assert.deepEqual(result.same, bare.same, cpu);
        for (const [n, mark] of result.marks.entries()) {
          assert.ok(mark.cycles > bare.marks[n]!.cycles);
        }
        return result.cycles;
      });
    // Reading ahead is faster than not, and long lines than short ones.
    assert.deepEqual([bare.cycles, ...totals].toSorted((a, b) => a - b), [bare.cycles, ...totals]);
    assert.ok(totals[0]! < totals[1]! && totals[1]! < totals[2]!, `${cpu}: ${totals}`);
    assert.ok(run({ ram: { waitStates: 1 } }).cycles > bare.cycles);
  }
});

Deno.test("code waits for the memory it is in: flash by lines, RAM by words", () => {
  assert.deepEqual(
    fetchMemories(slow("cortex-m4", { flash: { waitStates: 0, lineBytes: 16 } })),
    [],
  );
  const both = fetchMemories(slow("cortex-m4", {
    flash: { waitStates: 5, lineBytes: 16 },
    ram: { waitStates: 1 },
  }));
  const at = (address: number) => {
    const { waitStates, lineBytes, prefetch } = memoryAt(both, address)!;
    return [waitStates, lineBytes, prefetch];
  };
  assert.deepEqual(at(0x100), [5, 16, false]);
  assert.deepEqual(at(0x20000100), [1, 4, false]);
  assert.equal(memoryAt(both, 0x40000000), undefined);
  const ram = waits({ ...memoryAt(both, 0x20000100)! }, 0x20000100, [NOP, NOP, NOP, NOP]);
  assert.deepEqual(ram.straight, [0, 0, 1, 0]);
});

Deno.test("a table's error is stated for zero wait states only", () => {
  const table = timingTable("cortex-m4");
  const error = (speed: Speed) => statedError(table, slow("cortex-m4", speed));
  assert.equal(error({}), table.error);
  assert.equal(error({ flash: { waitStates: 0 } }), table.error);
  assert.equal(
    error({ flash: { waitStates: 5, lineBytes: 16, prefetch: true }, ram: { waitStates: 1 } }),
    "unvalidated with wait states (flash 5, lines of 16 bytes, prefetch, RAM 1)",
  );
  assert.equal(
    error({ flash: { waitStates: 2 } }),
    "unvalidated with wait states (flash 2, lines of 4 bytes)",
  );
});
