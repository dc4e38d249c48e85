/**
 * The 16-bit Thumb instructions of ARMv6-M, ARMv7-M and ARMv8-M (ARM DDI 0403E, chapters A5.2 and
 * A7.7; DDI 0553 for BXNS, BLXNS).
 *
 * Fields: d written; n, m read; e read and written; t loaded or stored; r register list; i constant;
 * p one more register of the list (LR of PUSH, PC of POP). Traits: `S` sets the flags, `shift`
 * passes an operand through the shifter, `x2`, `x4` scale the constant, `sp` reads SP.
 *
 * @module
 */

import { compile, type Row } from "./pattern.ts";

const ROWS: readonly Row[] = [
  ["00000 iiiii mmm ddd", "lsls", "alu", "S shift"],
  ["00001 iiiii mmm ddd", "lsrs", "alu", "S shift"],
  ["00010 iiiii mmm ddd", "asrs", "alu", "S shift"],
  ["0001100 mmm nnn ddd", "adds", "alu", "S"],
  ["0001101 mmm nnn ddd", "subs", "alu", "S"],
  ["0001110 iii nnn ddd", "adds", "alu", "S"],
  ["0001111 iii nnn ddd", "subs", "alu", "S"],
  ["00100 ddd iiiiiiii", "movs", "alu", "S"],
  ["00101 nnn iiiiiiii", "cmp", "alu", "S"],
  ["00110 eee iiiiiiii", "adds", "alu", "S"],
  ["00111 eee iiiiiiii", "subs", "alu", "S"],
  ["0100000000 mmm eee", "ands", "alu", "S"],
  ["0100000001 mmm eee", "eors", "alu", "S"],
  ["0100000010 mmm eee", "lsls", "alu", "S shift"],
  ["0100000011 mmm eee", "lsrs", "alu", "S shift"],
  ["0100000100 mmm eee", "asrs", "alu", "S shift"],
  ["0100000101 mmm eee", "adcs", "alu", "S"],
  ["0100000110 mmm eee", "sbcs", "alu", "S"],
  ["0100000111 mmm eee", "rors", "alu", "S shift"],
  ["0100001000 mmm nnn", "tst", "alu", "S"],
  ["0100001001 nnn ddd", "rsbs", "alu", "S"],
  ["0100001010 mmm nnn", "cmp", "alu", "S"],
  ["0100001011 mmm nnn", "cmn", "alu", "S"],
  ["0100001100 mmm eee", "orrs", "alu", "S"],
  ["0100001101 mmm eee", "muls", "multiply", "S"],
  ["0100001110 mmm eee", "bics", "alu", "S"],
  ["0100001111 mmm ddd", "mvns", "alu", "S"],
  ["01000100 E mmmm eee", "add", "alu"],
  ["01000101 N mmmm nnn", "cmp", "alu", "S"],
  ["01000110 D mmmm ddd", "mov", "alu"],
  ["010001110 mmmm 000", "bx", "jump"],
  ["010001110 mmmm 100", "bxns", "jump"],
  ["010001111 mmmm 000", "blx", "jump", "link"],
  ["010001111 mmmm 100", "blxns", "jump", "link"],
  ["01001 ttt iiiiiiii", "ldr", "load", "pc x4"],
  ["0101000 mmm nnn ttt", "str", "store"],
  ["0101001 mmm nnn ttt", "strh", "store"],
  ["0101010 mmm nnn ttt", "strb", "store"],
  ["0101011 mmm nnn ttt", "ldrsb", "load"],
  ["0101100 mmm nnn ttt", "ldr", "load"],
  ["0101101 mmm nnn ttt", "ldrh", "load"],
  ["0101110 mmm nnn ttt", "ldrb", "load"],
  ["0101111 mmm nnn ttt", "ldrsh", "load"],
  ["01100 iiiii nnn ttt", "str", "store", "x4"],
  ["01101 iiiii nnn ttt", "ldr", "load", "x4"],
  ["01110 iiiii nnn ttt", "strb", "store"],
  ["01111 iiiii nnn ttt", "ldrb", "load"],
  ["10000 iiiii nnn ttt", "strh", "store", "x2"],
  ["10001 iiiii nnn ttt", "ldrh", "load", "x2"],
  ["10010 ttt iiiiiiii", "str", "store", "sp x4"],
  ["10011 ttt iiiiiiii", "ldr", "load", "sp x4"],
  ["10100 ddd iiiiiiii", "adr", "alu", "pc"],
  ["10101 ddd iiiiiiii", "add", "alu", "sp"],
  ["101100000 iiiiiii", "add", "alu", "sp tosp"],
  ["101100001 iiiiiii", "sub", "alu", "sp tosp"],
  ["101100I1 iiiii nnn", "cbz", "branch-if", "zero"],
  ["101110I1 iiiii nnn", "cbnz", "branch-if", "zero"],
  ["1011001000 mmm ddd", "sxth", "alu"],
  ["1011001001 mmm ddd", "sxtb", "alu"],
  ["1011001010 mmm ddd", "uxth", "alu"],
  ["1011001011 mmm ddd", "uxtb", "alu"],
  ["1011010 p rrrrrrrr", "push", "store-multiple", "sp tosp"],
  ["1011110 p rrrrrrrr", "pop", "load-multiple", "sp tosp"],
  ["10110110011 iiiii", "cps", "system"],
  ["1011101000 mmm ddd", "rev", "alu"],
  ["1011101001 mmm ddd", "rev16", "alu"],
  ["1011101011 mmm ddd", "revsh", "alu"],
  ["10111110 iiiiiiii", "bkpt", "system"],
  ["10111111 iiii 0000", "nop", "nop"],
  ["10111111 cccc iiii", "it", "if-then"],
  ["11000 nnn rrrrrrrr", "stmia", "store-multiple", "back"],
  ["11001 nnn rrrrrrrr", "ldmia", "load-multiple", "back"],
  ["11011110 iiiiiiii", "udf", "undefined"],
  ["11011111 iiiiiiii", "svc", "system"],
  ["1101 cccc iiiiiiii", "b<c>", "branch-if", "near"],
  ["11100 iiiiiiiiiii", "b", "branch", "near"],
];

/** In the order in which they are tried. */
export const THUMB16 = compile(ROWS, 16);
