import type { CProgram, FlashUse, RamUse, Target } from "../types.ts";
import { type Elf, findSymbol } from "./elf.ts";

const SHF_WRITE = 1;
const SHF_ALLOC = 2;
const SHF_EXECINSTR = 4;
const SHT_NOBITS = 8;

/**
 * Bytes of flash by what they hold, from the ELF's sections: code is what can be executed, weights
 * are the generated weight arrays, tables the rest, initial values of `.data` included.
 */
export function flashUse(elf: Elf, program: CProgram, { memory }: Target): FlashUse {
  const stored = elf.sections.filter((s) => (s.flags & SHF_ALLOC) !== 0 && s.type !== SHT_NOBITS);
  // In a target's memory the gaps that alignment leaves count too.
  const image = elf.segments.filter(({ fileBytes }) => fileBytes > 0);
  const total = memory === undefined
    ? sum(stored)
    : Math.max(...image.map((s) => s.physical + s.fileBytes)) - memory.flash.origin;
  const code = sum(stored.filter(({ flags }) => (flags & SHF_EXECINSTR) !== 0));
  const weights = program.layers.reduce(
    (bytes, layer) => bytes + (findSymbol(elf, layer.weightsSymbol)?.size ?? 0),
    0,
  );
  return { code, weights, tables: total - code - weights, total };
}

/** Bytes of RAM by what they hold, from the ELF's sections and symbols; `stack` as given. */
export function ramUse(elf: Elf, stack: number): RamUse {
  const writable = elf.sections.filter(({ flags }) =>
    (flags & SHF_ALLOC) !== 0 && (flags & SHF_WRITE) !== 0
  );
  const all = sum(writable);
  const arena = findSymbol(elf, "model_arena")?.size ?? 0;
  return { arena, stack, static: all - arena, total: all + stack };
}

function sum(sections: readonly { readonly size: number }[]): number {
  return sections.reduce((bytes, { size }) => bytes + size, 0);
}
