/*
 * One tap of four pixels, whose weight is in the given register. Registers of lists are named, as
 * their order matters.
 */
#define INTNIC_LANE_TAP(weight)     \
    "ldmia %[x]!, {r4, r5}\n\t"     \
    "muls r4, " weight "\n\t"       \
    "muls r5, " weight "\n\t"       \
    "add r12, r4\n\t"              \
    "add lr, r5\n\t"

/*
 * All runs of one word of ends. In assembly for the registers: sums are kept in the upper ones, where
 * they can only be added to, which compilers do not see. Compilers asked for small code have no upper
 * registers.
 */
#if defined(INTNIC_ASSEMBLY) && !defined(__OPTIMIZE_SIZE__)
#define INTNIC_LANE_RUNS                                                                        \
    do {                                                                                        \
        int32_t half = 0x8000;                                                                  \
                                                                                                \
        __asm__ volatile(                                                                       \
            ".syntax unified\n"                                                                 \
            "1:\n\t"                                                                            \
            "mov r12, %[half]\n\t"                                                             \
            "mov lr, %[half]\n"                                                               \
            "2:\n\t"                                                                            \
            "ldmia %[w]!, {r3}\n\t"                                                             \
            "sxtb r2, r3\n\t" INTNIC_LANE_TAP("r2")                                             \
            "lsls r2, r3, #16\n\t"                                                              \
            "asrs r2, r2, #24\n\t" INTNIC_LANE_TAP("r2")                                        \
            "lsls r2, r3, #8\n\t"                                                               \
            "asrs r2, r2, #24\n\t" INTNIC_LANE_TAP("r2")                                        \
            "asrs r3, r3, #24\n\t" INTNIC_LANE_TAP("r3")                                        \
            "adds %[ends], %[ends], %[ends]\n\t"                                                \
            "bcc 2b\n\t"                                                                        \
            "mov r2, r12\n\t"                                                                  \
            "asrs r3, r2, #16\n\t"                                                              \
            "uxth r2, r2\n\t"                                                                   \
            "add %[sum0], r2\n\t"                                                               \
            "add %[sum1], r3\n\t"                                                               \
            "mov r2, lr\n\t"                                                                  \
            "asrs r3, r2, #16\n\t"                                                              \
            "uxth r2, r2\n\t"                                                                   \
            "add %[sum2], r2\n\t"                                                               \
            "add %[sum3], r3\n\t"                                                               \
            "cmp %[ends], #0\n\t"                                                               \
            "bne 1b\n\t"                                                                        \
            : [x] "+l"(x), [w] "+l"(w), [ends] "+l"(ends),                                       \
              [sum0] "+h"(sum0), [sum1] "+h"(sum1), [sum2] "+h"(sum2), [sum3] "+h"(sum3)        \
            : [half] "l"(half)                                                                  \
            : "r2", "r3", "r4", "r5", "r12", "lr", "cc", "memory");                                          \
    } while (0)
#else
#define INTNIC_LANE_RUNS                                        \
    while (ends != 0) {                                         \
        int32_t a = 0x8000;                                     \
        int32_t b = 0x8000;                                     \
        uint32_t end;                                           \
                                                                \
        do {                                                    \
            for (int32_t k = 4; k > 0; k--) {                   \
                a += *x++ * *w;                                 \
                b += *x++ * *w++;                               \
            }                                                   \
            end = ends;                                         \
            ends <<= 1;                                         \
        } while (end < 0x80000000u);                            \
        sum0 += a & 0xffff;                                     \
        sum1 += a >> 16;                                        \
        sum2 += b & 0xffff;                                     \
        sum3 += b >> 16;                                        \
    }
#endif

/* sum[p] += sum of the products of pixel p over all taps, but for the offset of its lower halves. */
static INTNIC_NOINLINE void intnic_lane_sums(const int32_t *x, const int8_t *w,
                                             const uint16_t *runs, int32_t words, int32_t *sum)
{
    int32_t sum0 = sum[0];
    int32_t sum1 = sum[1];
    int32_t sum2 = sum[2];
    int32_t sum3 = sum[3];

    for (; words > 0; words--) {
        uint32_t ends = (uint32_t)*runs++ << 16;

        INTNIC_LANE_RUNS;
    }
    sum[0] = sum0;
    sum[1] = sum1;
    sum[2] = sum2;
    sum[3] = sum3;
}

#undef INTNIC_LANE_RUNS
#undef INTNIC_LANE_TAP
