#if defined(INTNIC_ASSEMBLY) && !defined(__OPTIMIZE_SIZE__)
/* Three taps of two windows, added to sums in upper registers; weights are in r2 to r4. */
#define INTNIC_PLANE_WINDOWS(low, high)     \
    "ldmia %[x]!, {r5, r6, r7}\n\t"         \
    "muls r5, r2\n\t"                       \
    "muls r6, r3\n\t"                       \
    "muls r7, r4\n\t"                       \
    "adds r5, r5, r6\n\t"                   \
    "adds r5, r5, r7\n\t"                   \
    "sxth r6, r5\n\t"                       \
    "add r5, %[half]\n\t"                   \
    "asrs r5, r5, #16\n\t"                  \
    "add %[" low "], r6\n\t"                \
    "add %[" high "], r5\n\t"
/* A row of weights, which is one of words for two of the outputs and the next one for the others. */
#define INTNIC_PLANE_ROW                    \
    "ldmia %[w]!, {r2, r3, r4}\n\t"         \
    INTNIC_PLANE_WINDOWS("low0", "high0")   \
    INTNIC_PLANE_WINDOWS("low1", "high1")
#else
/* Three taps of two windows. They add up to what a word holds once the half is added. */
static inline uint32_t intnic_plane_row(const int32_t *x, const int32_t *w)
{
    return (uint32_t)(x[0] * w[0]) + (uint32_t)(x[1] * w[1]) + (uint32_t)(x[2] * w[2]);
}
#endif

/* The largest sum of a channel among four outputs, of whose windows x holds the words. */
static inline int32_t intnic_plane_most(const int32_t *x, const int32_t *w,
                                        const struct intnic_plane_rest *rest,
                                        const struct intnic_plane_rest *end, int32_t bias)
{
    struct intnic_plane_pair top = { bias, bias };
    struct intnic_plane_pair bottom = { bias, bias };

    /*
     * In assembly for the registers: sums are kept in the upper ones, where they can only be added
     * to, which compilers do not see. Asked for small code, they have no upper ones.
     */
#if defined(INTNIC_ASSEMBLY) && !defined(__OPTIMIZE_SIZE__)
    const int32_t *words = x;

    __asm__ volatile(
        ".syntax unified\n\t"
        INTNIC_PLANE_ROW
        "subs %[x], %[x], #12\n\t"
        INTNIC_PLANE_ROW
        "subs %[x], %[x], #12\n\t"
        INTNIC_PLANE_ROW
        : [x] "+l"(words), [w] "+l"(w), [low0] "+h"(top.low), [high0] "+h"(top.high),
          [low1] "+h"(bottom.low), [high1] "+h"(bottom.high)
        : [half] "h"(0x8000)
        : "r2", "r3", "r4", "r5", "r6", "r7", "cc", "memory");
#else
    for (int32_t i = 0; i < 9; i += 3) {
        intnic_plane_add(&top, intnic_plane_row(x + i, w + i));
        intnic_plane_add(&bottom, intnic_plane_row(x + i + 3, w + i));
    }
#endif
    return intnic_plane_largest(top, bottom, x, rest, end);
}

#if defined(INTNIC_ASSEMBLY) && !defined(__OPTIMIZE_SIZE__)
#undef INTNIC_PLANE_ROW
#undef INTNIC_PLANE_WINDOWS
#endif
