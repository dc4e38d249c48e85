/**
 * Proves of a linked program what its generator promises: no floating-point arithmetic, in hardware
 * or in software, and nothing of the C library's heap, text or file functions.
 *
 * @module
 */

import { codeRanges, codeSections, decoderFor, instructions } from "../run/emulator/code.ts";
import { hex, locate } from "../run/emulator/fault.ts";
import type { Elf } from "./elf.ts";

/** Arithmetic, comparisons and conversions of floats (Arm RTABI 4.1; libgcc's soft-float names). */
const SOFT_FLOAT = [
  /^__aeabi_c?[fd]/,
  /^__aeabi_\w*2[fdh]$/,
  /^__[a-z]+[hsdtx][fc][23]$/,
  /^__(float|fix)(un|uns)?[hsdt][if][hsdtx][if]$/,
  /^__(extend|trunc)[hsdtx]f[hsdtx]f2$/,
  /^__gnu_[dfh]2[dfh]/,
];

/** Functions that a freestanding integer program has no use for. memcpy and its like are allowed:
 * compilers call them of their own accord. */
const LIBRARY = new Set([
  ...["malloc", "calloc", "realloc", "free", "_malloc_r", "_free_r", "_sbrk", "_sbrk_r"],
  ...["printf", "fprintf", "sprintf", "snprintf", "vprintf", "vfprintf", "vsnprintf", "puts"],
  ...["putchar", "fputs", "fwrite", "fopen", "scanf", "sscanf", "strtod", "strtof", "atof"],
]);

/** Instructions named in full; a program built for a floating-point unit has thousands. */
const LISTED = 20;

/**
 * Every breach as a sentence with its address and function; none means the program is integer-only.
 * Code that decoders do not know is a breach as well: it has not been proven harmless.
 *
 * @param bytes the file `elf` was read from
 */
export function checkIntegerOnly(elf: Elf, bytes: Uint8Array): string[] {
  return [...checkSymbols(elf), ...instructionBreaches(elf, bytes)];
}

/** The breaches that names of functions tell. */
export function checkSymbols(elf: Elf): string[] {
  const breaches = new Set<string>();
  for (const s of elf.symbols) {
    if (s.kind === "file" || s.kind === "section") continue;
    const state = s.section === 0 ? "refers to" : "contains";
    const where = s.section === 0 ? "" : ` at ${hex(s.address)}`;
    if (SOFT_FLOAT.some((pattern) => pattern.test(s.name))) {
      breaches.add(`The program ${state} the floating-point routine ${s.name}${where}.`);
    } else if (LIBRARY.has(s.name)) {
      breaches.add(`The program ${state} the C library's ${s.name}${where}.`);
    }
  }
  return [...breaches];
}

function instructionBreaches(elf: Elf, bytes: Uint8Array): string[] {
  const decode = decoderFor(elf);
  if (decode === undefined) {
    return [`The program is for ${elf.machine}, whose instructions cannot be checked.`];
  }
  const breaches: string[] = [];
  let more = 0;
  for (const section of codeSections(elf)) {
    for (const range of codeRanges(elf, section)) {
      for (const i of instructions(elf, bytes, section, range, decode)) {
        // Zeros fill the gaps between functions, and UDF is a deliberate trap.
        const unknown = i.kind === "undefined" && i.name !== "udf" && i.word !== 0;
        if (!i.float && !unknown) continue;
        if (breaches.length === LISTED) {
          more++;
          continue;
        }
        const code = (i.word >>> 0).toString(16).padStart(i.size * 2, "0");
        const what = i.float ? "floating-point" : "unknown";
        const where = locate(elf, i.address);
        const place = where === hex(i.address) ? "" : ` in ${where}`;
        breaches.push(`The ${what} instruction ${code} stands at ${hex(i.address)}${place}.`);
      }
    }
  }
  if (more > 0) breaches.push(`There are ${more} more such instructions.`);
  return breaches;
}
