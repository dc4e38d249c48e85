import assert from "node:assert/strict";
import { join } from "node:path";
import { has } from "../lib/run/emulator/testing.ts";

const cli = new URL("../cli.ts", import.meta.url).pathname;

/** A C library's program: start-up code, heap, printf, floats and its own measuring are not ours. */
const PROGRAM = `
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int input[4] = {1, 2, 3, 4};
int output;
volatile float factor = 1.5f;
#ifdef __arm__
static uint32_t now(void) { return *(volatile uint32_t *)0xe0001004; }
#else
static uint32_t now(void)
{
    uintptr_t value;
    __asm volatile(".option push\\n.option arch, +zicsr\\ncsrr %0, mcycle\\n.option pop" : "=r"(value));
    return value;
}
#endif
__attribute__((noinline)) int work(int n)
{
    volatile int sum = 0;
    for (int i = 0; i < n; i++) sum += input[i & 3];
    return sum;
}
__attribute__((noinline)) void start_trigger(void) { __asm volatile(""); }
__attribute__((noinline)) void stop_trigger(void) { __asm volatile(""); }
int infer(void) { output = work(100); return output; }
int main(void)
{
#ifdef __arm__
    *(volatile uint32_t *)0xe000edfc |= 1u << 24;
    *(volatile uint32_t *)0xe0001000 |= 1;
#endif
    char *text = malloc(100);
    strcpy(text, "heap");
    start_trigger();
    uint32_t before = now();
    int result = work(1000);
    uint32_t after = now();
    stop_trigger();
    printf("%s %d cycles %lu float %d\\n", text, result, (unsigned long)(after - before),
           (int)(factor * 2));
    return 5;
}
`;

/** Runs a command; its output as text. */
async function start(command: string, args: readonly string[]) {
  const { code, stdout, stderr } = await new Deno.Command(command, { args: [...args] }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

function intnic(...args: string[]) {
  return start(Deno.execPath(), ["run", "--allow-all", "--no-check", cli, "run", ...args]);
}

const PICOLIBC = ["--specs=picolibc.specs", "--oslib=semihost", "--crt0=hosted", "-Tpicolibc.ld"];
const place = (flash: string, ram: string) =>
  Object.entries({ __flash: flash, __flash_size: "0x100000", __ram: ram, __ram_size: "0x20000" })
    .map(([name, value]) => `-Wl,--defsym=${name}=${value}`);

const SYSTEMS = [
  {
    name: "newlib, Cortex-M4",
    target: "cortex-m4",
    flags: ["-mcpu=cortex-m4", "-mthumb", "--specs=rdimon.specs", "-Wl,-Ttext-segment=0x8000"]
      .concat("-Wl,-Tdata=0x20000000"),
  },
  {
    name: "picolibc, Cortex-M4 with FPU",
    target: "cortex-m4",
    flags: ["-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"]
      .concat(PICOLIBC, place("0", "0x20000000")),
  },
  {
    name: "picolibc, Cortex-M0+",
    target: "cortex-m0plus",
    flags: ["-mcpu=cortex-m0plus", "-mthumb", ...PICOLIBC, ...place("0", "0x20000000")],
  },
  {
    name: "picolibc, RV32",
    target: "rv32imc",
    flags: ["-march=rv32imc", "-mabi=ilp32", ...PICOLIBC, ...place("0x80000000", "0x80100000")],
  },
  {
    name: "picolibc, RV64",
    target: "nic-dpa",
    flags: ["-march=rv64imac", "-mabi=lp64", "-mcmodel=medany"]
      .concat(PICOLIBC, place("0x80000000", "0x80100000")),
  },
];

for (const { name, target, flags } of SYSTEMS) {
  const gcc = target.startsWith("cortex") ? "arm-none-eabi-gcc" : "riscv64-unknown-elf-gcc";
  const options = { name: `intnic run: a C library's program (${name})`, ignore: !has(gcc) };
  Deno.test(options, async () => {
    const folder = await Deno.makeTempDir();
    try {
      const elf = join(folder, "a.elf");
      await Deno.writeTextFile(join(folder, "a.c"), PROGRAM);
      const built = await start(gcc, ["-O2", "-w", join(folder, "a.c"), ...flags, "-o", elf]);
      if (/cannot read spec file|cannot find/.test(built.stderr)) {
        console.log(`skipped: the C library of ${name} is not installed`);
        return;
      }
      assert.equal(built.code, 0, built.stderr);

      const plain = await intnic(elf, "--target", target);
      assert.equal(plain.code, 1, plain.stderr); // for the program's own exit code is not 0
      const [, told] = /^heap 2500 cycles (\d+) float 3\n/.exec(plain.stdout) ?? [];
      assert.ok(told !== undefined, plain.stdout + plain.stderr);
      assert.match(plain.stdout, /with exit code 5/);

      const profiled = await intnic(elf, "--target", target, "--profile", "--json");
      assert.match(profiled.stderr, /^heap 2500/);
      const all = JSON.parse(profiled.stdout);
      assert.deepEqual(all.exit, { reason: "exit", code: 5 });
      assert.equal(all.cycles.kind, "modelled");
      const sum = (field: string) =>
        all.functions.reduce((n: number, f: Record<string, number>) => n + f[field]!, 0);
      assert.equal(sum("instructions"), all.instructions);
      assert.equal(sum("cycles"), all.cycles.total);
      const work = all.functions.find((f: { name: string }) => f.name === "work");
      assert.equal(work.calls, 1);
      assert.ok(all.hottest[0].location.startsWith("work"), JSON.stringify(all.hottest[0]));
      assert.ok(all.stackHighWater > 100 && all.stackHighWater < 4000);

      const between = JSON.parse(
        (await intnic(
          elf,
          "--target",
          target,
          "--from",
          "start_trigger",
          "--to",
          "stop_trigger",
          "--json",
        )).stdout,
      );
      // The program counts the same from inside, but for the way from and to the symbols.
      const difference = between.cycles.total - Number(told);
      if (Number(told) > 0) assert.ok(difference >= 0 && difference < 40, `${difference}`);
      assert.equal(between.exit.reason, "window");

      await Deno.writeFile(join(folder, "in"), new Uint8Array(Int32Array.of(5, 5, 5, 5).buffer));
      const called = await intnic(
        ...[elf, "--target", target, "--call", "infer", "--json"],
        ...["--write", `input=${folder}/in`, "--read", `output:4=${folder}/new/out`],
      );
      assert.equal(called.code, 0, called.stderr);
      assert.deepEqual(JSON.parse(called.stdout).exit, { reason: "return", code: 500 });
      const out = await Deno.readFile(join(folder, "new", "out"));
      assert.equal(new DataView(out.buffer).getInt32(0, true), 500);
      const stopped = await intnic(elf, "--target", target, "--stop-at", "stop_trigger", "--json");
      assert.equal(JSON.parse(stopped.stdout).exit.reason, "stop-at");

      for (
        const [args, message] of [
          [
            ["--from", "start_triger", "--to", "main"],
            /"start_triger"; the nearest (is|are) "start_trigger"/,
          ],
          [["--from", "main"], /--from and --to are given together/],
          [["--from", "infer", "--to", "main"], /has not entered infer/],
          [["--max-instructions", "500"], /limit is 500; it may be in an endless loop/],
          [["--timing", "cortex-m9"], /no timing table "cortex-m9"/],
          [["--flash", "4K"], /outside the memory.*--flash \d+K/],
          [["--read", "output=x"], /SYMBOL:LENGTH=FILE/],
          [["--call", "infer", "--write", `output=${folder}/in`], /has 4 bytes, and 16/],
        ] as const
      ) {
        const failed = await intnic(elf, "--target", target, ...args);
        assert.equal(failed.code, 1, failed.stderr);
        assert.match(failed.stderr, message);
      }
      const limited = await intnic(
        ...[elf, "--target", target, "--max-instructions", "500", "--json"],
      );
      assert.equal(limited.code, 1);
      const { exit, fault } = JSON.parse(limited.stdout);
      assert.equal(exit.reason, "limit");
      assert.match(fault.message, /limit is 500/);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}
