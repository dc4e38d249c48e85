import type { Target } from "../types.ts";

/**
 * Link script for a target with memory: vectors, code and constants in flash, `.data` copied to RAM
 * at start, the stack growing down from the end of RAM. Regions are left open-ended: whether the
 * program fits is judged afterwards, where the layers can be named.
 */
export function linkScript({ memory, isa }: Target): string {
  if (memory === undefined) throw new Error("A link script needs a target with a memory map.");
  const { flash, ram } = memory;
  // The stack is aligned as the widest ABI here asks for: 16 bytes (RISC-V psABI), 8 (AAPCS).
  const stackTop = Math.floor((ram.origin + ram.size) / 16) * 16;
  const entry = isa === "thumb" ? "" : "        KEEP(*(.text.intnic_reset))\n";
  return `ENTRY(intnic_reset)

SECTIONS
{
    . = ${hex(flash.origin)};

    .vectors : { KEEP(*(.vectors)) }

    .text : ALIGN(16)
    {
${entry}        *(.text .text.*)
    }

    .rodata : ALIGN(8)
    {
        *(.rodata .rodata.* .srodata .srodata.*)
        . = ALIGN(8);
    }

    intnic_data_load = .;

    . = ${hex(ram.origin)};

    .data : AT(intnic_data_load)
    {
        intnic_data_start = .;
        *(.data .data.*)
        __global_pointer$ = . + 0x800;
        *(.sdata .sdata.*)
        . = ALIGN(8);
        intnic_data_end = .;
    }

    .bss (NOLOAD) : ALIGN(8)
    {
        intnic_bss_start = .;
        *(.sbss .sbss.* .bss .bss.* COMMON)
        . = ALIGN(8);
        intnic_bss_end = .;
    }

    intnic_stack_top = ${hex(stackTop)};

    /DISCARD/ : { *(.comment .note .note.* .eh_frame .ARM.exidx* .ARM.extab*) }
}
`;
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, "0")}`;
}
