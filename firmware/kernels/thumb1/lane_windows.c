/*
 * Three taps of two windows a turn, added to their sums; weights and operands fill the lower registers.
 * In assembly, for compilers load the weights again for every window, which takes half as long again.
 */
#if defined(INTNIC_ASSEMBLY) && !defined(__OPTIMIZE_SIZE__)
#define INTNIC_LANE_LINE(split)                                                             \
    do {                                                                                    \
        int32_t back = 4 * (step - 3);                                                      \
                                                                                            \
        __asm__ volatile(".syntax unified\n"                                                \
                         "1:\n\t"                                                           \
                         "ldmia %[x]!, {r2, r3, r4}\n\t"                                    \
                         "muls r2, %[w0]\n\t"                                               \
                         "muls r3, %[w1]\n\t"                                               \
                         "muls r4, %[w2]\n\t"                                               \
                         "add r2, %[half]\n\t"                                              \
                         "adds r2, r2, r3\n\t" split                                        \
                         "ldr r4, [%[sum]]\n\t"                                             \
                         "adds r3, r3, r4\n\t"                                              \
                         "ldr r4, [%[sum], #4]\n\t"                                         \
                         "adds r4, r4, r2\n\t"                                              \
                         "stmia %[sum]!, {r3, r4}\n\t"                                      \
                         "add %[x], %[back]\n\t"                                            \
                         "cmp %[sum], %[end]\n\t"                                           \
                         "bne 1b\n\t"                                                       \
                         : [x] "+l"(x), [sum] "+l"(sum)                                     \
                         : [w0] "l"(w0), [w1] "l"(w1), [w2] "l"(w2), [half] "h"(0x8000),    \
                           [back] "h"(back), [end] "h"(end)                                 \
                         : "r2", "r3", "r4", "r12", "cc", "memory");                        \
    } while (0)
/* Halves of all three taps together, and of the third apart. */
#define INTNIC_LANE_LINE_SOLID          \
    INTNIC_LANE_LINE("adds r2, r2, r4\n\t"  \
                     "uxth r3, r2\n\t"      \
                     "asrs r2, r2, #16\n\t")
#define INTNIC_LANE_LINE_APART          \
    INTNIC_LANE_LINE("add r4, %[half]\n\t"  \
                     "uxth r3, r4\n\t"      \
                     "asrs r4, r4, #16\n\t" \
                     "mov r12, r4\n\t"      \
                     "uxth r4, r2\n\t"      \
                     "adds r3, r3, r4\n\t"  \
                     "asrs r2, r2, #16\n\t" \
                     "add r2, r12\n\t")
#else
#define INTNIC_LANE_LINE_SOLID                                          \
    for (; sum != end; sum += 2) {                                      \
        int32_t lanes = 0x8000 + x[0] * w0 + x[1] * w1 + x[2] * w2;     \
                                                                        \
        sum[0] += lanes & 0xffff;                                       \
        sum[1] += lanes >> 16;                                          \
        x += step;                                                      \
    }
#define INTNIC_LANE_LINE_APART                                          \
    for (; sum != end; sum += 2) {                                      \
        int32_t lanes = 0x8000 + x[0] * w0 + x[1] * w1;                 \
        int32_t third = x[2] * w2 + 0x8000;                             \
                                                                        \
        sum[0] += (lanes & 0xffff) + (third & 0xffff);                  \
        sum[1] += (lanes >> 16) + (third >> 16);                        \
        x += step;                                                      \
    }
#endif

/* One row of all windows, each pair `step` words on. */
static INTNIC_NOINLINE void intnic_lane_line(const int32_t *x, const int8_t *w, int solid,
                                             int32_t step, int32_t *sum, const int32_t *end)
{
    int32_t w0 = w[0];
    int32_t w1 = w[1];
    int32_t w2 = w[2];

    if (solid) {
        INTNIC_LANE_LINE_SOLID;
    } else {
        INTNIC_LANE_LINE_APART;
    }
}

/*
 * Sums of windows of three rows, two at a time, each pair `step` words on. Lower halves are counted
 * from -2^15.
 */
static void intnic_lane_windows(const int32_t *x0, const int32_t *x1, const int32_t *x2,
                                const int8_t *w, int solid, int32_t step, int32_t bias,
                                int32_t pairs, int32_t *sum)
{
    int32_t start = bias - (solid ? 3 : 6) * 0x8000;
    int32_t *end = sum + 2 * pairs;

    for (int32_t *to = sum; to != end; to += 2) {
        to[0] = start;
        to[1] = bias;
    }
    intnic_lane_line(x0, w, solid, step, sum, end);
    intnic_lane_line(x1, w + 3, solid, step, sum, end);
    intnic_lane_line(x2, w + 6, solid, step, sum, end);
}

#undef INTNIC_LANE_LINE
#undef INTNIC_LANE_LINE_SOLID
#undef INTNIC_LANE_LINE_APART
