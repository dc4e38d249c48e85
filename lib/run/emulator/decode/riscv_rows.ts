/**
 * The instructions of RV32 and RV64 I, M, A, C, Zicsr, Zifencei and, so that they are recognised,
 * F, D and Zba/Zbb (The RISC-V Instruction Set Manual, volume I, version 20191213, chapters 24 and
 * 16.8; Bitmanip 1.0.0).
 *
 * Fields: d written; s, t read; e read and written; i constant or ignored. A field of three bits
 * names x8 to x15. Traits: `rv32`, `rv64` only in that width; `sp` reads x2, `tosp` writes it; `ra`
 * writes x1; `branch`, `jal`, `cbranch`, `cjump` say how the target is encoded.
 *
 * @module
 */

import { compile, type Row } from "./pattern.ts";

/** Names of one instruction format, told apart by funct3 (and more). */
function family(
  names: readonly (readonly [code: string, name: string])[],
  row: (code: string) => Row,
) {
  return names.map(([code, name]): Row => {
    const [bits, , kind, traits] = row(code);
    return traits === undefined ? [bits, name, kind] : [bits, name, kind, traits];
  });
}

const WIDE: readonly Row[] = [
  ["iiiiiiiiiiiiiiiiiiii ddddd 0110111", "lui", "alu"],
  ["iiiiiiiiiiiiiiiiiiii ddddd 0010111", "auipc", "alu"],
  ["iiiiiiiiiiiiiiiiiiii 00000 1101111", "j", "branch", "jal"],
  ["iiiiiiiiiiiiiiiiiiii ddddd 1101111", "jal", "call", "jal"],
  ["iiiiiiiiiiii sssss 000 ddddd 1100111", "jalr", "jump"],
  ...family(
    [["000", "beq"], ["001", "bne"], ["100", "blt"], ["101", "bge"], ["110", "bltu"], [
      "111",
      "bgeu",
    ]],
    (f) => [`iiiiiii ttttt sssss ${f} iiiii 1100011`, "", "branch-if", "branch"],
  ),
  ...family(
    [["000", "lb"], ["001", "lh"], ["010", "lw"], ["011", "ld"], ["100", "lbu"], ["101", "lhu"], [
      "110",
      "lwu",
    ]],
    (f) => [`iiiiiiiiiiii sssss ${f} ddddd 0000011`, "", "load"],
  ),
  ...family(
    [["000", "sb"], ["001", "sh"], ["010", "sw"], ["011", "sd"]],
    (f) => [`iiiiiii ttttt sssss ${f} iiiii 0100011`, "", "store"],
  ),
  ["000000000000 00000 000 00000 0010011", "nop", "nop"],
  ["0110000 iiiii sssss 001 ddddd 0010011", "zbb", "alu"],
  ["iiiiiii iiiii sssss 001 ddddd 0010011", "slli", "alu", "shift"],
  ["iiiiiii iiiii sssss 101 ddddd 0010011", "srli", "alu", "shift"],
  ...family(
    [["000", "addi"], ["010", "slti"], ["011", "sltiu"], ["100", "xori"], ["110", "ori"], [
      "111",
      "andi",
    ]],
    (f) => [`iiiiiiiiiiii sssss ${f} ddddd 0010011`, "", "alu"],
  ),
  ["0000001 ttttt sssss 000 ddddd 0110011", "mul", "multiply"],
  ...family(
    [["001", "mulh"], ["010", "mulhsu"], ["011", "mulhu"]],
    (f) => [`0000001 ttttt sssss ${f} ddddd 0110011`, "", "multiply-long"],
  ),
  ...family(
    [["00", "div"], ["01", "divu"], ["10", "rem"], ["11", "remu"]],
    (f) => [`0000001 ttttt sssss 1${f} ddddd 0110011`, "", "divide"],
  ),
  ["iiiiiii ttttt sssss 001 ddddd 0110011", "sll", "alu", "shift"],
  ["iiiiiii ttttt sssss 101 ddddd 0110011", "srl", "alu", "shift"],
  ...family(
    [["000", "add"], ["010", "slt"], ["011", "sltu"], ["100", "xor"], ["110", "or"], [
      "111",
      "and",
    ]],
    (f) => [`iiiiiii ttttt sssss ${f} ddddd 0110011`, "", "alu"],
  ),
  ["iiiiiiiiiiii sssss iii ddddd 0011011", "addiw/shiftiw", "alu", "rv64"],
  ["0000001 ttttt sssss 000 ddddd 0111011", "mulw", "multiply", "rv64"],
  ["0000001 ttttt sssss 1ii ddddd 0111011", "divw/remw", "divide", "rv64"],
  ["iiiiiii ttttt sssss iii ddddd 0111011", "addw/subw/shiftw", "alu", "rv64"],
  ["iiiiiiiiiiii iiiii 001 iiiii 0001111", "fence.i", "barrier"],
  ["iiiiiiiiiiii iiiii 000 iiiii 0001111", "fence", "barrier"],
  ["00000000000i 00000 000 00000 1110011", "ecall/ebreak", "system"],
  ["0011000 00010 00000 000 00000 1110011", "mret", "system", "jumps"],
  ["iiiiiiiiiiii iiiii 000 00000 1110011", "system", "system"],
  // fflags, frm and fcsr belong to the floating-point unit.
  ["0000000000 01 iiiii iii ddddd 1110011", "csr fflags", "float"],
  ["0000000000 1i iiiii iii ddddd 1110011", "csr frm/fcsr", "float"],
  ["iiiiiiiiiiii iiiii 1ii ddddd 1110011", "csr", "system"],
  ["iiiiiiiiiiii sssss iii ddddd 1110011", "csr", "system"],
  ["00010 ii 00000 sssss 01i ddddd 0101111", "lr", "load"],
  ["00011 ii ttttt sssss 01i ddddd 0101111", "sc", "store"],
  ["iiiii ii ttttt sssss 01i ddddd 0101111", "amo", "store"],
  ["iiiiiiiiiiii sssss iii iiiii 0000111", "fl", "float"],
  ["iiiiiii iiiii sssss iii iiiii 0100111", "fs", "float"],
  ["iiiiiii iiiii iiiii iii iiiii 100ii11", "fmadd", "float"],
  ["iiiiiii iiiii iiiii iii iiiii 1010011", "fop", "float"],
];

const COMPRESSED: readonly Row[] = [
  ["0000000000000000", "undefined", "undefined"],
  ["000 iiiiiiii ddd 00", "c.addi4spn", "alu", "sp"],
  ["001 iii sss ii iii 00", "c.fld", "float"],
  ["010 iii sss ii ddd 00", "c.lw", "load"],
  ["011 iii sss ii iii 00", "c.flw", "float", "rv32"],
  ["011 iii sss ii ddd 00", "c.ld", "load", "rv64"],
  ["101 iii sss ii iii 00", "c.fsd", "float"],
  ["110 iii sss ii ttt 00", "c.sw", "store"],
  ["111 iii sss ii iii 00", "c.fsw", "float", "rv32"],
  ["111 iii sss ii ttt 00", "c.sd", "store", "rv64"],
  ["000 i 00000 iiiii 01", "c.nop", "nop"],
  ["000 i eeeee iiiii 01", "c.addi", "alu"],
  ["001 iiiiiiiiiii 01", "c.jal", "call", "rv32 cjump ra"],
  ["001 i eeeee iiiii 01", "c.addiw", "alu", "rv64"],
  ["010 i ddddd iiiii 01", "c.li", "alu"],
  ["011 i 00010 iiiii 01", "c.addi16sp", "alu", "sp tosp"],
  ["011 i ddddd iiiii 01", "c.lui", "alu"],
  ["100 i 00 eee iiiii 01", "c.srli", "alu", "shift"],
  ["100 i 01 eee iiiii 01", "c.srai", "alu", "shift"],
  ["100 i 10 eee iiiii 01", "c.andi", "alu"],
  ["100 0 11 eee ii ttt 01", "c.sub/xor/or/and", "alu"],
  ["100 1 11 eee 0i ttt 01", "c.subw/addw", "alu", "rv64"],
  ["101 iiiiiiiiiii 01", "c.j", "branch", "cjump"],
  ["110 iii sss iiiii 01", "c.beqz", "branch-if", "cbranch"],
  ["111 iii sss iiiii 01", "c.bnez", "branch-if", "cbranch"],
  ["000 i eeeee iiiii 10", "c.slli", "alu", "shift"],
  ["001 i iiiii iiiii 10", "c.fldsp", "float"],
  ["010 i ddddd iiiii 10", "c.lwsp", "load", "sp"],
  ["011 i iiiii iiiii 10", "c.flwsp", "float", "rv32"],
  ["011 i ddddd iiiii 10", "c.ldsp", "load", "sp rv64"],
  ["100 0 00000 00000 10", "undefined", "undefined"],
  ["100 0 sssss 00000 10", "c.jr", "jump"],
  ["100 1 00000 00000 10", "c.ebreak", "system"],
  ["100 1 sssss 00000 10", "c.jalr", "jump", "ra"],
  ["100 0 ddddd ttttt 10", "c.mv", "alu"],
  ["100 1 eeeee ttttt 10", "c.add", "alu"],
  ["101 iiiiii iiiii 10", "c.fsdsp", "float"],
  ["110 iiiiii ttttt 10", "c.swsp", "store", "sp"],
  ["111 iiiiii iiiii 10", "c.fswsp", "float", "rv32"],
  ["111 iiiiii ttttt 10", "c.sdsp", "store", "sp rv64"],
];

/** In the order in which they are tried; rows of the other width have to be left out. */
export const RISCV = compile(WIDE, 32);
export const RISCV_COMPRESSED = compile(COMPRESSED, 16);
