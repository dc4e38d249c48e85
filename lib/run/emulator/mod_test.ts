import assert from "node:assert/strict";
import type { Target } from "../../types.ts";
import { Emulator, EmulatorFault } from "./mod.ts";
import { PROGRAM } from "./program_for_tests.ts";
import { build, has, testTarget } from "./testing.ts";

const CORES = [
  "cortex-m0plus",
  "cortex-m3",
  "cortex-m4",
  "cortex-m7",
  "cortex-m33",
  "rv32",
  "rv64",
];

const FAULTS = `
volatile int out[8];
int read_nothing(void) { out[1] = 3; int x = out[2]; return x + *(volatile int *)0x60000000; }
int write_flash(void) { *(volatile int *)((unsigned long)read_nothing & ~3ul) = 1; return 0; }
int spin(void) { for (;;); }
int jump_away(void) { return 1 + ((int (*)(void))((unsigned long)out | 1))(); }
int undefined(void) {
#ifdef __arm__
  __asm volatile(".inst.n 0xde00");
#else
  __asm volatile(".insn i 0x73, 2, zero, zero, 0x7c0");
#endif
  return 1;
}
__attribute__((noinline)) int deep(int n) {
  volatile int frame[64];
  frame[n & 63] = n;
  if (n > 0) frame[1] = deep(n - 1);
  return frame[1] + frame[n & 63];
}
int fine(int a, int b, int c, int d) { return a - b + 100 * c + 1000 * d; }
int main(void) { return 0; }
`;

/** A target's program, or undefined where its compiler is missing. */
function program(cpu: string, source: string, flags?: string[]): [Target, Uint8Array] | undefined {
  const target = testTarget(cpu);
  return has(target.compiler.command)
    ? [target, build(target, { "a.c": source }, flags)]
    : undefined;
}

for (const cpu of CORES) {
  Deno.test(`Emulator counts as single steps do (${cpu})`, () => {
    const results = new Set<number>();
    for (const level of ["-O0", "-Os", "-O2", "-O3"]) {
      const [target, elf] = program(cpu, PROGRAM, [level]) ?? [];
      if (target === undefined || elf === undefined) return;
      const steps = new BigUint64Array(16);
      using emulator = Emulator.open({ target, elf, singleStep: steps });
      steps.fill(0n);
      const { result, instructions, cycles } = emulator.call("infer", [100]);
      results.add(result);
      const stepped = Number(steps[0]!);
      // Unicorn does not step over instructions of an IT block whose condition fails.
      const skipped = instructions - stepped;
      const limit = cpu === "cortex-m0plus" || cpu.startsWith("rv") ? 0 : instructions * 0.06;
      assert.ok(skipped >= 0 && skipped <= limit, `${level}: ${instructions} against ${stepped}`);
      assert.ok(cycles > instructions * 0.5 && cycles < instructions * 3);
    }
    assert.equal(results.size, 1);
  });

  Deno.test(`Emulator repeats calls and keeps accounts (${cpu})`, () => {
    const [target, elf] = program(cpu, PROGRAM) ?? [];
    if (target === undefined || elf === undefined) return;
    using emulator = Emulator.open({ target, elf, marks: ["dot", "clamp", "sort"] });
    const first = emulator.call("infer", [100]);
    for (let n = 0; n < 50; n++) assert.deepEqual(emulator.call("infer", [100]), first);
    const { marks } = first;
    assert.equal(marks.length, 3);
    for (const mark of marks) assert.ok(mark.instructions > 0 && mark.cycles > 0);
    assert.ok(marks.reduce((sum, mark) => sum + mark.instructions, 0) < first.instructions);
    // A function that is called on its own costs what its account says.
    const sort = emulator.call("sort", [1]);
    assert.deepEqual(sort.marks[2], { instructions: sort.instructions, cycles: sort.cycles });
    assert.equal(
      new DataView(emulator.read(emulator.address("out") + 4, 4).buffer).getInt32(0, true),
      first.result,
    );
    emulator.write(emulator.address("a"), new Uint8Array(256).fill(1));
    emulator.write(emulator.address("b"), new Uint8Array(256).fill(2));
    assert.equal(emulator.call("dot", [100]).result, 200);
  });

  Deno.test(`Emulator explains faults and goes on after them (${cpu})`, () => {
    const [target, elf] = program(cpu, FAULTS) ?? [];
    if (target === undefined || elf === undefined) return;
    using emulator = Emulator.open({ target, elf, maxInstructions: 1_000_000 });
    const fails = (
      symbol: string,
      kind: string,
      message: RegExp,
      location = symbol,
      args = [0],
    ) => {
      assert.throws(() => emulator.call(symbol, args), (error) => {
        assert.ok(error instanceof EmulatorFault, String(error));
        assert.match(error.message, message);
        assert.equal(error.kind, kind);
        assert.ok(error.location.startsWith(location), error.message);
        return true;
      });
      assert.equal(emulator.call("fine", [1, 2, 3, 4]).result, 4299);
    };
    fails(
      "read_nothing",
      "memory",
      /instruction (c\.)?l(dr|w) .* reads from .* no memory: 0x60000000/,
    );
    fails("write_flash", "memory", /read-only memory \(flash\)/);
    fails("spin", "limit", /limit is 1000000/);
    fails(
      "undefined",
      cpu.startsWith("rv") ? "exception" : "instruction",
      /not one this core has|exception/,
    );
    fails("deep", "memory", /writes to an address where there is no memory|overflow/, "deep", [
      4000,
    ]);
    fails("jump_away", "not-code", /jumps to where the program has no code: 0x/);
    assert.equal(emulator.call("fine", [-1]).result, -1);
  });

  Deno.test(`Emulator measures the stack (${cpu})`, () => {
    const [target, elf] = program(cpu, FAULTS) ?? [];
    if (target === undefined || elf === undefined) return;
    using emulator = Emulator.open({ target, elf });
    const [shallow, deep, again] = [1, 11, 1].map((n) => emulator.call("deep", [n]).stack);
    assert.equal(again, shallow);
    // Ten frames of 64 ints and a few saved registers.
    assert.ok(deep! - shallow! >= 2560 && deep! - shallow! <= 3360, `${shallow} ${deep}`);
  });
}

Deno.test("Emulator refuses programs and requests that do not fit", () => {
  const [target, elf] = program("cortex-m4", FAULTS) ?? [];
  if (target === undefined || elf === undefined) return;
  const { memory } = target;
  const open = (changes: Partial<Target>, marks: string[] = []) =>
    Emulator.open({ target: { ...target, ...changes }, elf, marks });
  assert.throws(() => open({ isa: "riscv32" }), /for arm, 32 bits; cortex-m4 runs riscv/);
  assert.throws(() => open({ emulator: { cpu: "z80", timing: "cortex-m4" } }), /no core "z80"/);
  assert.throws(
    () => open({ emulator: { cpu: "cortex-m4", timing: "cortex-m5" } }),
    /did you mean/,
  );
  assert.throws(
    () => open({ memory: { ...memory!, flash: { origin: 0x8000000, size: 0x1000 } } }),
    /outside the memory of cortex-m4: flash is 0x08000000 to 0x08001000/,
  );
  assert.throws(() => open({}, ["fien"]), /no symbol "fien"; the nearest (is|are) "fine"/);
  using emulator = open({});
  assert.throws(() => emulator.write(0, new Uint8Array(4)), /Cannot write 4 bytes at 0x00000000/);
  assert.throws(() => emulator.read(0x20000000, 0x40001), /Cannot read/);
  emulator[Symbol.dispose]();
  assert.throws(() => emulator.call("fine"), /has been closed/);
});

Deno.test("Emulator runs in several workers at once", async () => {
  const [target, elf] = program("cortex-m4", PROGRAM) ?? [];
  if (target === undefined || elf === undefined) return;
  using emulator = Emulator.open({ target, elf });
  const expected = emulator.call("infer", [100]);
  const source = `
    import { Emulator } from ${JSON.stringify(import.meta.resolve("./mod.ts"))};
    self.onmessage = ({ data }) => {
      using emulator = Emulator.open(data);
      for (let n = 0; n < 200; n++) emulator.call("infer", [n]);
      self.postMessage(emulator.call("infer", [100]));
    };`;
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const results = await Promise.all([1, 2].map(() =>
    new Promise((resolve, reject) => {
      const worker = new Worker(url, { type: "module" });
      const end = (finish: (value: unknown) => void) => (event: Event) => {
        worker.terminate();
        finish(event instanceof MessageEvent ? event.data : event);
      };
      worker.onmessage = end(resolve);
      worker.onerror = end(reject);
      worker.postMessage({ target, elf });
    })
  ));
  URL.revokeObjectURL(url);
  assert.deepEqual(results, [expected, expected]);
});
