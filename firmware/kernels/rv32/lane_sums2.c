#define INTNIC_LANE_CHANNELS 2

/*
 * One tap of four pixels and two channels. In assembly because compilers load the operands of several
 * taps ahead and spill: that doubles the time.
 */
#ifdef __OPTIMIZE__
#define INTNIC_LANE_TAP(k)                                                          \
    "lw %[p], 8*" #k "(%[x])\n\t"                                                   \
    "lb %[v], 2*" #k "(%[w])\n\t"                                                   \
    "lw %[q], 8*" #k "+4(%[x])\n\t"                                                 \
    "mul %[t], %[p], %[v]\n\t"                                                      \
    "add %[a], %[a], %[t]\n\t"                                                      \
    "mul %[t], %[q], %[v]\n\t"                                                      \
    "lb %[v], 2*" #k "+1(%[w])\n\t"                                                 \
    "add %[b], %[b], %[t]\n\t"                                                      \
    "mul %[t], %[p], %[v]\n\t"                                                      \
    "add %[c], %[c], %[t]\n\t"                                                      \
    "mul %[t], %[q], %[v]\n\t"                                                      \
    "add %[d], %[d], %[t]\n\t"
#define INTNIC_FOUR_LANE_TAPS                                                       \
    do {                                                                            \
        int32_t p, q, v, t;                                                         \
                                                                                    \
        __asm__ volatile(INTNIC_LANE_TAP(0) INTNIC_LANE_TAP(1) INTNIC_LANE_TAP(2)   \
                         INTNIC_LANE_TAP(3)                                         \
                         : [a] "+r"(a), [b] "+r"(b), [c] "+r"(c), [d] "+r"(d),      \
                           [p] "=&r"(p), [q] "=&r"(q), [v] "=&r"(v), [t] "=&r"(t)   \
                         : [x] "r"(x), [w] "r"(w)                                   \
                         : "memory");                                               \
    } while (0)
#else
#define INTNIC_FOUR_LANE_TAPS                                                       \
    do {                                                                            \
        for (int32_t k = 0; k < 4; k++) {                                           \
            a += x[2 * k] * w[2 * k];                                               \
            b += x[2 * k + 1] * w[2 * k];                                           \
            c += x[2 * k] * w[2 * k + 1];                                           \
            d += x[2 * k + 1] * w[2 * k + 1];                                       \
        }                                                                           \
    } while (0)
#endif

/*
 * sum[4 * c + p] += sum of the products of pixel p and channel c over all taps, but for the offset of
 * its lower halves.
 */
static INTNIC_NOINLINE void intnic_lane_sums(const int32_t *x, const int8_t *w, const uint16_t *runs,
                                    int32_t words, int32_t *sum)
{
    int32_t sum0 = sum[0];
    int32_t sum1 = sum[1];
    int32_t sum2 = sum[2];
    int32_t sum3 = sum[3];
    int32_t sum4 = sum[4];
    int32_t sum5 = sum[5];
    int32_t sum6 = sum[6];
    int32_t sum7 = sum[7];

    for (; words > 0; words--) {
        uint32_t ends = (uint32_t)*runs++ << 16;

        while (ends != 0) {
            int32_t a = 0x8000;
            int32_t b = 0x8000;
            int32_t c = 0x8000;
            int32_t d = 0x8000;
            uint32_t end;

            do {
                INTNIC_FOUR_LANE_TAPS;
                x += 8;
                w += 8;
                end = ends;
                ends <<= 1;
            } while (end < 0x80000000u);
            sum0 += a & 0xffff;
            sum1 += a >> 16;
            sum2 += b & 0xffff;
            sum3 += b >> 16;
            sum4 += c & 0xffff;
            sum5 += c >> 16;
            sum6 += d & 0xffff;
            sum7 += d >> 16;
        }
    }
    sum[0] = sum0;
    sum[1] = sum1;
    sum[2] = sum2;
    sum[3] = sum3;
    sum[4] = sum4;
    sum[5] = sum5;
    sum[6] = sum6;
    sum[7] = sum7;
}

#undef INTNIC_FOUR_LANE_TAPS
#undef INTNIC_LANE_TAP
