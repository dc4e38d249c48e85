/**
 * The 32-bit Thumb instructions of ARMv6-M, ARMv7-M, ARMv7E-M (DSP) and the integer part of
 * ARMv8-M (ARM DDI 0403E, chapters A5.3 and A7.7; DDI 0553 for the v8-M additions).
 *
 * Fields as in `thumb16.ts`, and: a only added to the product; u second register of a pair; h, d
 * high and low half of a long product. Of an address: w the base is written back, b the offset is
 * added before (not after) the access, k it is added (not subtracted).
 *
 * @module
 */

import { compile, type Row } from "./pattern.ts";

const MEMORY: readonly Row[] = [
  ["1110100101111111 1110100101111111", "sg", "nop"],
  ["1110100 010 w 0 nnnn rrrrrrrrrrrrrrrr", "stmia", "store-multiple"],
  ["1110100 010 w 1 nnnn rrrrrrrrrrrrrrrr", "ldmia", "load-multiple"],
  ["1110100 100 w 0 nnnn rrrrrrrrrrrrrrrr", "stmdb", "store-multiple"],
  ["1110100 100 w 1 nnnn rrrrrrrrrrrrrrrr", "ldmdb", "load-multiple"],
  ["111010000100 nnnn 1111 dddd ii iiiiii", "tt", "system"],
  ["111010000100 nnnn tttt dddd iiiiiiii", "strex", "store", "x4"],
  ["111010000101 nnnn tttt 1111 iiiiiiii", "ldrex", "load", "x4"],
  ["111010001101 nnnn 1111 0000 0000 mmmm", "tbb", "table-branch"],
  ["111010001101 nnnn 1111 0000 0001 mmmm", "tbh", "table-branch"],
  ["111010001101 nnnn tttt 1111 iiii 1111", "lda/ldrex", "load"],
  ["111010001100 nnnn tttt 1111 1000 1111", "stlb", "store"],
  ["111010001100 nnnn tttt 1111 1001 1111", "stlh", "store"],
  ["111010001100 nnnn tttt 1111 1010 1111", "stl", "store"],
  ["111010001100 nnnn tttt 1111 iiii dddd", "stlex/strex", "store"],
  ["1110100 b k 1 w 0 nnnn tttt uuuu iiiiiiii", "strd", "store-double", "x4"],
  ["1110100 b k 1 w 1 nnnn tttt uuuu iiiiiiii", "ldrd", "load-double", "x4"],
];

/** Loads and stores of one register: all sizes times all addressing forms, by the manual's A5-11. */
function single(): Row[] {
  const rows: Row[] = [];
  for (const [size, suffix] of [["00", "b"], ["01", "h"], ["10", ""]] as const) {
    const store = `str${suffix}`;
    rows.push(
      [`111110001 ${size} 0 nnnn tttt iiiiiiiiiiii`, store, "store"],
      [`111110000 ${size} 0 nnnn tttt 1 b k w iiiiiiii`, store, "store"],
      [`111110000 ${size} 0 nnnn tttt 000000 .. mmmm`, store, "store"],
    );
    for (const [sign, letter] of [["0", ""], ["1", "s"]] as const) {
      if (sign === "1" && size === "10") continue;
      const load = `ldr${letter}${suffix}`;
      // With the program counter as destination, byte and halfword loads are preload hints.
      const hint: Row[] = size === "10"
        ? []
        : [[`1111100 ${sign} i ${size} 1 nnnn 1111 iiiiiiiiiiii`, "pld", "nop"]];
      rows.push(
        ...hint,
        [`1111100 ${sign} k ${size} 1 1111 tttt iiiiiiiiiiii`, load, "load", "pc"],
        [`1111100 ${sign} 1 ${size} 1 nnnn tttt iiiiiiiiiiii`, load, "load"],
        [`1111100 ${sign} 0 ${size} 1 nnnn tttt 1 b k w iiiiiiii`, load, "load"],
        [`1111100 ${sign} 0 ${size} 1 nnnn tttt 000000 .. mmmm`, load, "load"],
      );
    }
  }
  return rows;
}

const OPERATIONS: readonly (readonly [code: string, name: string])[] = [
  ["0000", "and"],
  ["0001", "bic"],
  ["0010", "orr"],
  ["0011", "orn"],
  ["0100", "eor"],
  ["1000", "add"],
  ["1010", "adc"],
  ["1011", "sbc"],
  ["1101", "sub"],
  ["1110", "rsb"],
];
const COMPARES: Record<string, string> = {
  "0000": "tst",
  "0100": "teq",
  "1000": "cmn",
  "1101": "cmp",
};
const MOVES: Record<string, string> = { "0010": "mov", "0011": "mvn" };

/** Data processing with a shifted register or a constant: A5-22 and A5-10 have the same codes. */
function dataProcessing(): Row[] {
  const rows: Row[] = [["1110101 0110 i nnnn 0 iii dddd ii ii mmmm", "pkh", "alu", "shift dsp"]];
  for (const [code, name] of OPERATIONS) {
    for (const flags of ["0", "1"] as const) {
      const s = flags === "1" ? "S" : "";
      const compare = COMPARES[code];
      const move = MOVES[code];
      if (compare !== undefined && flags === "1") {
        rows.push(
          [`1110101 ${code} 1 nnnn 0 000 1111 00 00 mmmm`, compare, "alu", "S"],
          [`1110101 ${code} 1 nnnn i iii 1111 ii ii mmmm`, compare, "alu", "S shift"],
          [`11110 i 0 ${code} 1 nnnn 0 iii 1111 iiiiiiii`, compare, "alu", "S"],
        );
      }
      if (move !== undefined) {
        rows.push(
          [`1110101 ${code} ${flags} 1111 i 000 dddd 00 00 mmmm`, move, "alu", s],
          [`1110101 ${code} ${flags} 1111 i iii dddd ii ii mmmm`, move, "alu", `${s} shift`],
          [`11110 i 0 ${code} ${flags} 1111 0 iii dddd iiiiiiii`, move, "alu", s],
        );
      }
      rows.push(
        [`1110101 ${code} ${flags} nnnn i 000 dddd 00 00 mmmm`, name, "alu", s],
        [`1110101 ${code} ${flags} nnnn i iii dddd ii ii mmmm`, name, "alu", `${s} shift`],
        [`11110 i 0 ${code} ${flags} nnnn 0 iii dddd iiiiiiii`, name, "alu", s],
      );
    }
  }
  return rows;
}

const CONSTANTS: readonly Row[] = [
  ["11110 i 1 0000 0 1111 0 iii dddd iiiiiiii", "adr", "alu", "pc"],
  ["11110 i 1 0101 0 1111 0 iii dddd iiiiiiii", "adr", "alu", "pc"],
  ["11110 i 1 0000 0 nnnn 0 iii dddd iiiiiiii", "addw", "alu"],
  ["11110 i 1 0010 0 iiii 0 iii dddd iiiiiiii", "movw", "alu"],
  ["11110 i 1 0101 0 nnnn 0 iii dddd iiiiiiii", "subw", "alu"],
  ["11110 i 1 0110 0 iiii 0 iii eeee iiiiiiii", "movt", "alu"],
  ["11110 0 1 1001 0 nnnn 0 000 dddd 00 0 iiiii", "ssat16", "alu", "shift dsp"],
  ["11110 0 1 1101 0 nnnn 0 000 dddd 00 0 iiiii", "usat16", "alu", "shift dsp"],
  ["11110 0 1 100i 0 nnnn 0 iii dddd ii 0 iiiii", "ssat", "alu", "shift"],
  ["11110 0 1 110i 0 nnnn 0 iii dddd ii 0 iiiii", "usat", "alu", "shift"],
  ["11110 0 1 1010 0 nnnn 0 iii dddd ii 0 iiiii", "sbfx", "alu", "shift"],
  ["11110 0 1 1011 0 1111 0 iii eeee ii 0 iiiii", "bfc", "alu", "shift"],
  ["11110 0 1 1011 0 nnnn 0 iii eeee ii 0 iiiii", "bfi", "alu", "shift"],
  ["11110 0 1 1110 0 nnnn 0 iii dddd ii 0 iiiii", "ubfx", "alu", "shift"],
];

const CONTROL: readonly Row[] = [
  ["11110 0 1110 0 i nnnn 10 0 0 iiii iiiiiiii", "msr", "system"],
  ["11110 0 1110 10 1111 10 0 0 0 000 iiiiiiii", "nop", "nop"],
  ["11110 0 1110 11 1111 10 0 0 1111 iiii iiii", "barrier", "barrier"],
  ["11110 0 1111 1i iiii 10 0 0 dddd iiiiiiii", "mrs", "system"],
  ["11110 1111111 iiii 1010 iiii iiii iiii", "udf", "undefined"],
  ["11110 i 111 iiiiiii 10 i 0 i iiiiiiiiiii", "system", "system"],
  ["11110 i iiii iiiiii 10 i 0 i iiiiiiiiiii", "b<c>.w", "branch-if", "far20"],
  ["11110 i iiiiiiiiii 10 i 1 i iiiiiiiiiii", "b.w", "branch", "far24"],
  ["11110 i iiiiiiiiii 11 i 1 i iiiiiiiiiii", "bl", "call", "far24 link"],
];

const REGISTERS: readonly Row[] = [
  ["11111010 000 i nnnn 1111 dddd 0000 mmmm", "lsl", "alu", "shift"],
  ["11111010 001 i nnnn 1111 dddd 0000 mmmm", "lsr", "alu", "shift"],
  ["11111010 010 i nnnn 1111 dddd 0000 mmmm", "asr", "alu", "shift"],
  ["11111010 011 i nnnn 1111 dddd 0000 mmmm", "ror", "alu", "shift"],
  ["11111010 0000 1111 1111 dddd 1 iii mmmm", "sxth", "alu", "shift"],
  ["11111010 0001 1111 1111 dddd 1 iii mmmm", "uxth", "alu", "shift"],
  ["11111010 0010 1111 1111 dddd 1 iii mmmm", "sxtb16", "alu", "shift dsp"],
  ["11111010 0011 1111 1111 dddd 1 iii mmmm", "uxtb16", "alu", "shift dsp"],
  ["11111010 0100 1111 1111 dddd 1 iii mmmm", "sxtb", "alu", "shift"],
  ["11111010 0101 1111 1111 dddd 1 iii mmmm", "uxtb", "alu", "shift"],
  ["11111010 0000 nnnn 1111 dddd 1 iii mmmm", "sxtah", "alu", "shift dsp"],
  ["11111010 0001 nnnn 1111 dddd 1 iii mmmm", "uxtah", "alu", "shift dsp"],
  ["11111010 0010 nnnn 1111 dddd 1 iii mmmm", "sxtab16", "alu", "shift dsp"],
  ["11111010 0011 nnnn 1111 dddd 1 iii mmmm", "uxtab16", "alu", "shift dsp"],
  ["11111010 0100 nnnn 1111 dddd 1 iii mmmm", "sxtab", "alu", "shift dsp"],
  ["11111010 0101 nnnn 1111 dddd 1 iii mmmm", "uxtab", "alu", "shift dsp"],
  ["11111010 1 iii nnnn 1111 dddd 0 iii mmmm", "parallel add/sub", "alu", "dsp"],
  ["11111010 1000 nnnn 1111 dddd 10 ii mmmm", "qadd", "alu", "dsp"],
  ["11111010 1001 nnnn 1111 dddd 1000 mmmm", "rev", "alu"],
  ["11111010 1001 nnnn 1111 dddd 1001 mmmm", "rev16", "alu"],
  ["11111010 1001 nnnn 1111 dddd 1010 mmmm", "rbit", "alu"],
  ["11111010 1001 nnnn 1111 dddd 1011 mmmm", "revsh", "alu"],
  ["11111010 1010 nnnn 1111 dddd 1000 mmmm", "sel", "alu", "dsp"],
  ["11111010 1011 nnnn 1111 dddd 1000 mmmm", "clz", "alu"],
];

const MULTIPLIES: readonly Row[] = [
  ["111110110 000 nnnn 1111 dddd 0000 mmmm", "mul", "multiply"],
  ["111110110 000 nnnn aaaa dddd 0000 mmmm", "mla", "multiply-add"],
  ["111110110 000 nnnn aaaa dddd 0001 mmmm", "mls", "multiply-add"],
  ["111110110 001 nnnn 1111 dddd 00 ii mmmm", "smulxy", "multiply", "dsp"],
  ["111110110 001 nnnn aaaa dddd 00 ii mmmm", "smlaxy", "multiply-add", "dsp"],
  ["111110110 010 nnnn 1111 dddd 000 i mmmm", "smuad", "multiply", "dsp"],
  ["111110110 010 nnnn aaaa dddd 000 i mmmm", "smlad", "multiply-add", "dsp"],
  ["111110110 011 nnnn 1111 dddd 000 i mmmm", "smulwy", "multiply", "dsp"],
  ["111110110 011 nnnn aaaa dddd 000 i mmmm", "smlawy", "multiply-add", "dsp"],
  ["111110110 100 nnnn 1111 dddd 000 i mmmm", "smusd", "multiply", "dsp"],
  ["111110110 100 nnnn aaaa dddd 000 i mmmm", "smlsd", "multiply-add", "dsp"],
  ["111110110 101 nnnn 1111 dddd 000 i mmmm", "smmul", "multiply", "dsp"],
  ["111110110 101 nnnn aaaa dddd 000 i mmmm", "smmla", "multiply-add", "dsp"],
  ["111110110 110 nnnn aaaa dddd 000 i mmmm", "smmls", "multiply-add", "dsp"],
  ["111110110 111 nnnn 1111 dddd 0000 mmmm", "usad8", "multiply", "dsp"],
  ["111110110 111 nnnn aaaa dddd 0000 mmmm", "usada8", "multiply-add", "dsp"],
  ["111110111 000 nnnn dddd hhhh 0000 mmmm", "smull", "multiply-long"],
  ["111110111 001 nnnn 1111 dddd 1111 mmmm", "sdiv", "divide"],
  ["111110111 010 nnnn dddd hhhh 0000 mmmm", "umull", "multiply-long"],
  ["111110111 011 nnnn 1111 dddd 1111 mmmm", "udiv", "divide"],
  ["111110111 100 nnnn dddd hhhh 0000 mmmm", "smlal", "multiply-add-long"],
  ["111110111 100 nnnn dddd hhhh 10 ii mmmm", "smlalxy", "multiply-add-long", "dsp"],
  ["111110111 100 nnnn dddd hhhh 110 i mmmm", "smlald", "multiply-add-long", "dsp"],
  ["111110111 101 nnnn dddd hhhh 110 i mmmm", "smlsld", "multiply-add-long", "dsp"],
  ["111110111 110 nnnn dddd hhhh 0000 mmmm", "umlal", "multiply-add-long"],
  ["111110111 110 nnnn dddd hhhh 0110 mmmm", "umaal", "multiply-add-long", "dsp"],
];

const COPROCESSORS: readonly Row[] = [
  // Coprocessors 10 and 11 are the floating-point unit; `vfp.ts` tells its instructions apart.
  ["111 i 11 iiiiiiiiii iiii 101 i iiii iiii", "vfp", "float"],
  ["111 i 11 iiiiiiiiii iiii iiii iiii iiii", "coprocessor", "system"],
];

/** In the order in which they are tried. */
export const THUMB32 = compile([
  ...MEMORY,
  ...dataProcessing(),
  ...CONSTANTS,
  ...CONTROL,
  ...single(),
  ...REGISTERS,
  ...MULTIPLIES,
  ...COPROCESSORS,
], 32);
