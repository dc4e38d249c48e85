/*
 * One tap of four pixels and two channels, products added to sums or in their place. In assembly
 * because compilers load the operands of several taps ahead and spill: that doubles the time.
 */
#ifdef INTNIC_ASSEMBLY
#define INTNIC_LANE_TAP(k)                    \
    "lw t3, 8*" #k "(%[x])\n\t"             \
    "lb t5, 2*" #k "(%[w])\n\t"             \
    "lw t4, 8*" #k "+4(%[x])\n\t"           \
    "mul t6, t3, t5\n\t"                \
    "add %[a], %[a], t6\n\t"                \
    "mul t6, t4, t5\n\t"                \
    "lb t5, 2*" #k "+1(%[w])\n\t"           \
    "add %[b], %[b], t6\n\t"                \
    "mul t6, t3, t5\n\t"                \
    "add %[c], %[c], t6\n\t"                \
    "mul t6, t4, t5\n\t"                \
    "add %[d], %[d], t6\n\t"
#define INTNIC_LANE_THREE_TAPS INTNIC_LANE_TAP(1) INTNIC_LANE_TAP(2) INTNIC_LANE_TAP(3)

/*
 * The halves of a word of two sums: all words are added up, and the upper halves; both make the sum
 * of the lower ones.
 */
#define INTNIC_LANE_SPLIT(word, both, high)                 \
    "add %[" word "], %[" word "], %[half]\n\t"             \
    "add %[" both "], %[" both "], %[" word "]\n\t"         \
    "srai %[" word "], %[" word "], 16\n\t"                 \
    "add %[" high "], %[" high "], %[" word "]\n\t"

/* Instructions of four bytes on words: where jumps lead to one that is not, it takes longer to fetch. */
#define INTNIC_LANE_WIDE ".p2align 2\n\t.option push\n\t.option norvc\n\t"

/* All runs of one word of ends. */
#define INTNIC_LANE_RUNS                                                                          \
    do {                                                                                          \
        int32_t a, b, c, d;                                                                       \
                                                                                                  \
        __asm__ volatile(                                                                         \
            INTNIC_LANE_WIDE                                                                      \
            "1:\n\t"                                                                              \
            "lw t3, 0(%[x])\n\t"                                                                \
            "lb t5, 0(%[w])\n\t"                                                                \
            "lw t4, 4(%[x])\n\t"                                                                \
            "mul %[a], t3, t5\n\t"                                                            \
            "mul %[b], t4, t5\n\t"                                                            \
            "lb t5, 1(%[w])\n\t"                                                                \
            "mul %[c], t3, t5\n\t"                                                            \
            "mul %[d], t4, t5\n\t"                                                            \
            INTNIC_LANE_THREE_TAPS                                                                \
            "2:\n\t"                                                                              \
            "addi %[x], %[x], 32\n\t"                                                             \
            "addi %[w], %[w], 8\n\t"                                                              \
            "slli %[ends], %[ends], 1\n\t"                                                        \
            "bgez %[ends], 3f\n\t"                                                                \
            INTNIC_LANE_SPLIT("a", "both0", "high0")                                              \
            INTNIC_LANE_SPLIT("b", "both1", "high1")                                              \
            INTNIC_LANE_SPLIT("c", "both2", "high2")                                              \
            INTNIC_LANE_SPLIT("d", "both3", "high3")                                              \
            "bne %[ends], %[top], 1b\n\t"                                                         \
            "j 4f\n"                                                                              \
            "3:\n\t"                                                                              \
            INTNIC_LANE_TAP(0)                                                                    \
            INTNIC_LANE_THREE_TAPS                                                                \
            "j 2b\n"                                                                              \
            "4:\n\t"                                                                              \
            ".option pop\n\t"                                                                     \
            : [a] "=&r"(a), [b] "=&r"(b), [c] "=&r"(c), [d] "=&r"(d),                             \
              [both0] "+r"(both0), [high0] "+r"(high0),                                           \
              [both1] "+r"(both1), [high1] "+r"(high1), [both2] "+r"(both2),                      \
              [high2] "+r"(high2), [both3] "+r"(both3), [high3] "+r"(high3), [x] "+r"(x),         \
              [w] "+r"(w), [ends] "+r"(ends)                                                      \
            : [half] "r"(0x8000), [top] "r"(0x80000000u)                                          \
            : "t3", "t4", "t5", "t6", "memory");                                                  \
    } while (0)
#else
#define INTNIC_LANE_SPLIT(word, both, high)                 \
    do {                                                    \
        both += (uint32_t)word;                             \
        high += word >> 16;                                 \
    } while (0)
/* Words begin at the half that is to be added, for without it they may overflow. */
#define INTNIC_LANE_RUNS                                    \
    do {                                                    \
        int32_t a = 0x8000;                                 \
        int32_t b = 0x8000;                                 \
        int32_t c = 0x8000;                                 \
        int32_t d = 0x8000;                                 \
                                                            \
        do {                                                \
            for (int32_t k = 0; k < 4; k++) {               \
                a += x[2 * k] * w[2 * k];                   \
                b += x[2 * k + 1] * w[2 * k];               \
                c += x[2 * k] * w[2 * k + 1];               \
                d += x[2 * k + 1] * w[2 * k + 1];           \
            }                                               \
            x += 8;                                         \
            w += 8;                                         \
            ends <<= 1;                                     \
        } while (ends < 0x80000000u);                       \
        INTNIC_LANE_SPLIT(a, both0, high0);                 \
        INTNIC_LANE_SPLIT(b, both1, high1);                 \
        INTNIC_LANE_SPLIT(c, both2, high2);                 \
        INTNIC_LANE_SPLIT(d, both3, high3);                 \
    } while (ends != 0x80000000u)
#endif

/* Sums of four pixels and one channel: of the words, and of their upper halves, as they are split. */
struct intnic_lane_sums {
    uint32_t both0, both1;
    int32_t high0, high1;
};

/* Sums that begin at a bias; `runs` is how often lower halves are counted from -2^15. */
static inline void intnic_start_lanes(struct intnic_lane_sums *sums, int32_t bias, int32_t runs)
{
    sums->both0 = (uint32_t)(bias - runs * 32768) + ((uint32_t)bias << 16);
    sums->both1 = sums->both0;
    sums->high0 = bias;
    sums->high1 = bias;
}

/* The products of two channels over all taps. */
static inline void intnic_add_lanes(const int32_t *x, const int8_t *w, const uint16_t *runs,
                                    int32_t words, struct intnic_lane_sums *first,
                                    struct intnic_lane_sums *second)
{
    uint32_t both0 = first->both0;
    uint32_t both1 = first->both1;
    uint32_t both2 = second->both0;
    uint32_t both3 = second->both1;
    int32_t high0 = first->high0;
    int32_t high1 = first->high1;
    int32_t high2 = second->high0;
    int32_t high3 = second->high1;

    for (; words > 0; words--) {
        uint32_t ends = (uint32_t)*runs++ << 15;

        INTNIC_LANE_RUNS;
    }
    first->both0 = both0;
    first->both1 = both1;
    first->high0 = high0;
    first->high1 = high1;
    second->both0 = both2;
    second->both1 = both3;
    second->high0 = high2;
    second->high1 = high3;
}

/* The rests of one channel, each a run. */
static inline void intnic_add_rests(const struct intnic_lane_rest *rest, int32_t count,
                                    const int32_t *lanes, struct intnic_lane_sums *sums)
{
    for (; count > 0; count--) {
        int32_t weight = rest->weight;
        int32_t x01, x23;

        lanes += 2 * rest->skip;
        rest++;
        x01 = lanes[0] * weight + 0x8000;
        x23 = lanes[1] * weight + 0x8000;
        sums->both0 += (uint32_t)x01;
        sums->both1 += (uint32_t)x23;
        sums->high0 += x01 >> 16;
        sums->high1 += x23 >> 16;
    }
}

#undef INTNIC_LANE_RUNS
#undef INTNIC_LANE_SPLIT
#ifdef INTNIC_ASSEMBLY
#undef INTNIC_LANE_WIDE
#undef INTNIC_LANE_THREE_TAPS
#undef INTNIC_LANE_TAP
#endif
