/* One input of four outputs; registers of lists are named, as their order matters. */
#define INTNIC_BYTE_TAP(x, v)       \
    "asrs %[t], " v ", #8\n\t"      \
    "muls %[t], " x "\n\t"          \
    "add %[s1], %[t]\n\t"           \
    "asrs %[t], " v ", #16\n\t"     \
    "muls %[t], " x "\n\t"          \
    "add %[s2], %[t]\n\t"           \
    "asrs %[t], " v ", #24\n\t"     \
    "muls %[t], " x "\n\t"          \
    "add %[s3], %[t]\n\t"           \
    "muls " v ", " x "\n\t"         \
    "add %[s0], " v "\n\t"
#define INTNIC_TWO_BYTE_TAPS        \
    "ldmia %[x]!, {r2, r3}\n\t"     \
    "ldmia %[w]!, {r4, r5}\n\t"     \
    INTNIC_BYTE_TAP("r2", "r4")     \
    INTNIC_BYTE_TAP("r3", "r5")

/* Sums over all inputs, a multiple of four, of each word of weights shifted by none to three bytes. */
static INTNIC_NOINLINE void intnic_byte_sums(const int32_t *x, const int32_t *w, int32_t count,
                                             uint32_t *sum)
{
    const int32_t *end = x + count;
    uint32_t s0 = 0;
    uint32_t s1 = 0;
    uint32_t s2 = 0;
    uint32_t s3 = 0;

    /*
     * In assembly for the registers: sums are kept in the upper ones, where they can only be added
     * to, which compilers do not see. Asked for small code, they have no upper ones.
     */
#if defined(INTNIC_ASSEMBLY) && !defined(__OPTIMIZE_SIZE__)
    int32_t t;

    __asm__ volatile(
        ".syntax unified\n"
        "1:\n\t" INTNIC_TWO_BYTE_TAPS INTNIC_TWO_BYTE_TAPS
        "cmp %[x], %[end]\n\t"
        "bne 1b\n\t"
        : [x] "+l"(x), [w] "+l"(w), [t] "=&l"(t), [s0] "+h"(s0), [s1] "+h"(s1), [s2] "+h"(s2),
          [s3] "+h"(s3)
        : [end] "l"(end)
        : "r2", "r3", "r4", "r5", "cc", "memory");
#else
    for (; x != end; x++) {
        int32_t v = *w++;

        s0 += (uint32_t)v * (uint32_t)*x;
        s1 += (uint32_t)((v >> 8) * *x);
        s2 += (uint32_t)((v >> 16) * *x);
        s3 += (uint32_t)((v >> 24) * *x);
    }
#endif
    sum[0] = s0;
    sum[1] = s1;
    sum[2] = s2;
    sum[3] = s3;
}

#undef INTNIC_TWO_BYTE_TAPS
#undef INTNIC_BYTE_TAP
