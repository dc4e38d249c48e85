#include <stdint.h>

/* Set by the link script. */
extern uint32_t intnic_stack_top[];
extern const uint32_t intnic_data_load[];
extern uint32_t intnic_data_start[], intnic_data_end[];
extern uint32_t intnic_bss_start[], intnic_bss_end[];

int main(void);
void intnic_reset(void);

/* Ends the program under a debugger or emulator with semihosting (Arm IHI 0061, SYS_EXIT). */
static void intnic_exit(int code)
{
    register uint32_t operation __asm__("r0") = 0x18;
    register uint32_t reason __asm__("r1") = code == 0 ? 0x20026u : 0x20023u;

    for (;;) {
        __asm__ volatile("bkpt 0xab" : "+r"(operation) : "r"(reason) : "memory");
    }
}

static void intnic_fault(void)
{
    intnic_exit(1);
}

void intnic_reset(void)
{
    const uint32_t *from = intnic_data_load;

    for (uint32_t *to = intnic_data_start; to != intnic_data_end; to++) {
        *to = *from++;
    }
    for (uint32_t *to = intnic_bss_start; to != intnic_bss_end; to++) {
        *to = 0;
    }
    intnic_exit(main());
}

/* Stack pointer, reset, and the system exceptions up to SysTick (Armv7-M ARM, B1.5.2). */
__attribute__((section(".vectors"), used)) static void (*const intnic_vectors[16])(void) = {
    (void (*)(void))intnic_stack_top,
    intnic_reset,
    intnic_fault, /* NMI */
    intnic_fault, /* HardFault */
    intnic_fault, /* MemManage */
    intnic_fault, /* BusFault */
    intnic_fault, /* UsageFault */
    0, 0, 0, 0,
    intnic_fault, /* SVCall */
    intnic_fault, /* DebugMonitor */
    0,
    intnic_fault, /* PendSV */
    intnic_fault, /* SysTick */
};
