#define INTNIC_LANE_ROWS 8

/*
 * A word holds the weights of two outputs for two inputs, p and q: v = v0 + 2^8 * v1. What is wanted is
 *
 *     v0 * p + v1 * q = v * p + v1 * (q - 2^8 * p),
 *
 * so that only v1 needs a mask. In assembly because compilers load far ahead, and spill.
 */
#ifdef INTNIC_ASSEMBLY
/* Loads p and q, adds them to those of the run in t0, and makes q - 2^8 * p of q. */
#define INTNIC_LANE_FIRST_INPUTS               \
    "lb t3, 0(%[x])\n\t"                       \
    "lb t4, 1(%[x])\n\t"                       \
    "slli t6, t3, 8\n\t"                       \
    "add t0, t3, t4\n\t"                       \
    "sub t4, t4, t6\n\t"
#define INTNIC_LANE_INPUTS(k)                  \
    "lb t3, 2*" #k "(%[x])\n\t"                \
    "lb t4, 2*" #k "+1(%[x])\n\t"              \
    "add t0, t0, t3\n\t"                       \
    "add t0, t0, t4\n\t"                       \
    "slli t6, t3, 8\n\t"                       \
    "sub t4, t4, t6\n\t"
#define INTNIC_LANE_PRODUCTS(k, to)            \
    "lw t5, 4*" #k "(%[w])\n\t"                \
    "mul " to ", t5, t3\n\t"                   \
    "srli t5, t5, 8\n\t"                       \
    "and t5, t5, %[mask]\n\t"                  \
    "mul t5, t5, t4\n\t"
#define INTNIC_LANE_FIRST(k, sum)              \
    INTNIC_LANE_PRODUCTS(k, "%[" sum "]")      \
    "add %[" sum "], %[" sum "], t5\n\t"
#define INTNIC_LANE_NEXT(k, sum)               \
    INTNIC_LANE_PRODUCTS(k, "t6")              \
    "add %[" sum "], %[" sum "], t6\n\t"       \
    "add %[" sum "], %[" sum "], t5\n\t"
#define INTNIC_LANE_SECOND_INPUTS                                                   \
    INTNIC_LANE_INPUTS(1)                                                           \
    INTNIC_LANE_NEXT(4, "a") INTNIC_LANE_NEXT(5, "b")                               \
    INTNIC_LANE_NEXT(6, "c") INTNIC_LANE_NEXT(7, "d")
/* What was added is taken from a word; its halves are as those of `lane_sums2.c`. */
#define INTNIC_LANE_SPLIT(word, both, high)             \
    "sub %[" word "], %[" word "], t0\n\t"              \
    "add %[" both "], %[" both "], %[" word "]\n\t"     \
    "srai %[" word "], %[" word "], 16\n\t"             \
    "add %[" high "], %[" high "], %[" word "]\n\t"
/* All runs of one word of ends. */
#define INTNIC_LANE_RUNS                                                                        \
    do {                                                                                        \
        uint32_t a, b, c, d;                                                                    \
                                                                                                \
        __asm__ volatile(                                                                       \
            "1:\n\t"                                                                            \
            INTNIC_LANE_FIRST_INPUTS                                                            \
            INTNIC_LANE_FIRST(0, "a") INTNIC_LANE_FIRST(1, "b")                                 \
            INTNIC_LANE_FIRST(2, "c") INTNIC_LANE_FIRST(3, "d")                                 \
            "2:\n\t"                                                                            \
            INTNIC_LANE_SECOND_INPUTS                                                           \
            "addi %[x], %[x], 4\n\t"                                                            \
            "addi %[w], %[w], 32\n\t"                                                           \
            "slli %[ends], %[ends], 1\n\t"                                                      \
            "bgez %[ends], 3f\n\t"                                                              \
            "slli t0, t0, 7\n\t"                                                                \
            "slli t6, t0, 16\n\t"                                                               \
            "add t0, t0, t6\n\t"                                                                \
            "sub t0, t0, %[half]\n\t"                                                           \
            INTNIC_LANE_SPLIT("a", "both0", "high0")                                            \
            INTNIC_LANE_SPLIT("b", "both1", "high1")                                            \
            INTNIC_LANE_SPLIT("c", "both2", "high2")                                            \
            INTNIC_LANE_SPLIT("d", "both3", "high3")                                            \
            "bne %[ends], %[top], 1b\n\t"                                                       \
            "j 4f\n"                                                                            \
            "3:\n\t"                                                                            \
            INTNIC_LANE_INPUTS(0)                                                               \
            INTNIC_LANE_NEXT(0, "a") INTNIC_LANE_NEXT(1, "b")                                   \
            INTNIC_LANE_NEXT(2, "c") INTNIC_LANE_NEXT(3, "d")                                   \
            "j 2b\n"                                                                            \
            "4:\n\t"                                                                            \
            : [a] "=&r"(a), [b] "=&r"(b), [c] "=&r"(c), [d] "=&r"(d), [both0] "+r"(both0),      \
              [high0] "+r"(high0), [both1] "+r"(both1), [high1] "+r"(high1),                    \
              [both2] "+r"(both2), [high2] "+r"(high2), [both3] "+r"(both3),                    \
              [high3] "+r"(high3), [x] "+r"(x), [w] "+r"(w), [ends] "+r"(ends)                  \
            : [mask] "r"(0x00ff00ffu), [half] "r"(0x8000), [top] "r"(0x80000000u)               \
            : "t0", "t3", "t4", "t5", "t6", "memory");                                          \
    } while (0)
#else
#define INTNIC_LANE_SPLIT(word, both, high)             \
    do {                                                \
        uint32_t sums = word - added;                   \
                                                        \
        both += sums;                                   \
        high += (int32_t)sums >> 16;                    \
    } while (0)
#define INTNIC_LANE_RUNS                                                        \
    do {                                                                        \
        uint32_t a = 0;                                                         \
        uint32_t b = 0;                                                         \
        uint32_t c = 0;                                                         \
        uint32_t d = 0;                                                         \
        uint32_t added = 0;                                                     \
                                                                                \
        do {                                                                    \
            for (int32_t i = 0; i < 4; i++) {                                   \
                uint32_t value = (uint32_t)(int32_t)*x++;                       \
                const uint32_t *four = w + 4 * (i >> 1);                        \
                                                                                \
                a += (four[0] >> 8 * (i & 1) & 0x00ff00ffu) * value;            \
                b += (four[1] >> 8 * (i & 1) & 0x00ff00ffu) * value;            \
                c += (four[2] >> 8 * (i & 1) & 0x00ff00ffu) * value;            \
                d += (four[3] >> 8 * (i & 1) & 0x00ff00ffu) * value;            \
                added += (value << 7) + (value << 23);                          \
            }                                                                   \
            w += 8;                                                             \
            ends <<= 1;                                                         \
        } while (ends < 0x80000000u);                                           \
        added -= 0x8000;                                                        \
        INTNIC_LANE_SPLIT(a, both0, high0);                                     \
        INTNIC_LANE_SPLIT(b, both1, high1);                                     \
        INTNIC_LANE_SPLIT(c, both2, high2);                                     \
        INTNIC_LANE_SPLIT(d, both3, high3);                                     \
    } while (ends != 0x80000000u)
#endif

/* sum[i] += sum of the products of output i over all inputs, but for the offset of lower halves. */
static INTNIC_NOINLINE void intnic_lane_dots(const int8_t *x, const uint32_t *w,
                                             const uint16_t *runs, int32_t words, int32_t *sum)
{
    int32_t high0 = sum[1];
    int32_t high1 = sum[3];
    int32_t high2 = sum[5];
    int32_t high3 = sum[7];
    uint32_t both0 = (uint32_t)sum[0] + ((uint32_t)high0 << 16);
    uint32_t both1 = (uint32_t)sum[2] + ((uint32_t)high1 << 16);
    uint32_t both2 = (uint32_t)sum[4] + ((uint32_t)high2 << 16);
    uint32_t both3 = (uint32_t)sum[6] + ((uint32_t)high3 << 16);

    for (; words > 0; words--) {
        uint32_t ends = (uint32_t)*runs++ << 15;

        INTNIC_LANE_RUNS;
    }
    sum[0] = (int32_t)(both0 - ((uint32_t)high0 << 16));
    sum[1] = high0;
    sum[2] = (int32_t)(both1 - ((uint32_t)high1 << 16));
    sum[3] = high1;
    sum[4] = (int32_t)(both2 - ((uint32_t)high2 << 16));
    sum[5] = high2;
    sum[6] = (int32_t)(both3 - ((uint32_t)high3 << 16));
    sum[7] = high3;
}

#undef INTNIC_LANE_RUNS
#undef INTNIC_LANE_SPLIT
#ifdef INTNIC_ASSEMBLY
#undef INTNIC_LANE_FIRST_INPUTS
#undef INTNIC_LANE_INPUTS
#undef INTNIC_LANE_PRODUCTS
#undef INTNIC_LANE_FIRST
#undef INTNIC_LANE_NEXT
#undef INTNIC_LANE_SECOND_INPUTS
#endif
