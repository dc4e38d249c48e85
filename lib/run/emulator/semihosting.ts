/**
 * Semihosting: what a program asks of the debugger it believes to run under (Arm IHI 0100,
 * "Semihosting for AArch32 and AArch64"; RISC-V takes over its operations). The console, the end of
 * the program, its memory and its clock are served; the host's files are not.
 *
 * @module
 */

/** What semihosting needs of the machine it runs on. */
export interface SemihostingHost {
  /** Bytes of a register and of each word of a parameter block. */
  readonly wordBytes: 4 | 8;
  /** Reads memory; throws where there is none. */
  read(address: number, length: number): Uint8Array;
  write(address: number, bytes: Uint8Array): void;
  output(stream: "stdout" | "stderr", bytes: Uint8Array): void;
  /** Modelled cycles since reset, and how many there are a second. */
  cycles(): number;
  readonly hz: number;
  /** Bounds for SYS_HEAPINFO. */
  readonly memory: { readonly heapBase: number; readonly ramEnd: number };
}

/** Either the value to return to the program, or its end. */
export type Answer = { readonly value: number } | { readonly exit: number };

/** Operation numbers (IHI 0100, section 5). */
const SYS = {
  open: 0x01,
  close: 0x02,
  writeC: 0x03,
  write0: 0x04,
  write: 0x05,
  read: 0x06,
  readC: 0x07,
  isError: 0x08,
  isTty: 0x09,
  seek: 0x0a,
  fileLength: 0x0c,
  clock: 0x10,
  time: 0x11,
  errno: 0x13,
  commandLine: 0x15,
  heapInfo: 0x16,
  exit: 0x18,
  exitExtended: 0x20,
  elapsed: 0x30,
  tickFrequency: 0x31,
} as const;

const APPLICATION_EXIT = 0x20026;
const ENOENT = 2;
const EBADF = 9;

/** Answers of the file `:semihosting-features`: extended exit, and separate stdout and stderr. */
const FEATURES = Uint8Array.of(0x53, 0x48, 0x46, 0x42, 0x03);

/** Longest text of SYS_WRITE0 that is looked for its end. */
const TEXT_LIMIT = 1 << 20;

type Handle = { kind: "stdin" | "stdout" | "stderr" } | { kind: "features"; at: number };

/** One program's open handles and error number. */
export class Semihosting {
  readonly #host: SemihostingHost;
  readonly #handles = new Map<number, Handle>();
  #errno = 0;
  #nextHandle = 1;

  constructor(host: SemihostingHost) {
    this.#host = host;
  }

  /** Does what the program asks for; `parameter` is a value or the address of a block of words. */
  serve(operation: number, parameter: number): Answer {
    const host = this.#host;
    switch (operation) {
      case SYS.open:
        return { value: this.#open(parameter) };
      case SYS.close:
        return { value: this.#handles.delete(this.#word(parameter, 0)) ? 0 : this.#fail(EBADF) };
      case SYS.writeC:
        host.output("stdout", host.read(parameter, 1));
        return { value: 0 };
      case SYS.write0:
        host.output("stdout", this.#text(parameter));
        return { value: 0 };
      case SYS.write:
        return { value: this.#write(parameter) };
      case SYS.read:
        return { value: this.#read(parameter) };
      case SYS.isError:
        return { value: this.#word(parameter, 0) >> 31 === 0 ? 0 : 1 };
      case SYS.isTty: {
        const kind = this.#handles.get(this.#word(parameter, 0))?.kind;
        return { value: kind === undefined ? this.#fail(EBADF) : kind === "features" ? 0 : 1 };
      }
      case SYS.seek:
        return { value: this.#seek(parameter) };
      case SYS.fileLength: {
        const handle = this.#handles.get(this.#word(parameter, 0));
        if (handle === undefined) return { value: this.#fail(EBADF) };
        return { value: handle.kind === "features" ? FEATURES.length : 0 };
      }
      case SYS.clock:
        return { value: Math.floor(host.cycles() / host.hz * 100) };
      case SYS.time:
        // The program's time begins at zero, so that every run is the same.
        return { value: Math.floor(host.cycles() / host.hz) };
      case SYS.errno:
        return { value: this.#errno };
      case SYS.commandLine:
        return { value: this.#commandLine(parameter) };
      case SYS.heapInfo: {
        const { heapBase, ramEnd } = host.memory;
        const block = this.#word(parameter, 0);
        // Heap and stack share the RAM behind the data: from its end up, and from the top down.
        this.#setWords(block, [heapBase, ramEnd, ramEnd, heapBase]);
        return { value: 0 };
      }
      case SYS.exit:
        return host.wordBytes === 4
          ? { exit: parameter === APPLICATION_EXIT ? 0 : 1 }
          : this.#exitExtended(parameter);
      case SYS.exitExtended:
        return this.#exitExtended(parameter);
      case SYS.elapsed: {
        const bytes = new Uint8Array(8);
        new DataView(bytes.buffer).setBigUint64(0, BigInt(host.cycles()), true);
        host.write(parameter, bytes);
        return { value: 0 };
      }
      case SYS.tickFrequency:
        return { value: host.hz > 0xffffffff ? -1 : host.hz };
      default:
        return { value: this.#fail(ENOENT) };
    }
  }

  #fail(errno: number): number {
    this.#errno = errno;
    return -1;
  }

  #word(block: number, index: number): number {
    const { wordBytes } = this.#host;
    const bytes = this.#host.read(block + index * wordBytes, wordBytes);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return wordBytes === 4 ? view.getUint32(0, true) : Number(view.getBigUint64(0, true));
  }

  #setWords(address: number, values: readonly number[]): void {
    const { wordBytes } = this.#host;
    const bytes = new Uint8Array(wordBytes * values.length);
    const view = new DataView(bytes.buffer);
    for (const [n, value] of values.entries()) {
      if (wordBytes === 4) view.setUint32(4 * n, value, true);
      else view.setBigUint64(8 * n, BigInt(value), true);
    }
    this.#host.write(address, bytes);
  }

  /** A zero-terminated text, without the zero. */
  #text(address: number): Uint8Array {
    const bytes: number[] = [];
    while (bytes.length < TEXT_LIMIT) {
      const byte = this.#host.read(address + bytes.length, 1)[0]!;
      if (byte === 0) break;
      bytes.push(byte);
    }
    return Uint8Array.from(bytes);
  }

  #open(block: number): number {
    const length = this.#word(block, 2);
    if (length > 4096) return this.#fail(ENOENT);
    const name = new TextDecoder().decode(this.#host.read(this.#word(block, 0), length));
    const mode = this.#word(block, 1);
    let handle: Handle;
    // Modes 0 to 3 read, 4 to 7 write, 8 to 11 append: the three streams of a console.
    if (name === ":tt") {
      handle = { kind: mode < 4 ? "stdin" : mode < 8 ? "stdout" : "stderr" };
    } else if (name === ":semihosting-features" && mode < 4) handle = { kind: "features", at: 0 };
    else return this.#fail(ENOENT);
    const number = this.#nextHandle++;
    this.#handles.set(number, handle);
    return number;
  }

  /** Returns the number of bytes not written. */
  #write(block: number): number {
    const handle = this.#handles.get(this.#word(block, 0));
    const length = this.#word(block, 2);
    if (handle?.kind !== "stdout" && handle?.kind !== "stderr") {
      this.#fail(EBADF);
      return length;
    }
    this.#host.output(handle.kind, this.#host.read(this.#word(block, 1), length));
    return 0;
  }

  /** Returns the number of bytes not read; the console's input is at its end from the start. */
  #read(block: number): number {
    const handle = this.#handles.get(this.#word(block, 0));
    const length = this.#word(block, 2);
    if (handle?.kind !== "features") return length;
    const part = FEATURES.subarray(handle.at, handle.at + length);
    this.#host.write(this.#word(block, 1), part);
    handle.at += part.length;
    return length - part.length;
  }

  #seek(block: number): number {
    const handle = this.#handles.get(this.#word(block, 0));
    const position = this.#word(block, 1);
    if (handle?.kind !== "features" || position > FEATURES.length) return this.#fail(EBADF);
    handle.at = position;
    return 0;
  }

  /** The command line is the empty text. */
  #commandLine(block: number): number {
    if (this.#word(block, 1) < 1) return -1;
    this.#host.write(this.#word(block, 0), Uint8Array.of(0));
    this.#setWords(block + this.#host.wordBytes, [0]);
    return 0;
  }

  #exitExtended(block: number): Answer {
    const reason = this.#word(block, 0);
    return { exit: reason === APPLICATION_EXIT ? this.#word(block, 1) | 0 : 1 };
  }
}
