/* Start-up for RV32 and RV64: stack, data, bss, main; then exit by semihosting. */

#if __riscv_xlen == 64
#define LOAD ld
#define STORE sd
#define WORD 8
#else
#define LOAD lw
#define STORE sw
#define WORD 4
#endif

    .section .text.intnic_reset, "ax"
    .globl intnic_reset
    .type intnic_reset, @function
intnic_reset:
    .option push
    .option norelax
    la gp, __global_pointer$
    .option pop
    la sp, intnic_stack_top

    la a0, intnic_data_load
    la a1, intnic_data_start
    la a2, intnic_data_end
1:  beq a1, a2, 2f
    LOAD a3, 0(a0)
    STORE a3, 0(a1)
    addi a0, a0, WORD
    addi a1, a1, WORD
    j 1b

2:  la a1, intnic_bss_start
    la a2, intnic_bss_end
3:  beq a1, a2, 4f
    STORE zero, 0(a1)
    addi a1, a1, WORD
    j 3b

4:  call main

    /* SYS_EXIT with ADP_Stopped_ApplicationExit, or RunTimeErrorUnknown if main said so. */
    li a1, 0x20026
    beqz a0, 5f
    li a1, 0x20023
5:  li a0, 0x18
    /* Before norvc: the linker may have to fill two bytes. */
    .balign 16
    .option push
    .option norvc
    slli x0, x0, 0x1f
    ebreak
    srai x0, x0, 7
    .option pop
    j 5b
    .size intnic_reset, . - intnic_reset
