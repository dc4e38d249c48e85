/**
 * For tests: runs a deployed program in QEMU under its debugger's protocol, as one would on a board:
 * stop at the model's entry, fill the input, stop at the return, read the output.
 *
 * @module
 */

import { join } from "node:path";
import { findSymbol, readElf } from "../../build/elf.ts";

/** How to start QEMU for a target. */
export interface QemuMachine {
  readonly command: string;
  readonly args: readonly string[];
}

/** The output bytes of one inference of the firmware `elf` on `input`. */
export async function inferInQemu(
  { command, args }: QemuMachine,
  elf: Uint8Array,
  input: Uint8Array,
  outputBytes: number,
): Promise<Uint8Array> {
  const folder = await Deno.makeTempDir({ prefix: "intnic-test-" });
  const [program, path] = [join(folder, "program.elf"), join(folder, "gdb")];
  await Deno.writeFile(program, elf);
  const symbols = readElf(elf);
  const address = (name: string) => findSymbol(symbols, name)!.address;
  const qemu = new Deno.Command(command, {
    args: [
      ...args,
      ...["-nographic", "-monitor", "none", "-serial", "none", "-kernel", program, "-S"],
      ...["-chardev", `socket,id=gdb,path=${path},server=on,wait=off`, "-gdb", "chardev:gdb"],
    ],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const timer = setTimeout(() => qemu.kill("SIGKILL"), 60_000);
  try {
    using debug = await Debugger.connect(path);
    const entry = address("model_infer").toString(16);
    await debug.ask(`Z1,${entry},2`);
    await debug.ask("c");
    await debug.ask(`z1,${entry},2`);
    await debug.ask(`M${address("intnic_input").toString(16)},${size(input.length)}:${hex(input)}`);
    // The return address among all registers: lr, the 15th of a Cortex-M, or ra, RISC-V's second.
    const registers = bytes(await debug.ask("g"));
    const at = symbols.machine === "arm" ? 14 * 4 : symbols.class / 8;
    const back = new DataView(registers.buffer).getUint32(at, true) & ~1;
    await debug.ask(`Z1,${(back >>> 0).toString(16)},2`);
    await debug.ask("c");
    const output = address("intnic_output").toString(16);
    return bytes(await debug.ask(`m${output},${size(outputBytes)}`));
  } finally {
    qemu.kill("SIGKILL");
    await qemu.status;
    clearTimeout(timer);
    await Deno.remove(folder, { recursive: true });
  }
}

const size = (count: number) => count.toString(16);
const hex = (data: Uint8Array) => data.toHex();
const bytes = (text: string) => Uint8Array.fromHex(text);

/** The GDB remote serial protocol, as far as this needs it: `$text#checksum`, answered by `+`. */
class Debugger implements Disposable {
  readonly #socket: Deno.UnixConn;
  #received = "";

  private constructor(socket: Deno.UnixConn) {
    this.#socket = socket;
  }

  static async connect(path: string): Promise<Debugger> {
    for (let tries = 0;; tries++) {
      try {
        return new Debugger(await Deno.connect({ transport: "unix", path }));
      } catch (error) {
        if (tries === 200) throw error;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }

  /** Sends a packet; the answer to it. */
  async ask(text: string): Promise<string> {
    const encoder = new TextEncoder();
    const sum = encoder.encode(text).reduce((a, b) => (a + b) & 255, 0);
    let rest = encoder.encode(`$${text}#${sum.toString(16).padStart(2, "0")}`);
    while (rest.length > 0) rest = rest.subarray(await this.#socket.write(rest));
    const buffer = new Uint8Array(65536);
    for (;;) {
      const [whole, answer] = /^[+]*\$([^#]*)#../.exec(this.#received) ?? [];
      if (whole !== undefined && answer !== undefined) {
        this.#received = this.#received.slice(whole.length);
        await this.#socket.write(encoder.encode("+"));
        if (answer.startsWith("E")) throw new Error(`QEMU answers ${answer} to ${text}`);
        return answer;
      }
      const count = await this.#socket.read(buffer);
      if (count === null) throw new Error(`QEMU hangs up at ${text}`);
      this.#received += new TextDecoder().decode(buffer.subarray(0, count));
    }
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }
}
