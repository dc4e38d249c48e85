#define INTNIC_PASTE_(a, b) a##_##b
#define INTNIC_PASTE(a, b) INTNIC_PASTE_(a, b)

#ifdef INTNIC_ASSEMBLY
/* Three words of the next column. */
#define INTNIC_LANE_COLUMN(c)             \
    "lw %[" c "0], 0(%[x])\n\t"           \
    "lw %[" c "1], 4(%[x])\n\t"           \
    "lw %[" c "2], 8(%[x])\n\t"           \
    "add %[x], %[x], %[step]\n\t"
/* One, two or three products in a sum that begins at the half. */
#define INTNIC_LANE_ONE(to, x0, w0)                   \
    "mul %[" to "], %[" x0 "], %[w" w0 "]\n\t"        \
    "add %[" to "], %[" to "], %[half]\n\t"
#define INTNIC_LANE_MORE(to, x1, w1)                  \
    "mul %[t], %[" x1 "], %[w" w1 "]\n\t"             \
    "add %[" to "], %[" to "], %[t]\n\t"
#define INTNIC_LANE_TWO(to, x0, w0, x1, w1) INTNIC_LANE_ONE(to, x0, w0) INTNIC_LANE_MORE(to, x1, w1)
#define INTNIC_LANE_THREE(to, x0, w0, x1, w1, x2, w2) \
    INTNIC_LANE_TWO(to, x0, w0, x1, w1) INTNIC_LANE_MORE(to, x2, w2)
/* Splits the first run of a window, and further ones. */
#define INTNIC_LANE_FIRST "srai %[high], %[both], 16\n\t"
#define INTNIC_LANE_NEXT                  \
    "add %[both], %[both], %[a]\n\t"      \
    "srai %[a], %[a], 16\n\t"             \
    "add %[high], %[high], %[a]\n\t"
#define INTNIC_LANE_STORE                 \
    "slli %[t], %[high], 16\n\t"          \
    "sub %[both], %[both], %[t]\n\t"      \
    "sw %[both], 0(%[sum])\n\t"           \
    "sw %[high], 288(%[sum])\n\t" /* INTNIC_COLUMN_SUMS words on */ \
    "addi %[sum], %[sum], 4\n\t"
/* A window whose columns are in c, d and e, in runs of three taps, or of two where three are too much. */
#define INTNIC_LANE_WINDOW_SOLID(c, d, e)                                                     \
    INTNIC_LANE_THREE("both", c "0", "0", d "0", "1", e "0", "2") INTNIC_LANE_FIRST           \
    INTNIC_LANE_THREE("a", c "1", "3", d "1", "4", e "1", "5") INTNIC_LANE_NEXT               \
    INTNIC_LANE_THREE("a", c "2", "6", d "2", "7", e "2", "8") INTNIC_LANE_NEXT               \
    INTNIC_LANE_STORE
#define INTNIC_LANE_WINDOW_APART(c, d, e)                                                     \
    INTNIC_LANE_TWO("both", c "0", "0", d "0", "1") INTNIC_LANE_FIRST                         \
    INTNIC_LANE_TWO("a", c "1", "3", d "1", "4") INTNIC_LANE_NEXT                             \
    INTNIC_LANE_TWO("a", c "2", "6", d "2", "7") INTNIC_LANE_NEXT                             \
    INTNIC_LANE_TWO("a", e "0", "2", e "1", "5") INTNIC_LANE_NEXT                             \
    INTNIC_LANE_ONE("a", e "2", "8") INTNIC_LANE_NEXT                                         \
    INTNIC_LANE_STORE
/* Columns that windows have in common stay where they are. */
#if INTNIC_STRIDE == 1
#define INTNIC_LANE_BEGIN INTNIC_LANE_COLUMN("c") INTNIC_LANE_COLUMN("d")
#define INTNIC_LANE_TURN(window)                                                              \
    INTNIC_LANE_COLUMN("e") window("c", "d", "e") "beq %[sum], %[end], 2f\n\t"                \
    INTNIC_LANE_COLUMN("c") window("d", "e", "c") "beq %[sum], %[end], 2f\n\t"                \
    INTNIC_LANE_COLUMN("d") window("e", "c", "d")
#else
#define INTNIC_LANE_BEGIN INTNIC_LANE_COLUMN("c")
#define INTNIC_LANE_TURN(window)                                                              \
    INTNIC_LANE_COLUMN("d") INTNIC_LANE_COLUMN("e") window("c", "d", "e")                     \
    "beq %[sum], %[end], 2f\n\t"                                                              \
    INTNIC_LANE_COLUMN("d") INTNIC_LANE_COLUMN("c") window("e", "d", "c")
#endif
/* Instructions of four bytes on words: where jumps lead to one that is not, it takes longer to fetch. */
#define INTNIC_LANE_WIDE ".p2align 2\n\t.option push\n\t.option norvc\n\t"
#define INTNIC_LANE_LINE(window)                                                              \
    do {                                                                                      \
        int32_t c0, c1, c2, d0, d1, d2, e0, e1, e2, a, t, both, high;                         \
                                                                                              \
        __asm__ volatile(                                                                     \
            INTNIC_LANE_WIDE INTNIC_LANE_BEGIN                                                \
            "1:\n\t" INTNIC_LANE_TURN(window)                                                 \
            "bne %[sum], %[end], 1b\n"                                                        \
            "2:\n\t"                                                                          \
            ".option pop\n\t"                                                                 \
            : [c0] "=&r"(c0), [c1] "=&r"(c1), [c2] "=&r"(c2), [d0] "=&r"(d0),                 \
              [d1] "=&r"(d1), [d2] "=&r"(d2), [e0] "=&r"(e0), [e1] "=&r"(e1),                 \
              [e2] "=&r"(e2), [a] "=&r"(a), [t] "=&r"(t), [both] "=&r"(both),                 \
              [high] "=&r"(high), [x] "+r"(x), [sum] "+r"(sum)                                \
            : [w0] "r"(w0), [w1] "r"(w1), [w2] "r"(w2), [w3] "r"(w3), [w4] "r"(w4),           \
              [w5] "r"(w5), [w6] "r"(w6), [w7] "r"(w7), [w8] "r"(w8), [step] "r"(4 * pitch),  \
              [end] "r"(end), [half] "r"(0x8000)                                              \
            : "memory");                                                                      \
    } while (0)
#define INTNIC_LANE_LINE_SOLID INTNIC_LANE_LINE(INTNIC_LANE_WINDOW_SOLID)
#define INTNIC_LANE_LINE_APART INTNIC_LANE_LINE(INTNIC_LANE_WINDOW_APART)
#else
/* Without the half, which comes first, a word may overflow. */
#define INTNIC_LANE_RUN(word)                                                       \
    do {                                                                            \
        int32_t run = word;                                                         \
                                                                                    \
        low += run & 0xffff;                                                        \
        high += run >> 16;                                                          \
    } while (0)
#define INTNIC_LANE_LINE(runs)                                                      \
    for (; sum != end; sum++) {                                                     \
        const int32_t *d = x + pitch;                                               \
        const int32_t *e = d + pitch;                                               \
        int32_t low = 0;                                                            \
        int32_t high = 0;                                                           \
                                                                                    \
        runs                                                                        \
        sum[0] = low;                                                               \
        sum[INTNIC_COLUMN_SUMS] = high;                                               \
        x += INTNIC_STRIDE * pitch;                                                 \
    }
#define INTNIC_LANE_LINE_SOLID                                                      \
    INTNIC_LANE_LINE(INTNIC_LANE_RUN(0x8000 + x[0] * w0 + d[0] * w1 + e[0] * w2);   \
                     INTNIC_LANE_RUN(0x8000 + x[1] * w3 + d[1] * w4 + e[1] * w5);   \
                     INTNIC_LANE_RUN(0x8000 + x[2] * w6 + d[2] * w7 + e[2] * w8);)
#define INTNIC_LANE_LINE_APART                                                      \
    INTNIC_LANE_LINE(INTNIC_LANE_RUN(0x8000 + x[0] * w0 + d[0] * w1);               \
                     INTNIC_LANE_RUN(0x8000 + x[1] * w3 + d[1] * w4);               \
                     INTNIC_LANE_RUN(0x8000 + x[2] * w6 + d[2] * w7);               \
                     INTNIC_LANE_RUN(0x8000 + e[0] * w2 + e[1] * w5);               \
                     INTNIC_LANE_RUN(0x8000 + e[2] * w8);)
#endif

/*
 * Sums of `lines` rows of windows, each of `count`: of the lower halves in sum[0] and on, counted from
 * -2^15 times the runs of a window, of the upper halves INTNIC_COLUMN_SUMS words behind. Words lie column
 * by column, `pitch` from one to the next.
 */
static INTNIC_NOINLINE void INTNIC_PASTE(intnic_lane_columns, INTNIC_STRIDE)(
    const int32_t *words, int32_t pitch, const int8_t *w, int32_t runs, int32_t lines, int32_t count,
    int32_t *sum)
{
    int32_t w0 = w[0], w1 = w[1], w2 = w[2];
    int32_t w3 = w[3], w4 = w[4], w5 = w[5];
    int32_t w6 = w[6], w7 = w[7], w8 = w[8];

    for (; lines > 0; lines--) {
        const int32_t *x = words;
        const int32_t *end = sum + count;

        if (runs == 3) {
            INTNIC_LANE_LINE_SOLID;
        } else {
            INTNIC_LANE_LINE_APART;
        }
        words += INTNIC_STRIDE;
    }
}

#undef INTNIC_LANE_LINE
#undef INTNIC_LANE_LINE_SOLID
#undef INTNIC_LANE_LINE_APART
#ifdef INTNIC_ASSEMBLY
#undef INTNIC_LANE_WIDE
#undef INTNIC_LANE_COLUMN
#undef INTNIC_LANE_ONE
#undef INTNIC_LANE_MORE
#undef INTNIC_LANE_TWO
#undef INTNIC_LANE_THREE
#undef INTNIC_LANE_FIRST
#undef INTNIC_LANE_NEXT
#undef INTNIC_LANE_STORE
#undef INTNIC_LANE_WINDOW_SOLID
#undef INTNIC_LANE_WINDOW_APART
#undef INTNIC_LANE_BEGIN
#undef INTNIC_LANE_TURN
#else
#undef INTNIC_LANE_RUN
#endif
#undef INTNIC_PASTE
#undef INTNIC_PASTE_
