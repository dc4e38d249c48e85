import { join } from "node:path";
import { findSymbol, readElf } from "../../build/elf.ts";

/**
 * Instructions from the first of `entry` until it is back in `main`, run one at a time by QEMU.
 */
export async function countInQemu(
  machine: string,
  elf: Uint8Array,
  entry: string,
): Promise<number> {
  const folder = Deno.makeTempDirSync({ prefix: "intnic-test-" });
  try {
    const [program, log] = [join(folder, "program.elf"), join(folder, "log")];
    Deno.writeFileSync(program, elf);
    const qemu = new Deno.Command("qemu-system-arm", {
      args: [
        ...["-M", machine, "-nographic", "-semihosting", "-kernel", program],
        ...["-singlestep", "-d", "exec,nochain", "-D", log],
      ],
      stdin: "null",
      stdout: "null",
      stderr: "null",
      signal: AbortSignal.timeout(60_000),
    });
    await qemu.output();
    const symbols = readElf(elf);
    const start = findSymbol(symbols, entry)!.address;
    const main = findSymbol(symbols, "main")!;
    let count = 0;
    for (const [, hex] of Deno.readTextFileSync(log).matchAll(/^Trace .*?\[\w+\/(\w+)\//gm)) {
      const pc = parseInt(hex!, 16);
      if (count === 0 && pc !== start) continue;
      if (count > 0 && pc >= main.address && pc < main.address + main.size) break;
      count++;
    }
    return count;
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}
