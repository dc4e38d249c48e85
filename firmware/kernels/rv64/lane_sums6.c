/*
 * One tap of six pixels and four channels. In assembly because compilers load the operands of several
 * taps ahead and spill, and no load is used at once.
 */
#ifdef INTNIC_ASSEMBLY
#define INTNIC_LANE_PRODUCT(to, x, w)            \
    "mul t6, " x ", " w "\n\t"                   \
    "add %[" to "], %[" to "], t6\n\t"
#define INTNIC_LANE_TAP(k)                       \
    "ld t3, 16*" #k "(%[x])\n\t"                 \
    "lb t0, 4*" #k "(%[w])\n\t"                  \
    "ld t4, 16*" #k "+8(%[x])\n\t"               \
    "lb t1, 4*" #k "+1(%[w])\n\t"                \
    INTNIC_LANE_PRODUCT("a0", "t3", "t0")        \
    INTNIC_LANE_PRODUCT("b0", "t4", "t0")        \
    "lb t0, 4*" #k "+2(%[w])\n\t"                \
    INTNIC_LANE_PRODUCT("a1", "t3", "t1")        \
    INTNIC_LANE_PRODUCT("b1", "t4", "t1")        \
    "lb t1, 4*" #k "+3(%[w])\n\t"                \
    INTNIC_LANE_PRODUCT("a2", "t3", "t0")        \
    INTNIC_LANE_PRODUCT("b2", "t4", "t0")        \
    INTNIC_LANE_PRODUCT("a3", "t3", "t1")        \
    INTNIC_LANE_PRODUCT("b3", "t4", "t1")
#define INTNIC_FOUR_LANE_TAPS                                                                     \
    __asm__ volatile(INTNIC_LANE_TAP(0) INTNIC_LANE_TAP(1) INTNIC_LANE_TAP(2) INTNIC_LANE_TAP(3)  \
                     : [a0] "+r"(a0), [a1] "+r"(a1), [a2] "+r"(a2), [a3] "+r"(a3),                \
                       [b0] "+r"(b0), [b1] "+r"(b1), [b2] "+r"(b2), [b3] "+r"(b3)                 \
                     : [x] "r"(x), [w] "r"(w)                                                     \
                     : "t0", "t1", "t3", "t4", "t6", "memory")
#else
#define INTNIC_FOUR_LANE_TAPS                    \
    for (int32_t k = 0; k < 4; k++) {            \
        int64_t p = x[2 * k];                    \
        int64_t q = x[2 * k + 1];                \
                                                 \
        a0 += p * w[4 * k];                      \
        b0 += q * w[4 * k];                      \
        a1 += p * w[4 * k + 1];                  \
        b1 += q * w[4 * k + 1];                  \
        a2 += p * w[4 * k + 2];                  \
        b2 += q * w[4 * k + 2];                  \
        a3 += p * w[4 * k + 3];                  \
        b3 += q * w[4 * k + 3];                  \
    }
#endif

/* Adds the three parts of each of two words to sums. */
static INTNIC_NOINLINE void intnic_add_parts(int64_t a, int64_t b, int32_t *sum)
{
    int64_t a1 = intnic_parts_above(a);
    int64_t b1 = intnic_parts_above(b);

    sum[0] += intnic_part(a);
    sum[1] += intnic_part(a1);
    sum[2] += (int32_t)intnic_parts_above(a1);
    sum[3] += intnic_part(b);
    sum[4] += intnic_part(b1);
    sum[5] += (int32_t)intnic_parts_above(b1);
}

/*
 * sum[6 * c + p] += sum of the products of pixel p and channel c over all taps, which come in fours,
 * `run` of them between two splits.
 */
static INTNIC_NOINLINE void intnic_lane_sums(const int64_t *x, const int8_t *w, int32_t fours,
                                             int32_t run, int32_t *sum)
{
    for (int32_t left = fours; left > 0; left -= run) {
        const int64_t *end = x + 8 * intnic_min(left, run);
        int64_t a0 = 0, a1 = 0, a2 = 0, a3 = 0;
        int64_t b0 = 0, b1 = 0, b2 = 0, b3 = 0;

        do {
            INTNIC_FOUR_LANE_TAPS;
            x += 8;
            w += 16;
        } while (x != end);
        intnic_add_parts(a0, b0, sum);
        intnic_add_parts(a1, b1, sum + 6);
        intnic_add_parts(a2, b2, sum + 12);
        intnic_add_parts(a3, b3, sum + 18);
    }
}

#undef INTNIC_FOUR_LANE_TAPS
#ifdef INTNIC_ASSEMBLY
#undef INTNIC_LANE_TAP
#undef INTNIC_LANE_PRODUCT
#endif
