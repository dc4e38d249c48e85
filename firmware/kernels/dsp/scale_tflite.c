/* Per output channel: accumulator start, and how its sum becomes a code. */
struct intnic_scale {
    int32_t bias;       /* zero point of the input folded in */
    int32_t multiplier; /* 0 .. 2^31 - 1 */
    int32_t addend;     /* zero point * 2^right + 2^(right - 1) */
    int32_t right;      /* 1 .. 31 */
};

/*
 * sum * multiplier / 2^31 rounded to nearest, then divided by 2^right with halves away from zero,
 * plus the zero point, saturated to int8. SMMLAR rounds the first; for the second a negative sum
 * needs its half to be one smaller. The generator has proved that nothing leaves int32.
 */
static inline int32_t intnic_scale_down(int32_t sum, const struct intnic_scale *scale)
{
    int32_t addend = scale->addend + (sum >> 31);
    int32_t value;

    /* C has no SMMLAR: the compiler would take five instructions and two registers more. */
    __asm__("smmlar %0, %1, %2, %3"
            : "=r"(value)
            : "r"(sum * 2), "r"(scale->multiplier), "r"(addend));
    value >>= scale->right;
    __asm__("ssat %0, #8, %1" : "=r"(value) : "r"(value));
    return value;
}

/* Codes of the sums `a` and `b` of one channel, to the left and the right pixel. */
#define INTNIC_STORE_TWO(i, a, b)                                                   \
    "ldr.w %[m], [%[scale], #16 * (" i ") + 4]\n\t"                                 \
    "ldr.w %[c], [%[scale], #16 * (" i ") + 8]\n\t"                                 \
    "add.w %[r], %[c], %[" a "], asr #31\n\t"                                       \
    "add.w %[c], %[c], %[" b "], asr #31\n\t"                                       \
    "lsl.w %[" a "], %[" a "], #1\n\t"                                              \
    "lsl.w %[" b "], %[" b "], #1\n\t"                                              \
    "smmlar %[" a "], %[" a "], %[m], %[r]\n\t"                                     \
    "smmlar %[" b "], %[" b "], %[m], %[c]\n\t"                                     \
    "ldr.w %[r], [%[scale], #16 * (" i ") + 12]\n\t"                                \
    "asr.w %[" a "], %[" a "], %[r]\n\t"                                            \
    "asr.w %[" b "], %[" b "], %[r]\n\t"                                            \
    "ssat %[" a "], #8, %[" a "]\n\t"                                               \
    "ssat %[" b "], #8, %[" b "]\n\t"                                               \
    "strb.w %[" b "], [%[right], #" i "]\n\t"                                       \
    "strb.w %[" a "], [%[left], #" i "]\n\t"

/*
 * The codes of four channels of two pixels, s0 to s3 and s4 to s7; those for `left` are stored last.
 * In assembly: it takes all registers, and a compiler would reload its pointers for each.
 */
static inline void intnic_store_eight(int32_t s0, int32_t s1, int32_t s2, int32_t s3, int32_t s4,
                                      int32_t s5, int32_t s6, int32_t s7,
                                      const struct intnic_scale *scale, int8_t *left,
                                      int8_t *right)
{
#ifdef __OPTIMIZE__
    int32_t m, c, r;

    __asm__ volatile(".p2align 2\n\t"
                     INTNIC_STORE_TWO("0", "s0", "s4")
                     INTNIC_STORE_TWO("1", "s1", "s5")
                     INTNIC_STORE_TWO("2", "s2", "s6")
                     INTNIC_STORE_TWO("3", "s3", "s7")
                     : [s0] "+r"(s0), [s1] "+r"(s1), [s2] "+r"(s2), [s3] "+r"(s3), [s4] "+r"(s4),
                       [s5] "+r"(s5), [s6] "+r"(s6), [s7] "+r"(s7), [m] "=&r"(m), [c] "=&r"(c),
                       [r] "=&r"(r)
                     : [scale] "r"(scale), [left] "r"(left), [right] "r"(right)
                     : "memory");
#else
    const int32_t sums[8] = { s0, s1, s2, s3, s4, s5, s6, s7 };

    for (int32_t i = 0; i < 4; i++) {
        right[i] = (int8_t)intnic_scale_down(sums[4 + i], &scale[i]);
    }
    for (int32_t i = 0; i < 4; i++) {
        left[i] = (int8_t)intnic_scale_down(sums[i], &scale[i]);
    }
#endif
}

#undef INTNIC_STORE_TWO

/* Code of 1/256 of the sum `s` of channel `i`. */
#define INTNIC_STORE_ONE(i, s)                                                      \
    "asr.w %[" s "], %[" s "], #8\n\t"                                              \
    "ldr.w %[m], [%[scale], #16 * (" i ") + 4]\n\t"                                 \
    "ldr.w %[c], [%[scale], #16 * (" i ") + 8]\n\t"                                 \
    "ldr.w %[r], [%[scale], #16 * (" i ") + 12]\n\t"                                \
    "add.w %[c], %[c], %[" s "], asr #31\n\t"                                       \
    "lsl.w %[" s "], %[" s "], #1\n\t"                                              \
    "smmlar %[" s "], %[" s "], %[m], %[c]\n\t"                                     \
    "asr.w %[" s "], %[" s "], %[r]\n\t"                                            \
    "ssat %[" s "], #8, %[" s "]\n\t"                                               \
    "strb.w %[" s "], [%[y], #" i "]\n\t"

/* The codes of eight channels from 256 times their sums. */
static inline void intnic_store_row(int32_t s0, int32_t s1, int32_t s2, int32_t s3, int32_t s4,
                                    int32_t s5, int32_t s6, int32_t s7,
                                    const struct intnic_scale *scale, int8_t *y)
{
#ifdef __OPTIMIZE__
    int32_t m, c, r;

    __asm__ volatile(".p2align 2\n\t"
                     INTNIC_STORE_ONE("0", "s0")
                     INTNIC_STORE_ONE("1", "s1")
                     INTNIC_STORE_ONE("2", "s2")
                     INTNIC_STORE_ONE("3", "s3")
                     INTNIC_STORE_ONE("4", "s4")
                     INTNIC_STORE_ONE("5", "s5")
                     INTNIC_STORE_ONE("6", "s6")
                     INTNIC_STORE_ONE("7", "s7")
                     : [s0] "+r"(s0), [s1] "+r"(s1), [s2] "+r"(s2), [s3] "+r"(s3), [s4] "+r"(s4),
                       [s5] "+r"(s5), [s6] "+r"(s6), [s7] "+r"(s7), [m] "=&r"(m), [c] "=&r"(c),
                       [r] "=&r"(r)
                     : [scale] "r"(scale), [y] "r"(y)
                     : "memory");
#else
    const int32_t sums[8] = { s0, s1, s2, s3, s4, s5, s6, s7 };

    for (int32_t i = 0; i < 8; i++) {
        y[i] = (int8_t)intnic_scale_down(sums[i] >> 8, &scale[i]);
    }
#endif
}

#undef INTNIC_STORE_ONE
