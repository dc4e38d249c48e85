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
                     : [s0] "+&r"(s0), [s1] "+&r"(s1), [s2] "+&r"(s2), [s3] "+&r"(s3), [s4] "+&r"(s4),
                       [s5] "+&r"(s5), [s6] "+&r"(s6), [s7] "+&r"(s7), [m] "=&r"(m), [c] "=&r"(c),
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
