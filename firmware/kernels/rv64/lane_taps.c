/* Three pixels, 21 bits apart, and of how many windows two words hold the taps. */
typedef int64_t intnic_lane_word;
#define INTNIC_LANE_WINDOWS 6

/* Where words are put: bytes are aligned to four, and there are four more than are needed. */
static inline intnic_lane_word *intnic_lane_words(int8_t *scratch)
{
    return (intnic_lane_word *)(((uintptr_t)scratch + 7) & ~(uintptr_t)7);
}

/* `count` taps of six windows, `step` bytes apart. */
static INTNIC_NOINLINE intnic_lane_word *intnic_lane_taps(const int8_t *x, int32_t step,
                                                          int32_t count, intnic_lane_word *to)
{
    const int8_t *x1 = x + step;
    const int8_t *x2 = x1 + step;
    const int8_t *x3 = x2 + step;
    const int8_t *x4 = x3 + step;
    const int8_t *x5 = x4 + step;
    const int64_t one = (int64_t)1 << 21;
    const int64_t two = (int64_t)1 << 42;

    for (int32_t i = 0; i < count; i++) {
        to[0] = x[i] + x1[i] * one + x2[i] * two;
        to[1] = x3[i] + x4[i] * one + x5[i] * two;
        to += 2;
    }
    return to;
}
