#define INTNIC_LANE_ROWS 8

/* Two inputs of two outputs. */
#define INTNIC_LANE_WORD(k, sum)               \
    "lw %[v], 4*" #k "(%[w])\n\t"              \
    "and %[t], %[v], %[mask]\n\t"              \
    "mul %[t], %[t], %[p]\n\t"                 \
    "srli %[v], %[v], 8\n\t"                   \
    "and %[v], %[v], %[mask]\n\t"              \
    "mul %[v], %[v], %[q]\n\t"                 \
    "add %[" sum "], %[" sum "], %[t]\n\t"     \
    "add %[" sum "], %[" sum "], %[v]\n\t"

/* Two inputs of eight outputs. In assembly because compilers load far ahead, and spill. */
#ifdef __OPTIMIZE__
#define INTNIC_TWO_LANE_INPUTS                                                           \
    do {                                                                                 \
        int32_t p, q, v, t;                                                              \
                                                                                         \
        __asm__ volatile("lb %[p], 0(%[x])\n\t"                                          \
                         "lb %[q], 1(%[x])\n\t"                                          \
                         INTNIC_LANE_WORD(0, "a")                                        \
                         INTNIC_LANE_WORD(1, "b")                                        \
                         INTNIC_LANE_WORD(2, "c")                                        \
                         INTNIC_LANE_WORD(3, "d")                                        \
                         "add %[inputs], %[inputs], %[p]\n\t"                            \
                         "add %[inputs], %[inputs], %[q]\n\t"                            \
                         : [a] "+r"(a), [b] "+r"(b), [c] "+r"(c), [d] "+r"(d),           \
                           [p] "=&r"(p), [q] "=&r"(q), [v] "=&r"(v), [t] "=&r"(t),       \
                           [inputs] "+r"(inputs)                                         \
                         : [x] "r"(x), [w] "r"(w), [mask] "r"(mask)                      \
                         : "memory");                                                    \
        x += 2;                                                                          \
        w += 4;                                                                          \
    } while (0)
#else
#define INTNIC_TWO_LANE_INPUTS                                                           \
    do {                                                                                 \
        for (int32_t i = 0; i < 2; i++) {                                                \
            uint32_t value = (uint32_t)(int32_t)*x++;                                    \
                                                                                         \
            a += (w[0] >> (8 * i) & mask) * value;                                       \
            b += (w[1] >> (8 * i) & mask) * value;                                       \
            c += (w[2] >> (8 * i) & mask) * value;                                       \
            d += (w[3] >> (8 * i) & mask) * value;                                       \
            inputs += value;                                                             \
        }                                                                                \
        w += 4;                                                                          \
    } while (0)
#endif

/* sum[i] += sum of the products of output i over all inputs, but for the offset of lower halves. */
static INTNIC_NOINLINE void intnic_lane_dots(const int8_t *x, const uint32_t *w,
                                             const uint16_t *runs, int32_t words, int32_t *sum)
{
    const uint32_t mask = 0x00ff00ffu;
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
            uint32_t a = 0;
            uint32_t b = 0;
            uint32_t c = 0;
            uint32_t d = 0;
            uint32_t inputs = 0;
            uint32_t end;

            do {
                INTNIC_TWO_LANE_INPUTS;
                INTNIC_TWO_LANE_INPUTS;
                end = ends;
                ends <<= 1;
            } while (end < 0x80000000u);

            /* What the 128 added have come to in both halves, and where lower halves begin. */
            uint32_t added = (inputs << 7) + (inputs << 23) - 0x8000;

            a -= added;
            b -= added;
            c -= added;
            d -= added;
            sum0 += (int32_t)(a & 0xffff);
            sum1 += (int32_t)a >> 16;
            sum2 += (int32_t)(b & 0xffff);
            sum3 += (int32_t)b >> 16;
            sum4 += (int32_t)(c & 0xffff);
            sum5 += (int32_t)c >> 16;
            sum6 += (int32_t)(d & 0xffff);
            sum7 += (int32_t)d >> 16;
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

#undef INTNIC_TWO_LANE_INPUTS
#undef INTNIC_LANE_WORD
