import assert from "node:assert/strict";
import type { Target } from "../../types.ts";
import { Emulator, EmulatorFault } from "./mod.ts";
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

export const PROGRAM = `
typedef unsigned long long u64;
signed char a[256], b[256];
short w[64];
volatile int out[16];
__attribute__((noinline)) int dot(int n) {
  int s = 0;
  for (int i = 0; i < n; i++) s += a[i] * b[i];
  return s;
}
__attribute__((noinline)) int clamp(int n) {
  int s = 0;
  for (int i = 0; i < n; i++) {
    int v = a[i] * 3 - b[i];
    if (v > 127) v = 127;
    if (v < -128) v = -128;
    s += v < 0 ? -v : v;
    if (s > 1000) s -= 77;
  }
  return s;
}
__attribute__((noinline)) int choose(int x) {
  switch (x % 7) {
    case 0: return dot(5);
    case 1: return x * 77;
    case 2: return clamp(9);
    case 3: return 9 - x;
    case 4: return x * x;
    case 5: return 12 / (x + 1);
    default: return (int)((long long)x * 123456789 >> 7);
  }
}
__attribute__((noinline)) u64 hash(unsigned n) {
  u64 h = 14695981039346656037ull;
  for (unsigned i = 0; i < n; i++) {
    h = (h ^ (unsigned char)a[i & 255]) * 1099511628211ull;
    if (h & 4) h += h / 7;
  }
  return h;
}
__attribute__((noinline)) void sort(int n) {
  for (int i = 1; i < n; i++) {
    short v = w[i];
    int j = i - 1;
    while (j >= 0 && w[j] > v) { w[j + 1] = w[j]; j--; }
    w[j + 1] = v;
  }
}
int (*const table[2])(int) = {dot, clamp};
int infer(int n) {
  int s = 0;
  for (int i = 0; i < 256; i++) { a[i] = i * 7; b[i] = i * 13; }
  for (int i = 0; i < 64; i++) w[i] = (short)(i * 7919);
  s += dot(n) + clamp(n);
  for (int i = 0; i < 20; i++) s += choose(i);
  s ^= (int)hash(n);
  sort(64);
  for (int i = 0; i < 4; i++) s += table[i & 1](i * 3);
  out[1] = s;
  return s;
}
int main(void) {
  infer(100);
#ifdef __arm__
  __asm volatile("movs r0, #0x18\\n ldr r1, =0x20026\\n bkpt 0xab" ::: "r0", "r1");
#endif
  for (;;);
}
`;

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
  assert.throws(() => open({}, ["fien"]), /no symbol "fien"; the nearest is "fine"/);
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
