/**
 * For tests: small programs, compiled with the cross compilers, and targets to run them on.
 *
 * @module
 */

import { join } from "node:path";
import type { Target } from "../../types.ts";

const THUMB_START = `
.syntax unified
.thumb
.section .vectors, "a"
.word _stack_top, reset
.section .text
.thumb_func
.type reset, %function
.global reset
reset:
  bl main
hang: b hang
.size reset, . - reset
`;

const RISCV_START = `
.section .vectors, "ax"
.global reset
.type reset, @function
reset:
  .option push
  .option norelax
  la gp, __global_pointer$
  .option pop
  la sp, _stack_top
  call main
hang: j hang
.size reset, . - reset
`;

const LAYOUT = `
ENTRY(reset)
MEMORY { flash (rx) : ORIGIN = FLASH_ORIGIN, LENGTH = FLASH_SIZE  ram (rwx) : ORIGIN = RAM_ORIGIN, LENGTH = RAM_SIZE }
SECTIONS {
  .text : { KEEP(*(.vectors)) *(.text*) *(.rodata*) *(.srodata*) } > flash
  .data : { __global_pointer$ = . + 0x800; *(.data*) *(.sdata*) } > ram AT > flash
  .bss (NOLOAD) : { *(.bss*) *(.sbss*) *(COMMON) } > ram
  _stack_top = ORIGIN(ram) + LENGTH(ram);
}
`;

/** A target for tests, by the name of its core. */
export function testTarget(cpu: string): Target {
  const thumb = cpu.startsWith("cortex");
  const wide = cpu === "rv64";
  return {
    name: cpu,
    description: "a target for tests",
    isa: thumb ? "thumb" : wide ? "riscv64" : "riscv32",
    compiler: {
      command: thumb ? "arm-none-eabi-gcc" : "riscv64-unknown-elf-gcc",
      package: thumb ? "gcc-arm-none-eabi" : "gcc-riscv64-unknown-elf",
      flags: thumb
        ? [`-mcpu=${cpu}`, "-mthumb", "-mfloat-abi=soft"]
        : wide
        ? ["-march=rv64imac", "-mabi=lp64", "-mcmodel=medany"]
        : ["-march=rv32imc", "-mabi=ilp32"],
    },
    kernels: [],
    runner: "unicorn",
    emulator: { cpu, timing: thumb ? cpu : wide ? "rv64-inorder" : "ibex-small" },
    clock: { hz: 1e8, source: "none" },
    memory: {
      flash: { origin: thumb ? 0 : 0x80000000, size: 0x100000 },
      ram: { origin: thumb ? 0x20000000 : 0x80100000, size: 0x40000 },
      source: "none",
    },
  };
}

/** Whether a command can be started; says in the test's output when it cannot. */
export function has(command: string): boolean {
  try {
    new Deno.Command(command, { args: ["--version"], stdout: "null", stderr: "null" }).outputSync();
    return true;
  } catch {
    console.log(`skipped: ${command} is not installed`);
    return false;
  }
}

/** Links sources (file name → text) and start-up code for a target; throws what the compiler says. */
export function build(
  target: Target,
  sources: Readonly<Record<string, string>>,
  flags: readonly string[] = ["-O2"],
): Uint8Array {
  const folder = Deno.makeTempDirSync({ prefix: "intnic-test-" });
  try {
    const { flash, ram } = target.memory!;
    const layout = LAYOUT.replace("FLASH_ORIGIN", `${flash.origin}`)
      .replace("FLASH_SIZE", `${flash.size}`)
      .replace("RAM_ORIGIN", `${ram.origin}`)
      .replace("RAM_SIZE", `${ram.size}`);
    const files = { ...sources, "start.s": target.isa === "thumb" ? THUMB_START : RISCV_START };
    for (const [name, text] of Object.entries({ ...files, "layout.ld": layout })) {
      Deno.writeTextFileSync(join(folder, name), text);
    }
    const out = join(folder, "program.elf");
    const result = new Deno.Command(target.compiler.command, {
      args: [
        ...target.compiler.flags,
        ...flags,
        "-ffreestanding",
        "-nostdlib",
        "-nostartfiles",
        "-T",
        join(folder, "layout.ld"),
        ...Object.keys(files).map((name) => join(folder, name)),
        "-lgcc",
        "-o",
        out,
      ],
      stderr: "piped",
    }).outputSync();
    if (!result.success) throw new Error(new TextDecoder().decode(result.stderr));
    return Deno.readFileSync(out);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}
