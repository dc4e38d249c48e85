/**
 * The instructions of the floating-point unit of Cortex-M4, M7 and M33, as far as their timing needs
 * them: what they are called, which registers they use, how many words they move (ARM DDI 0403E,
 * A6.4 to A6.7).
 *
 * @module
 */

/** What an instruction does to the registers S0 to S31, a bit each; D0 is S0 and S1. */
export interface FloatOperands {
  readonly reads: number;
  readonly writes: number;
  /** What is read only to be added to a product; not in `reads` for that. */
  readonly addend: number;
}

/** One instruction of the unit. Bits of core registers as in `Instruction`. */
export interface FloatInstruction extends FloatOperands {
  /** By its timing, so that those which subtract or negate are named after those which do not. */
  readonly name: string;
  readonly coreReads: number;
  readonly coreWrites: number;
  /** The part of `coreReads` that forms an address. */
  readonly address: number;
  /** Words moved from or to memory. */
  readonly words: number;
  readonly setsFlags: boolean;
}

const NONE: FloatInstruction = {
  name: "vfp",
  reads: 0,
  writes: 0,
  addend: 0,
  coreReads: 0,
  coreWrites: 0,
  address: 0,
  words: 0,
  setsFlags: false,
};

/** Decodes a 32-bit Thumb instruction that is known to be one of coprocessor 10 or 11. */
export function decodeFloat(word: number): FloatInstruction {
  const bits = (high: number, low: number) => (word >>> low) & ((1 << (high - low + 1)) - 1);
  const wide = bits(8, 8) === 1;
  // The four bits of a register's number and the one apart from them.
  const register = (four: number, one: number, double = wide) =>
    double ? 3 << (2 * (four & 15)) : 1 << ((four << 1) | one);
  const d = register(bits(15, 12), bits(22, 22));
  const n = register(bits(19, 16), bits(7, 7));
  const m = register(bits(3, 0), bits(5, 5));
  // ARMv8-M's VSEL, VMAXNM, VRINT and others.
  if (bits(28, 28) === 1) return { ...NONE, name: "vfp", reads: n | m, writes: d };
  if (bits(27, 25) === 0b110) return memory(word, d);
  if (bits(4, 4) === 1) return transfer(word);
  const suffix = wide ? ".64" : "";
  const operation = (name: string, reads: number, writes: number, addend = 0) => {
    return { ...NONE, name: name + suffix, reads, writes, addend };
  };
  switch ((bits(23, 23) << 2) | bits(21, 20)) {
    case 0b000:
    case 0b001:
      return operation("vmla", n | m, d, d);
    case 0b010:
      return operation("vmul", n | m, d);
    case 0b011:
      return operation("vadd", n | m, d);
    case 0b100:
      return operation("vdiv", n | m, d);
    case 0b101:
    case 0b110:
      return operation("vfma", n | m, d, d);
  }
  if (bits(6, 6) === 0) return operation("vmov", 0, d);
  const code = bits(19, 16);
  if (code === 0b0001 && bits(7, 7) === 1) return operation("vsqrt", m, d);
  if (code <= 0b0001) return operation("vmov", m, d);
  if (code === 0b0100) return operation("vcmp", d | m, 0);
  if (code === 0b0101) return operation("vcmp", d, 0);
  // Between single and double, and from and to integers, which are single.
  const source = register(bits(3, 0), bits(5, 5), wide && code !== 0b1000);
  const toDouble = code === 0b0111 ? !wide : wide && code < 0b1100;
  return operation("vcvt", source, register(bits(15, 12), bits(22, 22), toDouble));
}

/** Loads and stores, and moves of two core registers, which share their place. */
function memory(word: number, d: number): FloatInstruction {
  const loads = ((word >>> 20) & 1) === 1;
  const back = ((word >>> 21) & 1) === 1;
  const wide = ((word >>> 8) & 1) === 1;
  const base = 1 << ((word >>> 16) & 15);
  const mode = (word >>> 23) & 3;
  if (mode === 0 && !back) {
    const core = base | (1 << ((word >>> 12) & 15));
    const four = word & 15;
    const first = wide ? 2 * four : (four << 1) | ((word >>> 5) & 1);
    const pair = 3 << first;
    return loads
      ? { ...NONE, name: "vmov.pair", reads: pair, coreWrites: core }
      : { ...NONE, name: "vmov.pair", writes: pair, coreReads: core };
  }
  const single = mode >= 2 && !back;
  const words = single ? (wide ? 2 : 1) : word & 0xff;
  const first = 31 - Math.clz32(d & -d);
  const moved = single ? d : words >= 32 ? -1 : ((1 << words) - 1) << first;
  const name = single
    ? (loads ? "vldr" : "vstr") + (wide ? ".64" : ".32")
    : loads
    ? "vldm"
    : "vstm";
  return {
    ...NONE,
    name,
    reads: loads ? 0 : moved,
    writes: loads ? moved : 0,
    coreReads: base,
    coreWrites: back ? base : 0,
    address: base,
    words,
  };
}

/** Moves between one core register and the unit. */
function transfer(word: number): FloatInstruction {
  const core = 1 << ((word >>> 12) & 15);
  const toCore = ((word >>> 20) & 1) === 1;
  const wide = ((word >>> 8) & 1) === 1;
  // VMSR and VMRS: the status register; VMRS to register 15 is to the flags.
  if (((word >>> 21) & 7) === 7 && !wide) {
    const flags = core === 1 << 15;
    if (!toCore) return { ...NONE, name: "vmsr", coreReads: core };
    return { ...NONE, name: "vmrs", coreWrites: flags ? 0 : core, setsFlags: flags };
  }
  const four = (word >>> 16) & 15;
  const one = (word >>> 7) & 1;
  // A half of a double register: bit 21 tells which.
  const register = wide ? 1 << (2 * four + ((word >>> 21) & 1)) : 1 << ((four << 1) | one);
  return toCore
    ? { ...NONE, name: "vmov.core", reads: register, coreWrites: core }
    : { ...NONE, name: "vmov.core", writes: register, coreReads: core };
}
